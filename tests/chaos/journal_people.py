"""What is known of a visitor, a contact and an address, and what follows when they are told something?

The rules of a journal, by the plainest reading: one attribute per fact, changed in place. Times are ms since the epoch, UTC.
"""

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from tests.chaos.journal_layout import CANDIDATE, DEVICE, HANDED_OVER, Record, digest, json

BOUGHT = ("placed", "paid", "pending")
LARGEST_QUANTITY = 1_000_000
MOST_LINES = 100
MOST_ORDERS_WAITING = 16
MOST_ORDERS_OF_A_CONTACT = 64
MOST_DEVICES = 32


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """The terms of one scenario; times in ms."""

    name: str
    idle_for: int
    min_hold: int
    once_per: int
    expires_after: int
    channel: str = "email"
    template: str = "cart-reminder"


@dataclass
class Episode:
    """A cart being filled."""

    opened_at: int
    trigger_id: str
    due_at: int
    last_id: str


@dataclass
class Visitor:
    """A browser or app."""

    visitor_id: str
    contact_id: str | None = None
    cart_id: str | None = None
    #: Product -> [product, quantity, price, currency], the last one changed last.
    cart: dict[str, list[Any]] = field(default_factory=dict)
    #: By scenario.
    episodes: dict[str, Episode] = field(default_factory=dict)
    #: Orders that no contact has been told of yet.
    orders: list[Record] = field(default_factory=list)

    @property
    def wakes_at(self) -> int:
        """When the first deadline is; 0 for none."""
        return min((episode.due_at for episode in self.episodes.values()), default=0)

    def link(self, contact_id: str | None) -> list[Record]:
        """Note whose it is; return what the contact must be told."""
        if contact_id is None or contact_id == self.contact_id:
            return []
        self.contact_id = contact_id
        told, self.orders = [[DEVICE, self.visitor_id], *self.orders], []
        return told

    def be_active(self, id: str, at: int, now: int, scenarios: list[Scenario]) -> None:
        """Move the deadlines that are there, never back."""
        for scenario in scenarios:
            if episode := self.episodes.get(scenario.name):
                episode.due_at = max(episode.due_at, _deadline(at, now, scenario))
                episode.last_id = id

    def change_cart(self, id: str, at: int, now: int, change: Record, scenarios: list[Scenario]) -> None:
        """Change the cart: the action and what follows it in the record."""
        action, product_id, quantity, price, currency, cart_id = change
        self.cart_id = cart_id or self.cart_id
        if action == "empty":
            self.cart.clear()
            self.episodes.clear()
            return
        before = self.cart[product_id][1] if product_id in self.cart else 0
        after = _quantity(before, action, quantity)
        self.cart.pop(product_id, None)
        if after > 0:
            self.cart[product_id] = [product_id, after, price, currency]
        if len(self.cart) > MOST_LINES:
            del self.cart[next(iter(self.cart))]
        if not self.cart:
            self.episodes.clear()
        self.be_active(id, at, now, scenarios)
        if action == "add" or after > before:
            for scenario in scenarios:
                if scenario.name not in self.episodes:
                    self.episodes[scenario.name] = Episode(at, id, _deadline(at, now, scenario), id)

    def order(self, at: int, record: Record) -> list[Record]:
        """Take note of an order; return what the contact must be told."""
        _, id, digest_, _, _, _, contact_id, order_id, status = record
        if status in BOUGHT:
            self.cart_id = None
            self.cart.clear()
            self.episodes.clear()
        if contact_id is not None:
            return []
        told = [HANDED_OVER, digest_, id, at, order_id, status]
        if self.contact_id is not None:
            return [told]
        self.orders = [*self.orders, told][-MOST_ORDERS_WAITING:]
        return []

    def give_up(self, now: int, scenarios: list[Scenario]) -> list[Record]:
        """End the episodes that are due; return a candidate for each."""
        due = [scenario for scenario in scenarios if self._is_due(scenario, now)]
        return [self._candidate(scenario, self.episodes.pop(scenario.name)) for scenario in due]

    def _is_due(self, scenario: Scenario, now: int) -> bool:
        episode = self.episodes.get(scenario.name)
        return episode is not None and episode.due_at <= now

    def _candidate(self, scenario: Scenario, episode: Episode) -> Record:
        return [
            CANDIDATE, digest("\x1f".join((self.visitor_id, scenario.name, episode.trigger_id))), self.visitor_id,
            scenario.name, 1, scenario.channel, scenario.template, scenario.once_per, scenario.expires_after,
            episode.trigger_id, episode.opened_at, episode.last_id, episode.due_at, self.cart_id, list(self.cart.values()),
        ]  # fmt: skip


@dataclass
class Address:
    """An e-mail address or a phone number, by its fingerprint."""

    contact_id: str | None = None
    orders: list[Record] = field(default_factory=list)

    def belong(self, contact_id: str) -> list[Record]:
        """Note whose it is; return what the contact must be told."""
        self.contact_id = contact_id
        told, self.orders = self.orders, []
        return told

    def order(self, at: int, record: Record) -> list[Record]:
        """Take note of an order; return what the contact must be told."""
        _, id, digest_, _, _, _, contact_id, order_id, status = record
        if contact_id is not None and contact_id == self.contact_id:
            return []
        told = [HANDED_OVER, digest_, id, at, order_id, status]
        if self.contact_id is not None:
            return [told]
        self.orders = [*self.orders, told][-MOST_ORDERS_WAITING:]
        return []


