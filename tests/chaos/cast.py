"""Who are the people of a history, and what can they do next?

The values of its events, without their times: those are the history's business.
"""

import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Value = dict[str, Any]

HOUR_MS = 3_600_000
STATUSES = ("placed", "paid", "pending", "failed", "cancelled", "refunded")
PRODUCTS = tuple(f"p{number}" for number in range(6))
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0"


@dataclass(frozen=True, kw_only=True)
class Moment:
    """When something is told, and when it is said to have happened; ms since the epoch, UTC."""

    now: int
    occurred_at: int


@dataclass
class Person:
    """A contact of one shop."""

    contact_id: str
    #: As on the contact record: some people have none, and orders in their names must not find them by it.
    email: str
    phone: str
    writes_email: bool
    writes_phone: bool
    devices: list[str] = field(default_factory=list)
    #: How often the e-mail address changed.
    moves: int = 0
    #: `occurred_at` of a consent change, to make another at the same time.
    consent_at: int | None = None

    @property
    def next_email(self) -> str:
        """The address that the next change will bring."""
        return f"ada.{self.contact_id}.{self.moves + 1}@example.org"


@dataclass
class Order:
    """What is to be remembered of an order, to tell more of it."""

    shop: str
    order_id: str
    #: The names it goes by.
    who: Value
    #: Clamped times of its events.
    times: list[int] = field(default_factory=list)
    #: Whether one of its events goes by other names.
    mixed: bool = False


