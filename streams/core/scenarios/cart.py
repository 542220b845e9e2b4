"""When has a visitor left a cart behind?

Law 1  An episode opens at an add. Any activity moves its deadline, never back.
Law 2  Reaching the deadline ends the episode with a candidate. An order or an emptied cart ends it without one.
Law 3  News that arrives late never makes a message fire at once: the deadline waits `min_hold_ms` from its arrival.
"""

from msgspec import Struct

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


class CartRules(Struct, frozen=True, kw_only=True):
    """One scenario of kind `cart`, as a marketer wrote it."""

    name: str
    #: Silence that makes a cart abandoned.
    idle_for_ms: int = 30 * MINUTE_MS
    #: Shortest wait after an event that arrived late.
    min_hold_ms: int = 5 * MINUTE_MS
    #: At most one relaunch per contact in a sliding window of this length.
    once_per_ms: int = 24 * HOUR_MS
    #: How long after its deadline a message is still worth sending.
    expires_after_ms: int = 24 * HOUR_MS
    channel: str = "email"
    template: str = "cart-reminder"


class Episode(Struct, frozen=True, array_like=True, gc=False):
    """A cart being filled, from its first add to its deadline."""

    #: When the add that opened it happened, ms since the epoch, UTC, and that event's id.
    opened_at: int
    trigger_id: str
    #: When silence will have lasted long enough, ms since the epoch, UTC.
    due_at: int
    #: Id of the last activity.
    last_id: str


def opened(id: str, *, at: int, arrived_at: int, rules: CartRules) -> Episode:
    """Return the episode that an add opens; times in ms, UTC."""
    return Episode(at, id, _deadline(at, arrived_at, rules), id)


def continued(episode: Episode, id: str, *, at: int, arrived_at: int, rules: CartRules) -> Episode:
    """Return the episode after one more activity; times in ms, UTC."""
    due_at = _deadline(at, arrived_at, rules)
    if due_at < episode.due_at:
        due_at = episode.due_at
    return Episode(episode.opened_at, episode.trigger_id, due_at, id)


def is_abandoned(episode: Episode, *, now: int) -> bool:
    """Say whether silence has lasted long enough. Exactly at the deadline, it has."""
    return now >= episode.due_at


def _deadline(at: int, arrived_at: int, rules: CartRules) -> int:
    due_at = at + rules.idle_for_ms
    if arrived_at > at:
        due_at = max(due_at, arrived_at + rules.min_hold_ms)
    return due_at
