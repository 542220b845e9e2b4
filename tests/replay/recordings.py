"""How are recordings made for a replay, and its decisions compared with the oracle's?"""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from streams.core.decisions import Decision
from streams.core.scenarios.cart import CartRules
from streams.core.visitor import Rules
from streams.recording import Line
from streams.replay import of_recording
from tests.chaos import oracle

MINUTE, HOUR = 60_000, 3_600_000
REMINDER = CartRules(name="cart-reminder")
HASTY = CartRules(name="hasty", idle_for_ms=MINUTE, once_per_ms=2 * HOUR)

#: What both say of a decision, in the order of `_SAID`.
Said = tuple[Any, ...]
_SAID = ("scenario", "step", "shop_id", "contact_id", "visitor_id", "trigger_at", "decided_at", "decision")


def as_lines(history: Iterable[dict[str, Any]]) -> list[Line]:
    """Return a history as a recording is read."""
    return [
        Line(line["topic"], line["at"], None if line["value"] is None else json.dumps(line["value"]).encode())
        for line in history
    ]


def replayed(history: Iterable[dict[str, Any]], rules: Rules, *, drain: bool = True) -> list[Decision]:
    return list(of_recording(as_lines(history), rules, b"secret", drain=drain))


def said(decisions: Iterable[Decision]) -> Counter[Said]:
    """Return what was decided, and how often, in whatever order."""
    return Counter(tuple(getattr(decision, name) for name in _SAID) for decision in decisions)


def said_by_the_oracle(history: Iterable[dict[str, Any]], rules: Rules, *, drain: bool = True) -> Counter[Said]:
    scenarios = [
        {"name": rule.name, "idle_for": rule.idle_for_ms, "min_hold": rule.min_hold_ms, "once_per": rule.once_per_ms}
        for rule in rules
    ]
    decisions = oracle.decisions_of(history, scenarios, drain)
    return Counter(tuple(decision[name] for name in _SAID) for decision in decisions)
