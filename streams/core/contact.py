"""Would it be right to write to this contact, now, about this candidate?

Law 1  The reasons against are checked in the order of `Reason`; the first that holds decides.
Law 2  An order counts by its latest status, whichever device or address it came from. Of two statuses at the same instant, the one heard last.
Law 3  Consent counts by its latest change; of two at the same instant, the withdrawal.
Law 4  At most one relaunch per scenario in a sliding window; one exactly a window later is allowed.
"""

from hashlib import blake2b

from msgspec import Struct
from msgspec.structs import replace

from streams.core.decisions import RELAUNCH, Decision, LineLeft, Reason, Relaunch
from streams.core.events import Candidate, ConsentChanged, OrderChanged, OrderHandedOver
from streams.core.visitor import STOPPING

#: A contact remembers this many orders and devices; beyond it, orders that stop nothing go first, then the oldest.
MAX_ORDERS = 64
MAX_DEVICES = 32
#: And when it was written to last for this many scenarios, the latest ones.
MAX_SCENARIOS = 64


class Consent(Struct, frozen=True, array_like=True, gc=False):
    """The latest word on one channel and purpose."""

    at: int
    granted: bool
    id: str


class Order(Struct, frozen=True, array_like=True, gc=False):
    """The latest status of one order."""

    at: int
    status: str
    id: str


class Contact(Struct, frozen=True, array_like=True, gc=False):
    """All that is remembered of one contact, besides what it has already heard. No name, no address."""

    #: By `<channel>/<purpose>`.
    consents: dict[str, Consent] = {}
    #: By order id.
    orders: dict[str, Order] = {}
    #: Devices known to be this contact's.
    visitor_ids: tuple[str, ...] = ()
    #: By scenario, when the last relaunch was decided, and the event that opened its episode.
    relaunched: dict[str, tuple[int, str]] = {}


def after_consent(contact: Contact, event: ConsentChanged, *, at: int) -> Contact:
    """Return the contact after a change of consent; `at` is when it happened, ms, UTC."""
    about = f"{event.channel}/{event.purpose}"
    known = contact.consents.get(about)
    if known is not None and (at < known.at or (at == known.at and not known.granted)):
        return contact
    return replace(contact, consents=contact.consents | {about: Consent(at, event.granted, event.id)})


def after_order(contact: Contact, event: OrderChanged | OrderHandedOver, *, at: int) -> Contact:
    """Return the contact after an order; `at` is when it happened, ms, UTC."""
    known = contact.orders.get(event.order_id)
    if known is not None and at < known.at:
        return contact
    orders = contact.orders | {event.order_id: Order(at, event.status, event.id)}
    if len(orders) > MAX_ORDERS:
        del orders[min(orders, key=lambda order_id: _worth(order_id, orders[order_id]))]
    return replace(contact, orders=orders)


def after_link(contact: Contact, visitor_id: str) -> Contact:
    """Return the contact with one more device; one that is known already changes nothing."""
    if visitor_id in contact.visitor_ids:
        return contact
    return replace(contact, visitor_ids=(*contact.visitor_ids, visitor_id)[-MAX_DEVICES:])


def after_candidate(
    contact: Contact, shop_id: str, contact_id: str, candidate: Candidate, *, now: int
) -> tuple[Contact, Decision, Relaunch | None]:
    """Decide; `now` is stream time, ms, UTC. Returns the contact, the decision, and what to send if it is a yes."""
    reason, evidence = _against(contact, candidate, now)
    decision = decided(shop_id, contact_id, candidate, reason or RELAUNCH, evidence, now)
    if reason is not None:
        return contact, decision, None
    relaunched = contact.relaunched | {candidate.scenario: (now, candidate.trigger_id)}
    if len(relaunched) > MAX_SCENARIOS:
        del relaunched[min(relaunched, key=lambda name: (relaunched[name][0], name))]
    return replace(contact, relaunched=relaunched), decision, _relaunch(contact, contact_id, candidate, decision)


def decided(
    shop_id: str, contact_id: str | None, candidate: Candidate, decision: str, evidence: tuple[str, ...], now: int
) -> Decision:
    """Return a decision about a candidate; its evidence starts with the events that opened and last moved the episode."""
    first = (
        (candidate.trigger_id,)
        if candidate.last_id == candidate.trigger_id
        else (candidate.trigger_id, candidate.last_id)
    )
    return Decision(
        relaunch_id=relaunch_id(shop_id, contact_id, candidate.scenario, candidate.trigger_id, candidate.step),
        shop_id=shop_id,
        contact_id=contact_id,
        visitor_id=candidate.visitor_id,
        scenario=candidate.scenario,
        step=candidate.step,
        decision=decision,
        trigger_at=candidate.trigger_at,
        decided_at=now,
        evidence=first + evidence,
    )


def relaunch_id(shop_id: str, contact_id: str | None, scenario: str, trigger_id: str, step: int) -> str:
    """Return 32 hex digits: the same message decided twice is the same message."""
    parts = (shop_id, contact_id or "", scenario, trigger_id, str(step))
    return blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def _against(contact: Contact, candidate: Candidate, now: int) -> tuple[Reason | None, tuple[str, ...]]:
    """Return the first reason not to write and the events behind it; no reason comes with the consent that allows it."""
    bought = [o for o in contact.orders.values() if o.status in STOPPING and o.at >= candidate.trigger_at]
    if bought:
        return Reason.PURCHASED, (min(bought, key=lambda order: (order.at, order.id)).id,)
    consent = contact.consents.get(f"{candidate.channel}/marketing")
    if consent is None or not consent.granted:
        return Reason.NO_CONSENT, (consent.id,) if consent else ()
    last = contact.relaunched.get(candidate.scenario)
    if last is not None and now - last[0] < candidate.once_per_ms:
        return Reason.PRESSURE, (last[1],)
    return None, (consent.id,)


def _worth(order_id: str, order: Order) -> tuple[bool, int, str]:
    """Return by what an order is kept rather than another: no flood of failed payments can hide a purchase."""
    return order.status in STOPPING, order.at, order_id


def _relaunch(contact: Contact, contact_id: str, candidate: Candidate, decision: Decision) -> Relaunch:
    return Relaunch(
        event_id=f"{decision.relaunch_id}/1",
        shop_id=decision.shop_id,
        occurred_at=decision.decided_at,
        relaunch_id=decision.relaunch_id,
        contact_id=contact_id,
        visitor_id=candidate.visitor_id,
        visitor_ids=after_link(contact, candidate.visitor_id).visitor_ids,
        cart_id=candidate.cart_id,
        scenario=candidate.scenario,
        step=candidate.step,
        channel=candidate.channel,
        template=candidate.template,
        once_per=candidate.once_per_ms,
        trigger_at=candidate.trigger_at,
        due_at=candidate.due_at,
        decided_at=decision.decided_at,
        expires_at=candidate.due_at + candidate.expires_after_ms,
        lines=tuple(
            LineLeft(line.product_id, line.quantity, line.unit_price_minor, line.currency) for line in candidate.lines
        ),
        evidence=decision.evidence,
    )
