"""Which records are fences, for every reader of a fenced topic to step over?

A sender appends one to each partition of the fenced topics before it sends: see `senders/gate.py`. A fence has no
value, so it must be told from a tombstone by its header.
"""

from collections.abc import Iterable

#: Key of a fence. Keys are for people who look; the header decides.
KEY = b"relance:fence"
#: Header of a fence; its value names the fence.
HEADER = "relance-fence"


def is_fence(headers: Iterable[tuple[str, bytes]]) -> bool:
    """Say whether a record with these headers is a fence: it advances the reader and says nothing else."""
    return any(name == HEADER for name, _ in headers)
