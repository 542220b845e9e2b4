"""What does one subject make of one record?

The table at the end says which kind of subject hears what. A record that a subject has heard before changes nothing.
"""

from collections.abc import Callable
from typing import Any

from streams.core import address, contact, visitor
from streams.core.effects import Effects
from streams.core.events import (
    AddressKnown,
    Candidate,
    CartChanged,
    ConsentChanged,
    DeviceLinked,
    Event,
    OrderChanged,
    OrderHandedOver,
    PageViewed,
    Record,
    Tick,
)
from streams.core.memory import is_recent, remembered
from streams.core.state import CONTACT_KIND, MAIL_KIND, PHONE_KIND, VISITOR_KIND, Subject
from streams.core.visitor import Rules


def hear(told: Subject, event: Record, *, now: int, rules: Rules, effects: Effects) -> None:
    """Have a subject take in one record at stream time `now` (ms, UTC), unless it has heard it before."""
    if isinstance(event, Event):
        if told.sources.get(event.source, -1) >= event.offset:
            return
        told.sources[event.source] = event.offset
    if not isinstance(event, DeviceLinked | Tick):
        if is_recent(told.recent, event.digest):
            return
        told.recent = remembered(told.recent, event.digest)
    _HEARS[told.kind][type(event)](told, event, now, rules, effects)


def _link(told: Subject, contact_id: str | None, effects: Effects) -> None:
    if contact_id is not None and contact_id != told.body.contact_id:
        told.body, notices = visitor.linked(told.body, told.id, contact_id)
        effects.notify(told.shop_id, contact_id, notices)


def _page_view(told: Subject, event: PageViewed, now: int, rules: Rules, effects: Effects) -> None:
    _link(told, event.contact_id, effects)
    told.body = visitor.after_page_view(told.body, event, at=_clamped(event.at, now), now=now, rules=rules)


def _cart_change(told: Subject, event: CartChanged, now: int, rules: Rules, effects: Effects) -> None:
    _link(told, event.contact_id, effects)
    before = told.body.episodes
    told.body = visitor.after_cart_change(told.body, event, at=_clamped(event.at, now), now=now, rules=rules)
    if before and not told.body.episodes:
        effects.count_ended("emptied", len(before))


def _visitor_order(told: Subject, event: OrderChanged, now: int, rules: Rules, effects: Effects) -> None:
    _link(told, event.contact_id, effects)
    before = told.body.episodes
    told.body, notices = visitor.after_order(told.body, event, at=_clamped(event.at, now))
    if before and not told.body.episodes:
        effects.count_ended("ordered", len(before))
    if notices:
        effects.notify(told.shop_id, told.body.contact_id, notices)


def _address_known(told: Subject, event: AddressKnown, now: int, rules: Rules, effects: Effects) -> None:
    told.body, notices = address.after_known(told.body, event)
    effects.notify(told.shop_id, event.contact_id, notices)


def _address_order(told: Subject, event: OrderChanged, now: int, rules: Rules, effects: Effects) -> None:
    told.body, notices = address.after_order(told.body, event, at=_clamped(event.at, now))
    if notices:
        effects.notify(told.shop_id, str(told.body.contact_id), notices)


def _consent(told: Subject, event: ConsentChanged, now: int, rules: Rules, effects: Effects) -> None:
    told.body = contact.after_consent(told.body, event, at=_clamped(event.at, now))


def _contact_order(
    told: Subject, event: OrderChanged | OrderHandedOver, now: int, rules: Rules, effects: Effects
) -> None:
    told.body = contact.after_order(told.body, event, at=_clamped(event.at, now))


def _device(told: Subject, event: DeviceLinked, now: int, rules: Rules, effects: Effects) -> None:
    told.body = contact.after_link(told.body, event.visitor_id)


def _candidate(told: Subject, event: Candidate, now: int, rules: Rules, effects: Effects) -> None:
    told.body, decision, relaunch = contact.after_candidate(told.body, told.shop_id, told.id, event, now=now)
    effects.decisions.append(decision)
    if relaunch is not None:
        effects.relaunches.append(relaunch)


def _clamped(at: int, now: int) -> int:
    """What happened is never later than its arrival."""
    return at if at < now else now


Hears = dict[type, Callable[[Any, Any, int, Rules, Effects], None]]

_ADDRESS_HEARS: Hears = {AddressKnown: _address_known, OrderChanged: _address_order}
_HEARS: dict[bytes, Hears] = {
    VISITOR_KIND: {PageViewed: _page_view, CartChanged: _cart_change, OrderChanged: _visitor_order},
    CONTACT_KIND: {
        ConsentChanged: _consent,
        OrderChanged: _contact_order,
        OrderHandedOver: _contact_order,
        DeviceLinked: _device,
        Candidate: _candidate,
    },
    MAIL_KIND: _ADDRESS_HEARS,
    PHONE_KIND: _ADDRESS_HEARS,
}
