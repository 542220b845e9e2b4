"""What does a converter make, and what does it say about what it leaves out?"""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple


class Record(NamedTuple):
    """One message in the making; what all messages share is added by `convert`."""

    topic: str
    #: Unique in the recording, and the same whenever it is made again.
    event_id: str
    #: ms since the epoch, UTC.
    occurred_at: int
    #: The message's own fields.
    fields: dict[str, object]


@dataclass
class Tally:
    """What became of a data set's rows: `rows` is `taken` and all that was `skipped`."""

    #: Rows that went into a record; several may go into one order.
    taken: int = 0
    #: Rows left out, by reason.
    skipped: Counter[str] = field(default_factory=Counter)
    #: Records made, by topic.
    written: Counter[str] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        """Rows read."""
        return self.taken + self.skipped.total()


class BadSource(Exception):
    """The file is not the data set it was said to be: show the message, it says where and what was expected."""
