"""How is one partition told a story, event by event?

Each event arrives when the story says and, unless it says otherwise, happened just then. What one subject tells another is heard at once.
"""

from msgspec import Struct
from msgspec.structs import replace

from streams.core.decisions import Decision, Relaunch
from streams.core.events import FromShop, Notice
from streams.core.identity import CONTACT, MAIL, VISITOR, subject
from streams.core.partition import Partition
from streams.core.scenarios.cart import CartRules
from streams.journal.records import TICK, TICK_KEY, encode
from tests.core.events import digest

LAPTOP, PHONE = (subject(VISITOR, "s", id) for id in ("laptop", "phone"))
ANNA, BERT = (subject(CONTACT, "s", id) for id in ("anna", "bert"))
ANNAS_MAIL = subject(MAIL, "s", "0a1b")
REMINDER = CartRules(name="cart-reminder")


class Written(Struct, frozen=True):
    """A record of the journal."""

    offset: int
    timestamp: int
    key: bytes
    value: bytes


class Story:
    """A partition, what was told to it, and what followed."""

    def __init__(self, *rules: CartRules, partition: Partition | None = None) -> None:
        self.partition = partition if partition is not None else Partition(rules or (REMINDER,))
        self.decisions: list[Decision] = []
        self.relaunches: list[Relaunch] = []
        self.notices: list[tuple[bytes, Notice]] = []
        self.ended: list[str] = []
        #: The latest state of every subject.
        self.changes: dict[bytes, bytes | None] = {}
        self._events = 0

    def tell(
        self, at: int, key: bytes, event: FromShop, *, id: str | None = None, happened_at: int | None = None
    ) -> None:
        """Tell a subject of an event that arrives at `at`; its id is of its own unless given."""
        self._events += 1
        id = id or f"e{self._events}"
        happened_at = at if happened_at is None else happened_at
        self.append(at, key, replace(event, id=id, digest=digest(id), at=happened_at, offset=self._events))

    def pass_time(self, at: int) -> None:
        """Let a tick come at `at`."""
        self._apply(at, TICK_KEY, TICK)

    def append(self, at: int, key: bytes, event: FromShop | Notice) -> None:
        """Append an event as it stands, or a notice."""
        self._apply(at, key, encode(event))

    @property
    def decided(self) -> list[str]:
        """The decisions in a word each."""
        return [decision.decision for decision in self.decisions]

    def _apply(self, at: int, key: bytes, value: bytes) -> None:
        effects = self.partition.apply([Written(self.partition.offset + 1, at, key, value)])
        self.decisions += effects.decisions
        self.relaunches += effects.relaunches
        self.notices += effects.notices
        self.ended += [how for how, count in effects.ended.items() for _ in range(count)]
        self.changes |= effects.changes
        for told, notice in effects.notices:
            self.append(at, told, notice)
