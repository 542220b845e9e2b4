"""Is a message, or a missing one, explained in words?"""

import json
from collections.abc import Callable
from typing import Any, Literal

import msgspec
import pytest

from schemas.outcome import Outcome
from senders.errors import SENTENCES
from streams import topics
from streams.core.decisions import Decision
from tests.cli.kafka import publish
from tests.cli.terminal import Terminal

TRIGGER_AT = 1_763_800_000_000
DECIDED_AT = TRIGGER_AT + 1_800_000
SENT_AT = DECIDED_AT + 1_000


def decision(relaunch_id: str, contact_id: str | None, decided: str, *evidence: str, at: int = DECIDED_AT) -> Decision:
    return Decision(
        relaunch_id=relaunch_id,
        shop_id="s",
        contact_id=contact_id,
        visitor_id="v",
        scenario="cart-reminder",
        step=1,
        decision=decided,
        trigger_at=TRIGGER_AT,
        decided_at=at,
        evidence=evidence,
    )


def outcome(
    relaunch_id: str,
    word: Literal["sent", "suppressed", "unknown"],
    reason: str | None = None,
    message_id: str | None = None,
    evidence: tuple[str, ...] = (),
) -> Outcome:
    return Outcome(
        v=1, event_id=f"{relaunch_id}/1/{word}", shop_id="s", occurred_at=SENT_AT, relaunch_id=relaunch_id,
        contact_id="c", scenario="cart-reminder", step=1, attempt=1, channel="email",
        outcome=word, reason=reason, message_id=message_id, evidence=evidence,
    )  # fmt: skip


DECISIONS = [
    decision("r-sent", "written-to", "relaunch", "e-add", "e-view", "e-yes"),
    decision("r-bought", "bought", "purchased", "e-add", "e-order"),
    decision("r-nobody", None, "no_contact", "e-add"),
    decision("r-late", "twice", "relaunch", "e-add", "e-yes", at=DECIDED_AT + 1),
    decision("r-early", "twice", "pressure", "e-add", "e-before"),
    decision("r-lost", "lost", "relaunch", "e-add", "e-yes"),
    decision("r-waits", "waits", "relaunch", "e-add", "e-yes"),
    # Read again after a worker's death, decided again: the same.
    decision("r-sent", "written-to", "relaunch", "e-add", "e-view", "e-yes"),
]
OUTCOMES = [
    outcome("r-sent", "sent", message_id="<r-sent@shop.example>"),
    outcome("r-late", "suppressed", "purchased", evidence=("e-at-the-last-moment",)),
    outcome("r-lost", "unknown", "lost_contact"),
]


@pytest.fixture(scope="module")
def terminal(provisioned: Callable[[str], Terminal]) -> Terminal:
    """An installation in which some things were decided."""
    found = provisioned("explain")
    publish(found, topics.DECISIONS.name, *[(b"c", msgspec.json.encode(each), []) for each in DECISIONS])
    publish(found, topics.OUTCOMES.name, *[(b"c", each.model_dump_json().encode(), []) for each in OUTCOMES])
    return found


def test_a_message_is_explained_from_the_first_event_to_the_relay(terminal: Terminal) -> None:
    printed = terminal.done("explain", "r-sent")
    assert printed.splitlines() == [
        "Relaunch r-sent of shop s, for contact written-to:",
        "  2025-11-22 08:26:40   Visitor v put something into the cart (event e-add).",
        "  2025-11-22 08:56:40   Scenario cart-reminder, step 1: the cart was left."
        " All checks passed: no purchase since, consent given, not written to lately.",
        "                       Evidence: events e-view, e-yes.",
        "  2025-11-22 08:56:41   Checked again behind a fence, and sent by email as <r-sent@shop.example>.",
        "",
    ]


@pytest.mark.parametrize(
    ("id", "reason", "event"),
    [("bought", "purchased", "e-order"), ("r-nobody", "no_contact", "e-add"), ("r-early", "pressure", "e-before")],
)
def test_a_missing_message_is_explained_with_the_reasons_sentence_and_its_event(
    terminal: Terminal, id: str, reason: str, event: str
) -> None:
    printed = terminal.done("explain", id)
    assert f"Not written to ({reason}): {SENTENCES[reason]}" in printed
    assert event in printed


def test_a_contacts_decisions_are_told_in_their_order_with_what_became_of_them(terminal: Terminal) -> None:
    printed = terminal.done("explain", "twice")
    assert 0 <= printed.index("r-early") < printed.index("r-late")
    assert f"Not sent at the last moment, suppressed (purchased): {SENTENCES['purchased']}" in printed
    assert "e-at-the-last-moment" in printed


def test_of_a_message_that_was_lost_nobody_says_that_it_was_not_sent(terminal: Terminal) -> None:
    printed = terminal.done("explain", "r-lost")
    assert "Perhaps sent" in printed
    assert "Not sent" not in printed


def test_a_message_on_its_way_is_said_to_be(terminal: Terminal) -> None:
    assert "has not come to it yet" in terminal.done("explain", "waits")


def test_a_program_gets_the_decision_and_its_outcome(terminal: Terminal) -> None:
    def told(id: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in terminal.done("explain", id, "--json").splitlines()]

    (sent,) = told("written-to")
    assert sent == json.loads(msgspec.json.encode(DECISIONS[0])) | {
        "outcome": {"outcome": "sent", "reason": None, "at": SENT_AT}
    }
    (bought,) = told("r-bought")
    assert bought["outcome"] is None


def test_somebody_of_whom_nothing_was_decided(terminal: Terminal) -> None:
    said = terminal.here("explain", "stranger")
    assert said.status == 1
    assert "stranger" in said.err