@dataclass
class Contact:
    """A person whom one may write to, or not."""

    shop_id: str
    contact_id: str
    #: (channel, purpose) -> when, whether granted, event id.
    consents: dict[tuple[str, str], tuple[int, bool, str]] = field(default_factory=dict)
    #: Order id -> when, status, event id.
    orders: dict[str, tuple[int, str, str]] = field(default_factory=dict)
    devices: list[str] = field(default_factory=list)
    #: Scenario -> when a relaunch was decided, and the event that had opened its episode.
    relaunched: dict[str, tuple[int, str]] = field(default_factory=dict)

    def consent(self, at: int, id: str, channel: str, purpose: str, granted: bool) -> None:
        """Take note of a yes or a no."""
        known_at, known_granted, _ = self.consents.get((channel, purpose), (-1, True, ""))
        if at > known_at or (at == known_at and known_granted):
            self.consents[channel, purpose] = at, granted, id

    def order(self, at: int, id: str, order_id: str, status: str) -> None:
        """Take note of an order's status."""
        if order_id in self.orders and at < self.orders[order_id][0]:
            return
        self.orders[order_id] = at, status, id
        if len(self.orders) > MOST_ORDERS_OF_A_CONTACT:
            ranked = [(status in BOUGHT, at, order_id) for order_id, (at, status, _) in self.orders.items()]
            del self.orders[min(ranked)[2]]

    def device(self, visitor_id: str) -> None:
        """Take note of a device."""
        self.devices = _with(self.devices, visitor_id)

    def decide(self, candidate: Record, now: int) -> tuple[bytes, bytes | None]:
        """Return the decision, and what stands on `relaunch` if it is a yes; both JSON."""
        scenario, once_per, trigger_id = candidate[3], candidate[7], candidate[9]
        decision, evidence = self._verdict(candidate, now)
        line = decision_line(self.shop_id, self.contact_id, candidate, decision, evidence, now)
        if decision != "relaunch":
            return json(line), None
        self.relaunched[scenario] = now, trigger_id
        return json(line), json(self._relaunch(candidate, line, once_per))

    def _verdict(self, candidate: Record, now: int) -> tuple[str, list[str]]:
        scenario, channel, once_per, trigger_at = candidate[3], candidate[5], candidate[7], candidate[10]
        bought = [(at, id) for at, status, id in self.orders.values() if status in BOUGHT and at >= trigger_at]
        if bought:
            return "purchased", [min(bought)[1]]
        consent = self.consents.get((channel, "marketing"))
        if consent is None:
            return "no_consent", []
        if not consent[1]:
            return "no_consent", [consent[2]]
        if scenario in self.relaunched and now - self.relaunched[scenario][0] < once_per:
            return "pressure", [self.relaunched[scenario][1]]
        return "relaunch", [consent[2]]

    def _relaunch(self, candidate: Record, line: dict[str, Any], once_per: int) -> dict[str, Any]:
        expires_after, due_at, cart_id, lines = candidate[8], candidate[12], candidate[13], candidate[14]
        return {
            "v": 1,
            "event_id": f"{line['relaunch_id']}/1",
            "shop_id": self.shop_id,
            "occurred_at": line["decided_at"],
            "relaunch_id": line["relaunch_id"],
            "contact_id": self.contact_id,
            "visitor_id": line["visitor_id"],
            "visitor_ids": _with(self.devices, line["visitor_id"]),
            "cart_id": cart_id,
            "scenario": line["scenario"],
            "step": 1,
            "attempt": 1,
            "channel": candidate[5],
            "template": candidate[6],
            "once_per": once_per,
            "trigger_at": line["trigger_at"],
            "due_at": due_at,
            "decided_at": line["decided_at"],
            "expires_at": due_at + expires_after,
            "lines": [
                dict(zip(("product_id", "quantity", "unit_price_minor", "currency"), of, strict=True)) for of in lines
            ],
            "evidence": line["evidence"],
        }


def decision_line(
    shop_id: str, contact_id: str | None, candidate: Record, decision: str, evidence: list[str], now: int
) -> dict[str, Any]:
    """Return a decision as it stands on `relance.decisions`."""
    visitor_id, scenario, step, trigger_id, trigger_at, last_id = (candidate[place] for place in (2, 3, 4, 9, 10, 11))
    parts = (shop_id, contact_id or "", scenario, trigger_id, str(step))
    return {
        "relaunch_id": blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest(),
        "shop_id": shop_id,
        "contact_id": contact_id,
        "visitor_id": visitor_id,
        "scenario": scenario,
        "step": step,
        "decision": decision,
        "trigger_at": trigger_at,
        "decided_at": now,
        "evidence": [*dict.fromkeys((trigger_id, last_id)), *evidence],
    }


def _with(devices: list[str], visitor_id: str) -> list[str]:
    return devices if visitor_id in devices else [*devices, visitor_id][-MOST_DEVICES:]


def _quantity(before: int, action: str, quantity: int | None) -> int:
    if action == "add":
        return min(before + (quantity or 1), LARGEST_QUANTITY)
    if action == "remove":
        return 0 if quantity is None else max(0, before - quantity)
    return quantity or 0


def _deadline(at: int, now: int, scenario: Scenario) -> int:
    due_at = at + scenario.idle_for
    return max(due_at, now + scenario.min_hold) if now > at else due_at
