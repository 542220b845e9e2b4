"""What does a batch of the journal lead to?"""

from collections.abc import Iterable

from msgspec import Struct

from streams.core.decisions import Decision, Relaunch
from streams.core.events import Notice
from streams.core.identity import CONTACT, subject


class Effects(Struct):
    """All that a batch led to, in order. Nothing of it has been done yet."""

    #: To be told to contacts, through the journal: the contact's subject, and what to tell.
    notices: list[tuple[bytes, Notice]] = []
    decisions: list[Decision] = []
    relaunches: list[Relaunch] = []
    #: The changelog: the bytes of every subject that changed, None for one that was forgotten, and the position last.
    changes: list[tuple[bytes, bytes | None]] = []
    #: Episodes that ended, by how: abandoned, ordered, emptied.
    ended: dict[str, int] = {}

    def notify(self, shop_id: str, contact_id: str, notices: Iterable[Notice]) -> None:
        """Have a contact told."""
        key = subject(CONTACT, shop_id, contact_id)
        self.notices.extend((key, notice) for notice in notices)

    def count_ended(self, how: str, episodes: int) -> None:
        """Count episodes that ended."""
        self.ended[how] = self.ended.get(how, 0) + episodes
