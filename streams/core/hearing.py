"""What does one subject make of one record?

The table at the end says which kind of subject hears what. A record that a subject has heard before changes nothing.
"""

from collections.abc import Callable
from typing import Any, cast, get_args

from streams.core import address, contact, visitor
from streams.core.effects import Effects
from streams.core.events import (
    AddressKnown,
    Candidate,
    CartChanged,
    ConsentChanged,
    DeviceLinked,
    FromShop,
    OrderChanged,
    OrderHandedOver,
    PageViewed,
    Record,
    Tick,
)
from streams.core.identity import parsed
from streams.core.memory import remembered
from streams.core.state import AddressSubject, ContactSubject, Subject, VisitorSubject
from streams.core.visitor import Rules


def hear(key: bytes, told: Subject, event: Record, *, now: int, rules: Rules, effects: Effects) -> None:
    """Have the subject under a key take in one record at stream time `now` (ms, UTC), unless it has heard it before."""
    # By exact type: msgspec's metaclass is an abstract one, so that `isinstance` costs 0.3 µs.
    kind, said = type(event), cast(Any, event)
    if kind in _FROM_SHOP and not told.is_news(said.source, said.offset):
        return
    if kind not in _WITHOUT_DIGEST:
        recent = remembered(told.recent, said.digest)
        if recent is None:
            return
        told.recent = recent
    _HEARS[type(told)][kind](key, told, event, now, rules, effects)


def _link(key: bytes, told: Subject, contact_id: str | None, effects: Effects) -> None:
    if contact_id is not None and contact_id != told.contact_id:
        _, shop_id, visitor_id = parsed(key)
        told.kept, notices = visitor.linked(told.body, visitor_id, contact_id)
        effects.notify(shop_id, contact_id, notices)


def _page_view(key: bytes, told: Subject, event: PageViewed, now: int, rules: Rules, effects: Effects) -> None:
    _link(key, told, event.contact_id, effects)
    if told.wake:  # else no episode is open, and there is nothing to decode
        told.kept = visitor.after_page_view(told.body, event, at=_clamped(event.at, now), now=now, rules=rules)


def _cart_change(key: bytes, told: Subject, event: CartChanged, now: int, rules: Rules, effects: Effects) -> None:
    _link(key, told, event.contact_id, effects)
    before = told.body.episodes
    told.kept = visitor.after_cart_change(told.body, event, at=_clamped(event.at, now), now=now, rules=rules)
    if before and not told.body.episodes:
        effects.count_ended("emptied", len(before))


def _visitor_order(key: bytes, told: Subject, event: OrderChanged, now: int, rules: Rules, effects: Effects) -> None:
    _link(key, told, event.contact_id, effects)
    before = told.body.episodes
    told.kept, notices = visitor.after_order(told.body, event, at=_clamped(event.at, now))
    if before and not told.body.episodes:
        effects.count_ended("ordered", len(before))
    if notices:
        effects.notify(parsed(key).shop_id, str(told.contact_id), notices)


def _address_known(key: bytes, told: Subject, event: AddressKnown, now: int, rules: Rules, effects: Effects) -> None:
    told.kept, notices = address.after_known(told.body, event)
    effects.notify(parsed(key).shop_id, event.contact_id, notices)


def _address_order(key: bytes, told: Subject, event: OrderChanged, now: int, rules: Rules, effects: Effects) -> None:
    told.kept, notices = address.after_order(told.body, event, at=_clamped(event.at, now))
    if notices:
        effects.notify(parsed(key).shop_id, str(told.contact_id), notices)


def _consent(key: bytes, told: Subject, event: ConsentChanged, now: int, rules: Rules, effects: Effects) -> None:
    told.kept = contact.after_consent(told.body, event, at=_clamped(event.at, now))


def _contact_order(
    key: bytes, told: Subject, event: OrderChanged | OrderHandedOver, now: int, rules: Rules, effects: Effects
) -> None:
    told.kept = contact.after_order(told.body, event, at=_clamped(event.at, now))


def _device(key: bytes, told: Subject, event: DeviceLinked, now: int, rules: Rules, effects: Effects) -> None:
    told.kept = contact.after_link(told.body, event.visitor_id)


def _candidate(key: bytes, told: Subject, event: Candidate, now: int, rules: Rules, effects: Effects) -> None:
    _, shop_id, contact_id = parsed(key)
    told.kept, decision, relaunch = contact.after_candidate(told.body, shop_id, contact_id, event, now=now)
    effects.decisions.append(decision)
    if relaunch is not None:
        effects.relaunches.append(relaunch)


def _clamped(at: int, now: int) -> int:
    """What happened is never later than its arrival."""
    return at if at < now else now


_FROM_SHOP = frozenset(get_args(FromShop))
_WITHOUT_DIGEST = frozenset({DeviceLinked, Tick})

Hears = dict[type, Callable[[bytes, Any, Any, int, Rules, Effects], None]]

_HEARS: dict[type[Subject], Hears] = {
    VisitorSubject: {PageViewed: _page_view, CartChanged: _cart_change, OrderChanged: _visitor_order},
    ContactSubject: {
        ConsentChanged: _consent,
        OrderChanged: _contact_order,
        OrderHandedOver: _contact_order,
        DeviceLinked: _device,
        Candidate: _candidate,
    },
    AddressSubject: {AddressKnown: _address_known, OrderChanged: _address_order},
}
