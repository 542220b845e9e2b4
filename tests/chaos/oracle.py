"""What should Relance decide about a recording, by the plainest reading of its rules?

Written from the rules alone, sharing no code with `schemas`, `streams` or `senders`: where this and `relance replay`
disagree, one of them is wrong. One dictionary per kind of thing, everything in memory, every rule in one place.

The rules leave some cases open. They are read like this:

Time      Time is the running maximum of `at`, over every line, also those that turn out to be invalid or duplicates.
          `occurred_at` is clamped to the append time. Deadlines fire at their due time, in the order of (due time,
          visitor subject key), before the record at that time; the candidate is decided at that same moment.
Taken in  An invalid event or a crawler's page view changes nothing, and its `event_id` is not remembered. Every other
          `event_id` is remembered for ever, per shop, across topics.
Cart      One cart per visitor, whatever `cart_id` says; changes are applied in the order of arrival. `add` without a
          quantity adds one. Removing what is not there, and `set` to what it already was, are activity.
Orders    `placed`, `paid` and `pending` that name a visitor end the episode and empty the cart, whatever their
          `occurred_at`. Other statuses do not. No order is activity.
Links     The latest link is the last to arrive. An order of any status that names both links them, before it counts.
Whose     An order event counts for the contact that it names; if it names none, for the contact that its visitor is
          linked to by then, or is first linked to later. Besides, it counts for each contact whose latest record has its
          e-mail or phone, also when that record comes later: suppress wide, target narrow.
Purchase  A contact's order is its latest event by (`occurred_at`, arrival): that event's status and time count.
Consent   Latest by `occurred_at`; `withdrawn` wins ties. Only channel `email` with purpose `marketing` matters.
Pressure  A relaunch decided less than `once_per` ago suppresses; exactly `once_per` ago does not.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.oracle_wire import DAY_MS, is_crawler, is_valid, normal_email, normal_phone

MINUTE_MS = 60_000
BOUGHT = ("placed", "paid", "pending")


def decisions_of(lines: Iterable[dict[str, Any]], scenarios: list[dict[str, Any]], drain: bool) -> list[dict[str, Any]]:
    """Return the decisions that a recording leads to, in the order in which they are made.

    A line is `{"topic", "at", "value"}`. A scenario is `{"name", "idle_for", "min_hold"?, "once_per"?}`, times in ms.
    With `drain`, time moves on after the last line until no deadline is pending.
    """
    shops = _Shops(scenarios)
    for line in lines:
        shops.move_time_to(line["at"])
        shops.apply(line["topic"], line["value"])
    if drain:
        shops.fire_all()
    return shops.decisions


@dataclass
class _Episode:
    trigger_at: int
    due_at: int


@dataclass(frozen=True)
class _OrderEvent:
    order_id: str
    status: str
    occurred_at: int
    #: How many events arrived before this one.
    arrival: int


@dataclass
class _Contact:
    contact_id: str
    #: Latest event of each order.
    orders: dict[str, _OrderEvent] = field(default_factory=dict)
    #: Latest change of e-mail marketing consent: when, and whether it was withdrawn. Nobody has consented at first.
    consent: tuple[int, bool] = (-1, True)
    #: Addresses on the latest contact record.
    addresses: list[str] = field(default_factory=list)
    #: When a relaunch was decided, by scenario.
    relaunched_at: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def count(self, event: _OrderEvent) -> None:
        known = self.orders.get(event.order_id)
        if known is None or (event.occurred_at, event.arrival) > (known.occurred_at, known.arrival):
            self.orders[event.order_id] = event

    def bought_since(self, trigger_at: int) -> bool:
        return any(order.status in BOUGHT and order.occurred_at >= trigger_at for order in self.orders.values())


@dataclass
class _Visitor:
    shop_id: str
    visitor_id: str
    contact: _Contact | None = None
    #: Product -> quantity.
    cart: dict[str, int] = field(default_factory=dict)
    #: The open episode of each scenario, by the scenario's place.
    episodes: dict[int, _Episode] = field(default_factory=dict)
    #: Order events from before the first link.
    unclaimed: list[_OrderEvent] = field(default_factory=list)

    @property
    def subject(self) -> str:
        return f"visitor:{self.shop_id}:{self.visitor_id}"


class _Shops:
    """All that is known at one moment."""

    def __init__(self, scenarios: list[dict[str, Any]]) -> None:
        self.scenarios = scenarios
        self.decisions: list[dict[str, Any]] = []
        self.now = 0
        self.arrivals = 0
        self.seen: set[tuple[str, str]] = set()
        self.visitors: dict[tuple[str, str], _Visitor] = {}
        self.contacts: dict[tuple[str, str], _Contact] = {}
        #: Order events known by address, and the contacts whose record has that address; both by (shop, address).
        self.ordered_from: dict[tuple[str, str], list[_OrderEvent]] = defaultdict(list)
        self.holders: dict[tuple[str, str], dict[str, _Contact]] = defaultdict(dict)
        #: (due time, visitor subject, scenario's place, visitor's key); one that no open episode is due at is void.
        self.deadlines: list[tuple[int, str, int, tuple[str, str]]] = []

    # Time

    def move_time_to(self, at: int) -> None:
        self.now = max(self.now, at)
        while self.deadlines and self.deadlines[0][0] <= self.now:
            self._fire_first()

    def fire_all(self) -> None:
        while self.deadlines:
            self._fire_first()

    def _fire_first(self) -> None:
        due_at, _, place, key = heapq.heappop(self.deadlines)
        visitor = self.visitors[key]
        episode = visitor.episodes.get(place)
        if episode is not None and episode.due_at == due_at:
            del visitor.episodes[place]
            self._decide(visitor, self.scenarios[place], episode)

    # Decisions

    def _decide(self, visitor: _Visitor, scenario: dict[str, Any], episode: _Episode) -> None:
        decision = self._decision(visitor.contact, scenario, episode)
        if decision == "relaunch" and visitor.contact is not None:
            visitor.contact.relaunched_at[scenario["name"]].append(episode.due_at)
        self.decisions.append(
            {
                "shop_id": visitor.shop_id,
                "contact_id": visitor.contact.contact_id if visitor.contact else None,
                "visitor_id": visitor.visitor_id,
                "scenario": scenario["name"],
                "step": 1,
                "decision": decision,
                "trigger_at": episode.trigger_at,
                "decided_at": episode.due_at,
            }
        )

    @staticmethod
    def _decision(contact: _Contact | None, scenario: dict[str, Any], episode: _Episode) -> str:
        if contact is None:
            return "no_contact"
        if contact.bought_since(episode.trigger_at):
            return "purchased"
        _, withdrawn = contact.consent
        if withdrawn:
            return "no_consent"
        once_per = scenario.get("once_per", DAY_MS)
        if any(episode.due_at - before < once_per for before in contact.relaunched_at[scenario["name"]]):
            return "pressure"
        return "relaunch"

    # Events

    def apply(self, topic: str, value: object) -> None:
        if not is_valid(value, topic=topic, now=self.now):
            return
        if (topic == "page-views" and is_crawler(value)) or self._is_known(value):
            return
        self.arrivals += 1
        occurred_at = min(value["occurred_at"], self.now)
        if topic == "page-views":
            self._viewed(value, occurred_at)
        elif topic == "cart-adds":
            self._cart_changed(value, occurred_at)
        elif topic == "orders":
            self._ordered(value, occurred_at)
        elif topic == "consent-changes":
            self._consent_changed(value, occurred_at)
        elif topic == "contacts":
            self._described(value)

    def _is_known(self, value: dict[str, Any]) -> bool:
        event = (value["shop_id"], value["event_id"])
        known = event in self.seen
        self.seen.add(event)
        return known

    def _viewed(self, value: dict[str, Any], occurred_at: int) -> None:
        self._postpone(self._linked_visitor(value), occurred_at)

    def _cart_changed(self, value: dict[str, Any], occurred_at: int) -> None:
        visitor = self._linked_visitor(value)
        if value["action"] == "empty":
            self._empty(visitor)
            return
        product_id, quantity = value["product_id"], value.get("quantity")
        before = visitor.cart.get(product_id, 0)
        if value["action"] == "add":
            after = before + (1 if quantity is None else quantity)
        elif value["action"] == "set":
            after = int(value["quantity"])
        else:
            after = 0 if quantity is None else max(0, before - quantity)
        self._put(visitor, product_id, before, after, occurred_at)

    def _put(self, visitor: _Visitor, product_id: str, before: int, after: int, occurred_at: int) -> None:
        visitor.cart[product_id] = after
        if after == 0:
            del visitor.cart[product_id]
        if after > before:
            self._open(visitor, occurred_at)
        if before > 0 and not visitor.cart:
            visitor.episodes.clear()
        self._postpone(visitor, occurred_at)

    def _ordered(self, value: dict[str, Any], occurred_at: int) -> None:
        event = _OrderEvent(value["order_id"], value["status"], occurred_at, self.arrivals)
        visitor = self._linked_visitor(value) if value.get("visitor_id") else None
        if visitor and event.status in BOUGHT:
            self._empty(visitor)
        if value.get("contact_id"):
            self._contact(value["shop_id"], value["contact_id"]).count(event)
        elif visitor and visitor.contact:
            visitor.contact.count(event)
        elif visitor:
            visitor.unclaimed.append(event)
        self._count_by_address(event, value)

    def _count_by_address(self, event: _OrderEvent, value: dict[str, Any]) -> None:
        for address in _addresses(value):
            self.ordered_from[value["shop_id"], address].append(event)
            for contact in self.holders[value["shop_id"], address].values():
                contact.count(event)

    def _consent_changed(self, value: dict[str, Any], occurred_at: int) -> None:
        if (value["channel"], value["purpose"]) == ("email", "marketing"):
            contact = self._contact(value["shop_id"], value["contact_id"])
            contact.consent = max(contact.consent, (occurred_at, value["state"] == "withdrawn"))

    def _described(self, value: dict[str, Any]) -> None:
        shop_id = value["shop_id"]
        contact = self._contact(shop_id, value["contact_id"])
        for address in contact.addresses:
            del self.holders[shop_id, address][contact.contact_id]
        contact.addresses = list(_addresses(value))
        for address in contact.addresses:
            self.holders[shop_id, address][contact.contact_id] = contact
            for event in self.ordered_from[shop_id, address]:
                contact.count(event)

    # People

    def _contact(self, shop_id: str, contact_id: str) -> _Contact:
        return self.contacts.setdefault((shop_id, contact_id), _Contact(contact_id))

    def _linked_visitor(self, value: dict[str, Any]) -> _Visitor:
        """Return the visitor whom an event names, linked to the contact whom it names too."""
        shop_id, visitor_id = value["shop_id"], value["visitor_id"]
        visitor = self.visitors.setdefault((shop_id, visitor_id), _Visitor(shop_id, visitor_id))
        if value.get("contact_id"):
            visitor.contact = self._contact(shop_id, value["contact_id"])
            for event in visitor.unclaimed:
                visitor.contact.count(event)
            visitor.unclaimed.clear()
        return visitor

    # Episodes

    def _open(self, visitor: _Visitor, occurred_at: int) -> None:
        for place in range(len(self.scenarios)):
            if place not in visitor.episodes:
                visitor.episodes[place] = _Episode(trigger_at=occurred_at, due_at=0)

    def _empty(self, visitor: _Visitor) -> None:
        visitor.cart.clear()
        visitor.episodes.clear()

    def _postpone(self, visitor: _Visitor, occurred_at: int) -> None:
        for place, episode in visitor.episodes.items():
            scenario = self.scenarios[place]
            due_at = occurred_at + scenario["idle_for"]
            if occurred_at < self.now:
                due_at = max(due_at, self.now + scenario.get("min_hold", 5 * MINUTE_MS))
            if due_at > episode.due_at:
                episode.due_at = due_at
                key = (visitor.shop_id, visitor.visitor_id)
                heapq.heappush(self.deadlines, (due_at, visitor.subject, place, key))


def _addresses(value: dict[str, Any]) -> Iterator[str]:
    """Yield what an order or a contact record can be known by."""
    if value.get("email"):
        yield normal_email(value["email"])
    if value.get("phone"):
        yield normal_phone(value["phone"])
