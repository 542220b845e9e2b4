"""Do the documents speak of things that exist?"""

import re
from pathlib import Path

import pytest
import yaml

from senders.shops import load_shops
from streams.scenarios import load_rules
from tests.contracts.checkout import PACKAGES, ROOT, texts
from tests.contracts.commands import commands, parse
from tests.contracts.readme import README, current

DOCUMENTS = {str(path): text for path, text in texts() if path.suffix == ".md"}
DECISIONS = sorted(path for path in DOCUMENTS if path.startswith("deploy/decisions/"))
TEXT = README.read_text(encoding="utf-8")
CODE = "\n".join(text for path, text in texts() if path.parts[0] in PACKAGES).lower()

LINK = re.compile(r"\]\(([^)\s]+)\)")
#: A path in code: `streams/core/`, `senders/gate.py`.
PLACE = re.compile(r"`((?:[\w.-]+/)+(?:[\w.-]+\.\w+)?|[\w-]+\.(?:md|toml|yml|lock))`")
FENCED = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


def fenced(document: str, language: str) -> list[str]:
    """Return the blocks of one language."""
    return [block for found, block in FENCED.findall(DOCUMENTS[document]) if found == language]


def anchor(heading: str) -> str:
    """Return the anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_the_readmes_tables_are_current() -> None:
    assert current(TEXT) == TEXT, "run: make generate"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_within_the_checkout_leads_somewhere(document: str) -> None:
    anchors = {f"#{anchor(heading)}" for heading in re.findall(r"^#+ (.*)$", DOCUMENTS[document], re.MULTILINE)}
    for link in LINK.findall(DOCUMENTS[document]):
        there = link in anchors if link.startswith("#") else (ROOT / document).parent.joinpath(link).exists()
        assert there or link.startswith("https://"), link


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_and_directory_that_is_named_exists(document: str) -> None:
    named = {place for place in PLACE.findall(DOCUMENTS[document]) if place != ".venv/"}
    assert {place for place in named if not (ROOT / place).exists()} == set()


def test_every_command_line_that_is_shown_is_taken() -> None:
    shown = [line for block in fenced("README.md", "sh") for line in block.splitlines() if line.startswith("relance ")]
    inline = [line for text in DOCUMENTS.values() for line in re.findall(r"`(relance [^`]*)`", text)]
    names = {" ".join(words) for words, _ in commands()}
    assert shown
    for line in shown:
        parse(line)
    for line in inline:
        words = line.removeprefix("relance ")
        assert any(words == name or words.startswith(f"{name} ") or name.startswith(f"{words} ") for name in names), (
            line
        )


def test_every_command_is_in_the_readme() -> None:
    assert all(f"`relance {' '.join(words)}`" in TEXT for words, _ in commands())


def test_every_task_of_make_that_is_named_exists() -> None:
    tasks = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {task for text in DOCUMENTS.values() for task in re.findall(r"(?:`|^)make ([a-z-]+)", text, re.MULTILINE)}
    assert {"demo", "test"} <= named <= tasks


def test_the_scenarios_and_shops_that_are_shown_are_taken(tmp_path: Path) -> None:
    shown = {next(iter(yaml.safe_load(block))): block for block in fenced("README.md", "yaml")}
    for name, block in shown.items():
        (tmp_path / f"{name}.yaml").write_text(block, encoding="utf-8")
    (rules,) = load_rules(tmp_path / "scenarios.yaml")
    assert (rules.idle_for_ms, rules.expires_after_ms) == (1_800_000, 86_400_000)
    assert list(load_shops(tmp_path / "shops.yaml")) == ["boutique"]


def glossary() -> list[str]:
    """Return the words of the glossary."""
    (section,) = re.findall(r"^## Glossary\n(.*?)^## ", TEXT, re.MULTILINE | re.DOTALL)
    return re.findall(r"^\| \*\*(.+?)\*\*", section, re.MULTILINE)


def test_the_code_uses_every_word_of_the_glossary() -> None:
    assert len(glossary()) > 30
    assert [word for word in glossary() if not re.search(rf"\b{word.replace(' ', '[ _-]')}", CODE)] == []


def test_the_glossary_is_in_order() -> None:
    assert glossary() == sorted(glossary())


def test_decisions_are_numbered_from_one_and_linked_from_the_readme() -> None:
    assert [int(Path(path).name[:4]) for path in DECISIONS] == [*range(1, len(DECISIONS) + 1)]
    assert all(f"]({path})" in TEXT for path in DECISIONS)


@pytest.mark.parametrize("document", DECISIONS)
def test_a_decision_says_what_when_how_much_and_what_else(document: str) -> None:
    assert re.findall(r"^## (.*)$", DOCUMENTS[document], re.MULTILINE) == ["Context", "Decision", "Figures", "Rejected"]
    prose = [line for line in DOCUMENTS[document].splitlines() if not line.startswith("|")]
    assert len(" ".join(prose).split()) < 400, "half a page, tables aside"


def test_the_changelog_starts_with_what_is_not_released() -> None:
    assert re.findall(r"^## \[(.*?)\]", DOCUMENTS["CHANGELOG.md"], re.MULTILINE)[0] == "Unreleased"
