"""Is what the core says spelled as the wire says?

The core encodes with msgspec and knows no pydantic; `schemas` is what others read.
"""

import json

import msgspec

from schemas.relaunch import Relaunch, RelaunchLine
from streams.core import decisions
from streams.core.contact import Consent, Contact, after_candidate
from streams.core.events import Candidate, Line

CANDIDATE = Candidate(
    digest=b"12345678",
    visitor_id="v-1",
    scenario="cart-reminder",
    step=1,
    channel="email",
    template="cart-reminder",
    once_per_ms=86_400_000,
    expires_after_ms=86_400_000,
    trigger_id="e-1",
    trigger_at=1_763_800_000_000,
    last_id="e-2",
    due_at=1_763_801_800_000,
    cart_id="k-1",
    lines=(Line("p-1", 2, 1990, "EUR"), Line("p-2", 1, None, None)),
)
CONSENTING = Contact(consents={"email/marketing": Consent(1, True, "e-0")}, visitor_ids=("v-0",))


def said() -> tuple[decisions.Decision, decisions.Relaunch]:
    """Return a yes and what follows from it."""
    _, decision, relaunch = after_candidate(CONSENTING, "s-1", "c-1", CANDIDATE, now=1_763_801_800_007)
    assert relaunch is not None
    return decision, relaunch


def test_a_relaunch_has_exactly_the_fields_of_its_schema() -> None:
    assert set(decisions.Relaunch.__struct_fields__) == set(Relaunch.model_fields)
    assert decisions.LineLeft.__struct_fields__ == tuple(RelaunchLine.model_fields)


def test_a_relaunch_encoded_by_the_core_is_read_by_its_schema_unchanged() -> None:
    encoded = msgspec.json.encode(said()[1])
    read = Relaunch.model_validate_json(encoded)
    assert json.loads(read.model_dump_json()) == json.loads(encoded)
    assert json.loads(encoded).keys() == Relaunch.model_fields.keys()


def test_a_decision_has_the_fields_of_a_decisions_line_in_their_order() -> None:
    assert list(json.loads(msgspec.json.encode(said()[0]))) == [
        "relaunch_id", "shop_id", "contact_id", "visitor_id", "scenario", "step",
        "decision", "trigger_at", "decided_at", "evidence",
    ]  # fmt: skip


def test_a_decision_is_a_relaunch_or_one_of_four_reasons_in_the_order_of_the_checks() -> None:
    assert decisions.RELAUNCH == "relaunch"
    assert list(decisions.Reason) == ["no_contact", "purchased", "no_consent", "pressure"]
