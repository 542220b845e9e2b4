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
)
from streams.core.identity import CONTACT, MAIL, PHONE, VISITOR
from streams.core.memory import is_recent, remembered
from streams.core.state import Subject
from streams.core.visitor import Rules


def hear(told: Subject, event: Record, *, now: int, rules: Rules, effects: Effects) -> None:
    """Have a subject take in one record at stream time `now` (ms, UTC), unless it has heard it before."""
    if _is_news(told, event):
        _HEARS[told.kind][type(event)](told, event, now, rules, effects)


def _is_news(told: Subject, event: Record) -> bool:
    if isinstance(event, Event):
        if told.sources.get(event.source, -1) >= event.offset:
            return False
        told.sources[event.source] = event.offset
    elif isinstance(event, DeviceLinked):
        return True
    assert isinstance(event, Event | Candidate | OrderHandedOver)
    if is_recent(told.recent, event.digest):
        return False
    told.recent = remembered(told.recent, event.digest)
    return True


def _page_view(told: Subject, event: PageViewed, now: int, rules: Rules, effects: Effects) -> None:
    at = min(event.at, now)
    told.body, notices = visitor.after_page_view(told.body, told.id, event, at=at, now=now, rules=rules)
    if notices:
        effects.notify(told.shop_id, str(told.body.contact_id), notices)


def _cart_change(told: Subject, event: CartChanged, now: int, rules: Rules, effects: Effects) -> None:
    before = told.body.episodes
    at = min(event.at, now)
    told.body, notices = visitor.after_cart_change(told.body, told.id, event, at=at, now=now, rules=rules)
    if before and not told.body.episodes:
        effects.count_ended("emptied", len(before))
    if notices:
        effects.notify(told.shop_id, str(told.body.contact_id), notices)


def _visitor_order(told: Subject, event: OrderChanged, now: int, rules: Rules, effects: Effects) -> None:
    before = told.body.episodes
    told.body, notices = visitor.after_order(told.body, told.id, event, at=min(event.at, now))
    if before and not told.body.episodes:
        effects.count_ended("ordered", len(before))
    if notices:
        effects.notify(told.shop_id, str(told.body.contact_id), notices)


def _address_known(told: Subject, event: AddressKnown, now: int, rules: Rules, effects: Effects) -> None:
    told.body, notices = address.after_known(told.body, event)
    effects.notify(told.shop_id, event.contact_id, notices)


def _address_order(told: Subject, event: OrderChanged, now: int, rules: Rules, effects: Effects) -> None:
    told.body, notices = address.after_order(told.body, event, at=min(event.at, now))
    if notices:
        effects.notify(told.shop_id, str(told.body.contact_id), notices)


def _consent(told: Subject, event: ConsentChanged, now: int, rules: Rules, effects: Effects) -> None:
    told.body = contact.after_consent(told.body, event, at=min(event.at, now))


def _contact_order(
    told: Subject, event: OrderChanged | OrderHandedOver, now: int, rules: Rules, effects: Effects
) -> None:
    told.body = contact.after_order(told.body, event, at=min(event.at, now))


def _device(told: Subject, event: DeviceLinked, now: int, rules: Rules, effects: Effects) -> None:
    told.body = contact.after_link(told.body, event.visitor_id)


def _candidate(told: Subject, event: Candidate, now: int, rules: Rules, effects: Effects) -> None:
    told.body, decision, relaunch = contact.after_candidate(told.body, told.shop_id, told.id, event, now=now)
    effects.decisions.append(decision)
    if relaunch is not None:
        effects.relaunches.append(relaunch)


Hears = dict[type, Callable[[Any, Any, int, Rules, Effects], None]]

_ADDRESS_HEARS: Hears = {AddressKnown: _address_known, OrderChanged: _address_order}
_HEARS: dict[str, Hears] = {
    VISITOR: {PageViewed: _page_view, CartChanged: _cart_change, OrderChanged: _visitor_order},
    CONTACT: {
        ConsentChanged: _consent,
        OrderChanged: _contact_order,
        OrderHandedOver: _contact_order,
        DeviceLinked: _device,
        Candidate: _candidate,
    },
    MAIL: _ADDRESS_HEARS,
    PHONE: _ADDRESS_HEARS,
}
