"""What does one visitor (a browser, an app) notice?

Law 1  A visitor is linked to a contact by the first event that names both, and by the latest one from then on.
Law 2  An order counts for a contact from whichever device: one that did not name the contact is handed over to it, at once
       when the visitor is linked, at the first link otherwise (deploy/decisions/0005-suppress-wide.md).
Law 3  A candidate goes to the contact the visitor is linked to when its deadline fires.
"""

from hashlib import blake2b

from msgspec import Struct
from msgspec.structs import replace

from streams.core import cart
from streams.core.events import (
    Candidate,
    CartChanged,
    DeviceLinked,
    Line,
    Notice,
    OrderChanged,
    OrderHandedOver,
    PageViewed,
)
from streams.core.memory import DIGEST_BYTES
from streams.core.scenarios.cart import CartRules, Episode, continued, is_abandoned, opened

#: Orders that end an episode: the visitor has bought, or is about to.
STOPPING = frozenset({"placed", "paid", "pending"})

#: Orders that an unlinked visitor keeps for the contact it may turn out to be; beyond it, the oldest goes.
MAX_ORDERS = 16


class Visitor(Struct, frozen=True, array_like=True, gc=False):
    """All that is remembered of one visitor, besides what it has already heard."""

    contact_id: str | None = None
    cart_id: str | None = None
    lines: tuple[Line, ...] = ()
    #: Open episodes, by scenario.
    episodes: dict[str, Episode] = {}
    #: Orders made before the visitor was linked.
    orders: tuple[OrderHandedOver, ...] = ()

    @property
    def wake_at(self) -> int:
        """When to look again, ms since the epoch, UTC; 0 for never."""
        due_at = 0
        for episode in self.episodes.values():
            if due_at == 0 or episode.due_at < due_at:
                due_at = episode.due_at
        return due_at


Rules = tuple[CartRules, ...]
NOTHING: tuple[Notice, ...] = ()


def linked(visitor: Visitor, visitor_id: str, contact_id: str) -> tuple[Visitor, tuple[Notice, ...]]:
    """Return the visitor as this contact's, and what to tell the contact: the device, and what it ordered while anonymous."""
    notices: tuple[Notice, ...] = (DeviceLinked(visitor_id=visitor_id), *visitor.orders)
    return replace(visitor, contact_id=contact_id, orders=()), notices


def after_page_view(visitor: Visitor, event: PageViewed, *, at: int, now: int, rules: Rules) -> Visitor:
    """Return the visitor after a page view; `at` is when it happened, `now` is stream time, ms, UTC."""
    if not visitor.episodes:
        return visitor
    episodes = _continued(visitor.episodes, event.id, at, now, rules)
    return Visitor(visitor.contact_id, visitor.cart_id, visitor.lines, episodes, visitor.orders)


def after_cart_change(visitor: Visitor, event: CartChanged, *, at: int, now: int, rules: Rules) -> Visitor:
    """Return the visitor after a change of the cart; `at` is when it happened, `now` is stream time, ms, UTC."""
    lines, more = cart.after(visitor.lines, event)
    episodes = _continued(visitor.episodes, event.id, at, now, rules) if lines else {}
    if more:
        episodes = _opened(episodes, event.id, at, now, rules)
    return Visitor(visitor.contact_id, event.cart_id or visitor.cart_id, lines, episodes, visitor.orders)


def after_order(visitor: Visitor, event: OrderChanged, *, at: int) -> tuple[Visitor, tuple[Notice, ...]]:
    """Return the visitor after an order that names it, and what to tell its contact; `at` is when it happened, ms, UTC."""
    if event.status in STOPPING:
        visitor = Visitor(visitor.contact_id, None, (), {}, visitor.orders)
    if event.contact_id is not None:
        return visitor, NOTHING
    order = handed_over(event, at)
    if visitor.contact_id is not None:
        return visitor, (order,)
    return replace(visitor, orders=(*visitor.orders, order)[-MAX_ORDERS:]), NOTHING


def at_deadline(visitor: Visitor, *, now: int, rules: Rules) -> tuple[Visitor, list[tuple[CartRules, Episode]]]:
    """Return the visitor without the episodes that end now, and those episodes, earliest deadline first.

    The episode of a scenario that is no longer there ends in silence.
    """
    ended = {name for name, episode in visitor.episodes.items() if is_abandoned(episode, now=now)}
    left = {name: episode for name, episode in visitor.episodes.items() if name not in ended}
    abandoned = [(rule, visitor.episodes[rule.name]) for rule in rules if rule.name in ended]
    return replace(visitor, episodes=left), sorted(abandoned, key=lambda pair: pair[1].due_at)


def candidate(visitor: Visitor, visitor_id: str, rules: CartRules, episode: Episode) -> Candidate:
    """Return what a contact is asked about an abandoned cart."""
    parts = (visitor_id, rules.name, episode.trigger_id)
    return Candidate(
        digest=blake2b("\x1f".join(parts).encode(), digest_size=DIGEST_BYTES).digest(),
        visitor_id=visitor_id,
        scenario=rules.name,
        step=1,
        channel=rules.channel,
        template=rules.template,
        once_per_ms=rules.once_per_ms,
        expires_after_ms=rules.expires_after_ms,
        trigger_id=episode.trigger_id,
        trigger_at=episode.opened_at,
        last_id=episode.last_id,
        due_at=episode.due_at,
        cart_id=visitor.cart_id,
        lines=visitor.lines,
    )


def handed_over(event: OrderChanged, at: int) -> OrderHandedOver:
    """Return an order as it is told to a contact that it did not name."""
    return OrderHandedOver(digest=event.digest, id=event.id, at=at, order_id=event.order_id, status=event.status)


def _continued(episodes: dict[str, Episode], id: str, at: int, now: int, rules: Rules) -> dict[str, Episode]:
    return {
        rule.name: continued(episodes[rule.name], id, at=at, arrived_at=now, rules=rule)
        for rule in rules
        if rule.name in episodes
    }


def _opened(episodes: dict[str, Episode], id: str, at: int, now: int, rules: Rules) -> dict[str, Episode]:
    return episodes | {
        rule.name: opened(id, at=at, arrived_at=now, rules=rule) for rule in rules if rule.name not in episodes
    }
