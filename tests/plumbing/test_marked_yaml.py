"""Claims about files that people write: every mistake is named with its line, none is a traceback."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field

from streams.marked_yaml import BadYaml, load


class Window(BaseModel):
    model_config = ConfigDict(extra="forbid")

    opens: int = Field(description="The hour at which it opens.")
    closes: int | None = None


class House(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(alias="called")
    windows: tuple[Window, ...] = ()
    door: Window | None = None


def said(path: Path, text: str | bytes) -> str:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(BadYaml) as refused:
        load(path, House, setting="RELANCE_HOUSE")
    return str(refused.value).replace(str(path), "house.yaml")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "house.yaml"


def test_a_good_file_is_a_model(path: Path) -> None:
    path.write_text("called: Casa\nwindows:\n  - opens: 8\n")
    assert load(path, House, setting="RELANCE_HOUSE").windows == (Window(opens=8),)


def test_a_file_that_is_not_there_is_looked_for_where_the_setting_says(path: Path) -> None:
    with pytest.raises(BadYaml, match=r"house\.yaml cannot be read .*; name the file in RELANCE_HOUSE"):
        load(path, House, setting="RELANCE_HOUSE")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "house.yaml is empty; the README shows what goes into it"),
        ("# nothing yet\n", "house.yaml is empty; the README shows what goes into it"),
        (b"called: \xe9\n", "house.yaml is not UTF-8; save it as UTF-8"),
        ("called: 'Casa\n", "house.yaml:2: not YAML"),
        ("called: Casa\n  windows: []\n", "house.yaml:2: not YAML"),
        ("called: Casa\n---\ncalled: Casa\n", "house.yaml:2: not YAML"),
        ("called: *nobody\n", "house.yaml:1: not YAML"),
        ("called: \x07\n", "house.yaml holds something that YAML does not know"),
        ("called: !!python/object:os.system {}\n", "house.yaml:1: not YAML"),
        ("called: 2024-99-99\n", "house.yaml holds something that YAML does not know"),
        ("[" * 500, "house.yaml holds something that YAML does not know"),
    ],
)
def test_a_file_that_is_no_yaml_is_refused_in_one_line(path: Path, text: str | bytes, message: str) -> None:
    refused = said(path, text)
    assert refused.startswith(message)
    assert "\n" not in refused


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("windows: []\n", "house.yaml:1: called is missing; add `called: …`"),
        ("called: Casa\nroof: red\n", "house.yaml:2: roof is not known here; remove it, or write one of called, windows, door"),
        ("called: Casa\nwindows:\n  - closes: 9\n", "house.yaml:3: opens is missing; add `opens: …`: The hour at which it opens."),
        ("called: Casa\nwindows:\n  - opens: 8\n  - opens: late\n", "house.yaml:4: opens: Input should be a valid integer"),
        ("called: Casa\ndoor:\n  opens: 8\n  knob: 1\n", "house.yaml:4: knob is not known here; remove it, or write one of opens, closes"),
        ("called: Casa\nwindows: {}\n", "house.yaml:2: windows: "),
        ("called: Casa\nwindows:\n  - opens: 8\n    opens: 9\n", "house.yaml:4: opens is there twice; is a dash missing before it?"),
        ("- called\n", "house.yaml:1: the file: "),
        ("Casa\n", "house.yaml:1: the file: "),
    ],
)  # fmt: skip
def test_a_mistake_is_said_with_its_line_and_the_way_out(path: Path, text: str, message: str) -> None:
    assert said(path, text).startswith(message)


def test_every_mistake_is_said_by_line(path: Path) -> None:
    text = "roof: red\nwindows:\n  - opens: late\n    closes: later\n"
    assert [line.split(":")[1] for line in said(path, text).splitlines()] == ["1", "1", "3", "4"]
