"""Claims about `scenarios.yaml`: what it means, and what is said of every mistake in it."""

import re
from pathlib import Path

import pytest

from streams.core.scenarios.cart import CartRules
from streams.marked_yaml import BadYaml
from streams.scenarios import load_rules
from tests.recordings.data_sets import ROOT

GOOD = """\
scenarios:
  - name: cart-reminder
    kind: cart
    idle_for: 30m
    steps: [{after: 0m, channel: email, template: cart-reminder}]
    expires_after: 24h
"""


def loaded(directory: Path, text: str) -> tuple[CartRules, ...]:
    path = directory / "scenarios.yaml"
    path.write_text(text, encoding="utf-8")
    return load_rules(path)


def refusal(directory: Path, text: str) -> list[str]:
    """Return what is said of each mistake, without the file's name."""
    with pytest.raises(BadYaml) as refused:
        loaded(directory, text)
    lines = str(refused.value).splitlines()
    assert all(line.startswith(f"{directory / 'scenarios.yaml'}:") for line in lines)
    return [line.removeprefix(f"{directory / 'scenarios.yaml'}:") for line in lines]


def test_the_first_scenario_is_what_the_core_takes_for_granted(tmp_path: Path) -> None:
    assert loaded(tmp_path, GOOD) == (CartRules(name="cart-reminder"),)


def test_the_demos_scenario_is_the_first_one() -> None:
    assert load_rules(ROOT / "streams" / "demo" / "scenarios.yaml") == (CartRules(name="cart-reminder"),)


def test_everything_that_a_scenario_says_reaches_the_core(tmp_path: Path) -> None:
    more = GOOD.replace("30m", "90s").replace("24h", "2d") + "    min_hold: 7m\n    once_per: 12h\n"
    assert loaded(tmp_path, more) == (
        CartRules(
            name="cart-reminder",
            idle_for_ms=90_000,
            min_hold_ms=420_000,
            once_per_ms=43_200_000,
            expires_after_ms=172_800_000,
        ),
    )


def test_scenarios_keep_their_order(tmp_path: Path) -> None:
    two = GOOD + GOOD.removeprefix("scenarios:\n").replace("cart-reminder\n", "a-second-one\n", 1)
    assert [rules.name for rules in loaded(tmp_path, two)] == ["cart-reminder", "a-second-one"]


@pytest.mark.parametrize(
    ("spoilt", "line", "said"),
    [
        (("    idle_for: 30m\n", ""), 2, "idle_for is missing; add `idle_for: …`: Silence that makes a cart abandoned"),
        (("30m", "half an hour"), 4, "idle_for: a duration is a whole number and a unit (ms, s, m, h, d), for instance 30m"),
        (("30m", "30"), 4, "idle_for: a duration is a whole number and a unit"),
        (("30m", "0m"), 4, "idle_for: Input should be greater than 0"),
        (("24h", "0h"), 6, "expires_after: Input should be greater than 0"),
        (("24h", "24h\n    min_hold: 0m"), 7, "min_hold: Input should be greater than 0"),
        (("24h", "24h\n    once_per: 0h"), 7, "once_per: Input should be greater than 0"),
        (("kind: cart", "kind: browse"), 3, "kind: Input should be 'cart': What is noticed: cart."),
        (("name: cart-reminder", "name: Panier"), 2, "name: String should match pattern"),
        (("name: cart-reminder", f"name: {'a' * 65}"), 2, "name: String should match pattern"),
        (("email", "pigeon"), 5, "channel: Input should be 'email'"),
        (("template: cart-reminder", "template: other"), 5, "template: Input should be 'cart-reminder'"),
        (("after: 0m", "after: 1h"), 5, "after: the only step of a scenario goes out at once: write `after: 0m`"),
        (("idle_for", "idle_four"), 4, "idle_four is not known here; remove it, or write one of name, kind, idle_for"),
        (("channel: email", "chanel: email"), 5, "chanel is not known here; remove it, or write one of after, channel"),
        (("steps: [{after: 0m, channel: email, template: cart-reminder}]", "steps: []"), 5, "steps is missing; add `steps: …`: The messages: exactly one."),
        (("scenarios:", "scenario:"), 2, "scenario is not known here; remove it, or write one of scenarios"),
    ],
)  # fmt: skip
def test_a_mistake_is_said_with_its_line_and_the_way_out(
    spoilt: tuple[str, str], line: int, said: str, tmp_path: Path
) -> None:
    assert any(each.startswith(f"{line}: {said}") for each in refusal(tmp_path, GOOD.replace(*spoilt, 1)))


def test_two_steps_are_one_too_many(tmp_path: Path) -> None:
    two = re.sub(r"\[(\{.*\})\]", r"[\1, \1]", GOOD)
    assert refusal(tmp_path, two)[0].startswith("5: steps: ")


def test_two_scenarios_may_not_have_one_name(tmp_path: Path) -> None:
    twice = GOOD + GOOD.removeprefix("scenarios:\n")
    assert refusal(tmp_path, twice) == ["2: scenarios: two scenarios have the same name: give each its own"]


def test_a_file_without_a_scenario_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, "scenarios: []\n") == ["1: scenarios: there is none; write at least one"]


def test_all_mistakes_are_said_at_once_in_the_order_of_their_lines(tmp_path: Path) -> None:
    many = GOOD.replace("kind: cart", "kind: browse").replace("30m", "soon").replace("24h", "never")
    assert [said.split(":")[0] for said in refusal(tmp_path, many)] == ["3", "4", "6"]
