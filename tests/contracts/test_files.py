"""Is a file of the checkout good for everybody, or only for the machine it was written on?"""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from streams.settings import Settings
from tests.contracts.checkout import PACKAGES, ROOT, files, modules, texts

#: Public pages that may be linked, and where crawlers say that they live. Everything else is an example (RFC 2606) or this machine.
PUBLIC = {
    "creativecommons.org",
    "docs.docker.com",
    "github.com",
    "json-schema.org",
    "keepachangelog.com",
    "semver.org",
    "www.bing.com",
    "www.google.com",
    "www.rfc-editor.org",
}
EXAMPLES = re.compile(r"(.+\.)?(example|example\.(com|net|org)|invalid|test|localhost)|127\.0\.0\.1|prometheus")
#: The host of a link: what stands behind the user, and before the port. Braces are filled in by code.
HOST = re.compile(r"https?://(?:[\w.-]*@)?([\w.-]+\.[a-z]+|\d[\d.]+|[a-z]+(?=:\d))")
#: Directories of people and machines, not of containers.
HOME = re.compile(r"(?<![\w./-])/(?:home|root|Users|work|workspace|mnt|srv|private|tmp)/[\w.-]+")
VARIABLE = re.compile(r"\bRELANCE_[A-Z][A-Z_]*[A-Z]\b")

TEXTS = dict(texts())


def test_links_lead_to_public_pages_or_to_examples() -> None:
    found = {(host, str(path)) for path, text in TEXTS.items() for host in HOST.findall(text)}
    assert {(host, path) for host, path in found if host not in PUBLIC and not EXAMPLES.fullmatch(host)} == set()


def test_the_lock_names_no_place_to_install_from() -> None:
    assert not re.findall(r"://|^--?(?:i|f|index|extra|find|trusted)", TEXTS[Path("requirements.lock")], re.MULTILINE)


def test_no_file_names_a_directory_of_one_machine() -> None:
    found = {str(path): HOME.findall(text) for path, text in TEXTS.items() if path.suffix != ".jsonl"}
    assert {path: names for path, names in found.items() if names} == {}


def test_every_variable_that_is_named_is_a_setting() -> None:
    settings = {f"RELANCE_{name.upper()}" for name in Settings.model_fields}
    told = {path: text for path, text in TEXTS.items() if path.parts[0] != "tests"}
    named = {(name, str(path)) for path, text in told.items() for name in VARIABLE.findall(text)}
    assert {(name, path) for name, path in named if name not in settings} == set()


def test_every_module_says_which_question_it_answers() -> None:
    for path, module in modules().items():
        first = (ast.get_docstring(module) or "").partition("\n")[0]
        # A package may say what it is, a module that is run, how.
        assert "?" in first or path.name in {"__init__.py", "__main__.py"}, path
        assert first, path


@pytest.mark.parametrize("word", ["TODO", "FIXME", "XXX", "NotImplementedError", "breakpoint"])
def test_nothing_is_left_for_later_in_the_code(word: str) -> None:
    assert [
        str(path) for path, text in TEXTS.items() if path.parts[0] in PACKAGES and re.search(rf"\b{word}\b", text)
    ] == []


def test_every_package_says_that_it_is_typed() -> None:
    assert all(ROOT / package / "py.typed" in files() for package in PACKAGES)


def test_everything_installed_is_checked_and_everything_checked_exists() -> None:
    project = tomllib.loads(TEXTS[Path("pyproject.toml")])
    assert set(project["tool"]["mypy"]["packages"]) == {*PACKAGES, "tests"}
    assert set(project["tool"]["importlinter"]["root_packages"]) == set(PACKAGES)
