"""Which histories can befall a contact, told in two orders?"""

from hypothesis import strategies as st

from streams.stores.facts import Consent, ContactKnown, Fact, Purchase
from tests.stores.contract import ANNA, BERT, CART, MAIL, PHONE_OF_ANNA, TRIGGER

#: The same facts in two orders; in the second, some are told again.
TwoTellings = tuple[list[Fact], list[Fact]]

_AT = st.integers(TRIGGER - 3, TRIGGER + 3)
_STATUS = st.sampled_from(["placed", "paid", "pending", "failed", "cancelled", "refunded"])
_IDENTITIES = st.lists(st.sampled_from([ANNA, BERT, PHONE_OF_ANNA, CART, MAIL]), min_size=1, unique=True).map(tuple)
_STATE = st.sampled_from(["granted", "granted", "withdrawn"])


@st.composite
def two_tellings(draw: st.DrawFn) -> TwoTellings:
    """Draw facts that differ in time where arrival would decide a tie, and two ways to tell them."""
    moments = draw(st.dictionaries(st.tuples(st.sampled_from(["o1", "o2"]), _AT), st.tuples(_STATUS, _IDENTITIES)))
    facts: list[Fact] = [
        Purchase(identities, order_id, status, at, f"{order_id} {at}")
        for (order_id, at), (status, identities) in moments.items()
    ]
    said = draw(st.lists(st.tuples(_STATE, _AT)))
    facts += [Consent(ANNA, "email", "marketing", state, at, f"{state} {at}") for state, at in said]
    facts += [ContactKnown(ANNA, MAIL, None)] * draw(st.integers(0, 1))
    repeats = draw(st.lists(st.sampled_from(facts), max_size=3)) if facts else []
    return draw(st.permutations(facts)), draw(st.permutations([*facts, *repeats]))