class Cast:
    """The devices and people of all shops, and the next thing each may do."""

    def __init__(self, rng: random.Random, visitors: int, shops: int, with_contact: float) -> None:
        self.random = rng
        self.shops = [f"s{number}" for number in range(1, shops + 1)]
        self.visitors = [f"v{number}" for number in range(visitors)]
        self.people: dict[str, list[Person]] = {shop: [] for shop in self.shops}
        self.owner: dict[tuple[str, str], Person] = {}
        self.ordered = 0
        self.extra_devices = 0
        self.orders: deque[Order] = deque(maxlen=100)
        for shop in self.shops:
            self._give_devices(shop, with_contact)

    def _give_devices(self, shop: str, with_contact: float) -> None:
        known = self.random.sample(self.visitors, k=max(1, round(with_contact * len(self.visitors))))
        while known:
            person = self._person(len(self.people[shop]))
            for _ in range(min(len(known), self.random.choice((1, 1, 2, 3)))):
                person.devices.append(known.pop())
                self.owner[shop, person.devices[-1]] = person
            self.people[shop].append(person)

    def _person(self, number: int) -> Person:
        return Person(
            contact_id=f"c{number}",
            email=f"ada.{number}@example.com",
            phone=f"+336{10_000_000 + number}",
            writes_email=self.random.random() < 0.9,
            writes_phone=self.random.random() < 0.5,
        )

    def introductions(self, now: int) -> Iterator[tuple[str, str, Value]]:
        """Yield (shop, topic, value) of the consent and the contact records that most, not all, people start with."""
        for shop in self.shops:
            for person in self.people[shop]:
                if self.random.random() < 0.7:
                    yield shop, "consent-changes", self._consent(person, "granted", Moment(now=now, occurred_at=now))
                if self.random.random() < 0.5:
                    yield shop, "contacts", self.record(person, now)

    def anybody(self) -> tuple[str, str]:
        """Return a shop and one of its visitors."""
        return self.random.choice(self.shops), self.random.choice(self.visitors)

    def another_device(self) -> str:
        """Return a visitor who has done nothing yet and will do only what a plot makes it do."""
        self.extra_devices += 1
        return f"w{self.extra_devices}"

    def event(self, shop: str, visitor: str, when: Moment) -> tuple[str, Value]:
        """Return the topic and the value of what the visitor, or somebody about them, does next."""
        draw = self.random.random()
        if draw < 0.25:
            return "page-views", {**self.view(shop, visitor), "occurred_at": when.occurred_at}
        if draw < 0.55:
            return "cart-adds", {**self.cart_change(shop, visitor, "add"), "occurred_at": when.occurred_at}
        if draw < 0.75:
            action = self.random.choice(("remove", "remove", "set", "set", "set", "empty"))
            return "cart-adds", {**self.cart_change(shop, visitor, action), "occurred_at": when.occurred_at}
        if draw < 0.80:
            return "orders", self._new_order(shop, visitor, when)
        if draw < 0.86:
            return "orders", self._more_of_an_order(shop, visitor, when)
        person = self.owner.get((shop, visitor)) or self.random.choice(self.people[shop])
        if draw < 0.95:
            state = self.random.choice(("granted", "granted", "withdrawn"))
            return "consent-changes", self._consent(person, state, when)
        if draw < 0.99:
            return "contacts", self.record(person, when.now)
        return "catalog", self._product()

    # What visitors do

    def view(self, shop: str, visitor: str) -> Value:
        """Return a page view by a browser."""
        kind = self.random.choice(("page", "product", "search"))
        return {
            "visitor_id": visitor,
            **self._named(shop, visitor),
            "kind": kind,
            **({"product_id": self.random.choice(PRODUCTS)} if kind == "product" else {}),
            **({"query": "lamp", "results": self.random.choice((0, 12))} if kind == "search" else {}),
            **({"user_agent": BROWSER} if self.random.random() < 0.3 else {}),
            **({"weather": "fine"} if self.random.random() < 0.05 else {}),
        }

    def cart_change(self, shop: str, visitor: str, action: str) -> Value:
        """Return a change of the visitor's cart."""
        value = {"visitor_id": visitor, **self._named(shop, visitor), "action": action}
        if action == "empty":
            return value
        value["product_id"] = self.random.choice(PRODUCTS[:2] if self.random.random() < 0.8 else PRODUCTS)
        if action == "add":
            value |= {"quantity": self.random.randint(1, 3), "unit_price_minor": 990, "currency": "EUR"}
        elif action == "set":
            value["quantity"] = self.random.choice((0, 0, 1, 2, 3, 5))
        elif self.random.random() < 0.4:
            value["quantity"] = self.random.randint(1, 3)
        return value

    def _named(self, shop: str, visitor: str) -> Value:
        """Return the contact that an event names: mostly none, now and then somebody else than before."""
        draw = self.random.random()
        if draw < 0.005:
            self.owner[shop, visitor] = self.random.choice(self.people[shop])
            self.owner[shop, visitor].devices.append(visitor)
        person = self.owner.get((shop, visitor))
        return {"contact_id": person.contact_id} if person and draw < 0.3 else {}

    # What people are and agree to

    def _consent(self, person: Person, state: str, when: Moment) -> Value:
        """Return a change, at times within a millisecond of an earlier one, seldom of something else."""
        value: Value = {"contact_id": person.contact_id, "channel": "email", "purpose": "marketing", "state": state}
        draw = self.random.random()
        if draw < 0.1:
            return {**value, "channel": self.random.choice(("sms", "ads")), "occurred_at": when.occurred_at}
        if draw < 0.15:
            return {**value, "purpose": "tracking", "occurred_at": when.occurred_at}
        if draw < 0.3 and person.consent_at is not None:
            return {**value, "occurred_at": person.consent_at + self.random.choice((-1, 0, 0, 1))}
        person.consent_at = min(when.occurred_at, when.now)
        evidence = {"source": "checkout", "text_version": "2024-01"}
        return {**value, "evidence": evidence, "occurred_at": when.occurred_at}

    def record(self, person: Person, now: int, *, moves: bool = False) -> Value:
        """Return a contact record, at times with the address spelt anew, or with a new one."""
        if moves or self.random.random() < 0.1:
            self._move(person)
        value = {"contact_id": person.contact_id, "first_name": "Ada", "occurred_at": now}
        if person.writes_email:
            value["email"] = self._spelt(person.email)
        if person.writes_phone:
            value["phone"] = self._dialled(person.phone)
        return value

    def _move(self, person: Person) -> None:
        left, person.email = person.email, person.next_email
        person.moves += 1
        kept = [order for order in self.orders if order.who.get("email", "").lower() != left]
        self.orders = deque(kept, maxlen=self.orders.maxlen)

    def _spelt(self, email: str) -> str:
        return self.random.choice((email, email, email.upper(), email.title()))

    def _dialled(self, phone: str) -> str:
        return self.random.choice((phone, "0" + phone[3:], "0033" + phone[3:], f"{phone[:3]} {phone[3:6]} {phone[6:]}"))

    def _product(self) -> Value:
        product = self.random.choice(PRODUCTS)
        return {
            "product_id": product,
            "title": f"Lamp {product}",
            "url": f"https://shop.example/{product}",
            "price_minor": 990,
            "currency": "EUR",
        }

    # What people order

    def _new_order(self, shop: str, visitor: str, when: Moment) -> Value:
        order = self.order(shop, self._buyer(shop, visitor))
        self.orders.append(order)
        status = self.random.choice(("placed", "paid", "pending", self.random.choice(STATUSES)))
        return self.order_value(order, order.who, status, when)

    def _more_of_an_order(self, shop: str, visitor: str, when: Moment) -> Value:
        """Return another status of a recent order: in order, out of order, at the same time, or under other names."""
        recent = [order for order in self.orders if order.shop == shop]
        if not recent:
            return self._new_order(shop, visitor, when)
        order = self.random.choice(recent[-10:])
        if self.random.random() < 0.5:
            apart_ms = self.random.choice((-HOUR_MS, -1, 0, 0, 1, HOUR_MS))
            when = Moment(now=when.now, occurred_at=min(when.now, self.random.choice(order.times) + apart_ms))
        who = order.who
        tied = min(when.occurred_at, when.now) in order.times
        if tied and order.mixed:
            when = Moment(now=when.now, occurred_at=min(order.times) - 1)
        elif not tied and self.random.random() < 0.2:
            who, order.mixed = self._buyer(shop, visitor), True
        return self.order_value(order, who, self.random.choice(STATUSES), when)

    def order(self, shop: str, who: Value) -> Order:
        """Return an order that nothing has been told of yet."""
        self.ordered += 1
        return Order(shop, f"o{self.ordered}", who)

    def order_value(self, order: Order, who: Value, status: str, when: Moment) -> Value:
        """Return one event of an order."""
        order.times.append(min(when.occurred_at, when.now))
        return {
            "order_id": order.order_id,
            "status": status,
            "occurred_at": when.occurred_at,
            **who,
            "lines": [{"product_id": PRODUCTS[0], "quantity": 1, "unit_price_minor": 990}],
            "total_minor": 990,
            "currency": "EUR",
        }

    def _buyer(self, shop: str, visitor: str) -> Value:
        """Return the names that an order goes by: of the device, of another one, of the contact, or an address alone."""
        person = self.owner.get((shop, visitor))
        anybody = self.random.choice(self.people[shop])
        if person is None:
            return {
                "visitor_id": visitor,
                **({"email": self._spelt(anybody.email)} if self.random.random() < 0.3 else {}),
            }
        return self.random.choice(
            (
                {"visitor_id": visitor},
                {"visitor_id": visitor, "contact_id": person.contact_id},
                {"visitor_id": self.random.choice(person.devices)},
                {"visitor_id": visitor, "phone": self._dialled(person.phone)},
                {"contact_id": person.contact_id},
                {"contact_id": person.contact_id, "email": self._spelt(anybody.email)},
                {"email": self._spelt(person.email)},
                {"phone": self._dialled(person.phone)},
            )
        )
