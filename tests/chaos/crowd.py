"""Who comes to the shops while things go wrong, and what do they do?

A crowd of visitors, 30 % of them with a contact, which has up to three devices. Each of its events happens about now: some are told
twice, some late, some in advance, some wrongly, orders at times many seconds late. Simpler than `histories.py`, and a hundred times as fast.
"""

from collections import deque
from random import Random
from typing import Any, NamedTuple

import msgspec

Value = dict[str, Any]

SHOPS = ("s1", "s2")
STATUSES = ("placed", "paid", "paid", "pending", "failed", "cancelled", "refunded")
LATE_MS = (1, 50, 400, 1_500, 4_000, 20_000, 90_000)
#: So many visitors do so large a part of everything that happens.
BOTS, OF_BOTS = 5, 0.01
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0"
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
SPOILT: tuple[Value, ...] = ({"v": 2}, {"event_id": ""}, {"occurred_at": 0}, {"occurred_at": "now"}, {"shop_id": None})

_json = msgspec.json.Encoder().encode


class Published(NamedTuple):
    """What is published, and where."""

    topic: str
    #: Chooses the partition; no shop's choice is trusted.
    place: int
    key: bytes
    value: bytes


class Crowd:
    """An endless, seeded history of shops, told as it happens."""

    def __init__(self, seed: int, visitors: int) -> None:
        self._random = Random(seed)
        self._visitors = visitors
        self._events = 0
        #: What may be told again.
        self._said: deque[Published] = deque(maxlen=5_000)
        self._orders: deque[Value] = deque(maxlen=500)

    def next(self, now: int) -> Published:
        """Return what is published next, at `now`, ms, UTC."""
        if self._said and self._random.random() < 0.03:
            again = self._random.choice(self._said)
            return again._replace(place=again.place + self._random.randrange(2))
        said = self._new(now)
        self._said.append(said)
        return said

    def _new(self, now: int) -> Published:
        chance = self._random
        visitor = chance.randrange(BOTS if chance.random() < OF_BOTS else self._visitors)
        topic, value = self._event(visitor, chance.random())
        self._events += 1
        value = {
            "v": 1,
            "event_id": f"e{self._events:x}",
            "shop_id": _shop(visitor),
            "occurred_at": self._occurred_at(now),
            **value,
        }
        if topic == "contacts":
            value["occurred_at"] = now
        elif chance.random() < 0.005:
            value |= chance.choice(SPOILT)
        name = value.get("product_id" if topic == "catalog" else "contact_id")
        key = f"{_shop(visitor)}:{name}" if topic in ("catalog", "contacts") else f"{visitor}"
        place = visitor if chance.random() < 0.9 else chance.randrange(1000)
        return Published(topic, place, key.encode(), _json(value))

    def _occurred_at(self, now: int) -> int:
        draw = self._random.random()
        if draw < 0.85:
            return now
        return now + 2_000 if draw < 0.855 else now - self._random.choice(LATE_MS)

    def _event(self, visitor: int, draw: float) -> tuple[str, Value]:
        if draw < 0.55:
            return "page-views", self._view(visitor)
        if draw < 0.80:
            return "cart-adds", self._cart_change(visitor)
        if draw < 0.87:
            return "orders", self._order(visitor)
        contact = self._contact(visitor) or self._contact(visitor // 10 * 10)
        if draw < 0.96:
            return "consent-changes", self._consent(str(contact))
        if draw < 0.99:
            return "contacts", {"contact_id": contact, **self._addresses(str(contact))}
        product = {"title": "Lamp", "url": "https://shop.example/p", "price_minor": 990, "currency": "EUR"}
        return "catalog", {"product_id": f"p{visitor % 9}", **product}

    def _view(self, visitor: int) -> Value:
        view = {"visitor_id": f"v{visitor}", "kind": "product", "product_id": f"p{visitor % 9}", **self._named(visitor)}
        draw = self._random.random()
        if draw < 0.01:
            return {**view, "user_agent": CRAWLER}
        return {**view, "user_agent": BROWSER} if draw < 0.2 else view

    def _cart_change(self, visitor: int) -> Value:
        action = self._random.choice(("add", "add", "add", "add", "set", "set", "remove", "empty"))
        change = {"visitor_id": f"v{visitor}", "action": action, **self._named(visitor)}
        if action == "empty":
            return change
        change["product_id"] = f"p{self._random.randrange(4)}"
        if action == "add":
            return change | {"quantity": 1, "unit_price_minor": 990, "currency": "EUR", "cart_id": f"k{visitor}"}
        return change | {"quantity": self._random.randrange(3)} if action == "set" else change

    def _order(self, visitor: int) -> Value:
        if self._orders and self._random.random() < 0.4:
            return {**self._random.choice(self._orders), "status": self._random.choice(STATUSES)}
        order = {
            "shop_id": _shop(visitor),
            "order_id": f"o{self._events:x}",
            "status": self._random.choice(STATUSES),
            **self._buyer(visitor),
            "lines": [{"product_id": "p1", "quantity": 1, "unit_price_minor": 990}],
            "total_minor": 990,
            "currency": "EUR",
        }
        self._orders.append(order)
        return order

    def _buyer(self, visitor: int) -> Value:
        """Return the names that an order goes by: of this device, of another one, of the contact, or an address."""
        contact = self._contact(visitor)
        if contact is None:
            return {"visitor_id": f"v{visitor}"}
        names: tuple[Value, ...] = (
            {"visitor_id": f"v{visitor}"},
            {"visitor_id": f"v{visitor}", "contact_id": contact},
            {"visitor_id": f"v{visitor // 10 * 10 + self._random.randrange(3)}"},
            {"contact_id": contact},
            self._addresses(contact),
        )
        return self._random.choice(names)

    def _consent(self, contact: str) -> Value:
        state = self._random.choice(("granted", "granted", "granted", "withdrawn"))
        channel = self._random.choice(("email", "email", "email", "sms"))
        return {"contact_id": contact, "channel": channel, "purpose": "marketing", "state": state}

    def _named(self, visitor: int) -> Value:
        contact = self._contact(visitor)
        return {"contact_id": contact} if contact and self._random.random() < 0.3 else {}

    @staticmethod
    def _contact(visitor: int) -> str | None:
        """Return whose device it is: of ten visitors three have a contact, the same one or two."""
        ten, device = divmod(visitor, 10)
        if device > 2:
            return None
        return f"c{ten}" if device < 2 or ten % 3 else f"d{ten}"

    @staticmethod
    def _addresses(contact: str) -> Value:
        number = int(contact[1:]) * 2 + (contact[0] == "d")
        return {"email": f"{contact}@example.com", "phone": f"+336{10_000_000 + number % 90_000_000}"}


def _shop(visitor: int) -> str:
    return SHOPS[visitor // 10 % 7 == 0]
