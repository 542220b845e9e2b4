"""What does a page view change, most of the time?

The visitor has no open episode, is already known as the contact that the event names, and the event is new: then only times, source
stamp and recent ids move, and those are changed in its bytes as they are. Three records of four are such page views
(deploy/decisions/0008-what-made-detection-faster.md). It comes to the same as the long way (`streams/core/hearing.py`), which everything else goes.
"""

from streams.core.events import PageViewed
from streams.core.memory import DIGEST_BYTES, MAX_RECENT
from streams.core.state import HEAD, encode

_LONGEST = (MAX_RECENT - 1) * DIGEST_BYTES
#: Behind the header of the array in which a visitor's contact comes first (`streams/core/visitor.py`).
_CONTACT_AT = HEAD.size + 1

_head, _headed = HEAD.unpack_from, HEAD.pack


def browsed(stored: bytes, view: PageViewed, offset: int, now: int, forget_after_ms: int) -> bytes | None:
    """Return a visitor's bytes after the page view at a journal offset, at stream time `now` (ms, UTC); None: it takes the long way."""
    stamp, wake, heard, recent_at, others, source, heard_offset = _head(stored)
    if (
        wake
        or offset <= stamp
        or view.source != source
        or view.offset <= heard_offset
        or now - heard >= forget_after_ms
        or stored.find(view.digest, recent_at) >= 0
        or len(stored) - recent_at > _LONGEST
    ):
        return None
    contact_id = view.contact_id
    if contact_id is not None and not stored.startswith(encode(contact_id), _CONTACT_AT + others):
        return None
    return _headed(offset, 0, now, recent_at, others, source, view.offset) + stored[HEAD.size :] + view.digest
