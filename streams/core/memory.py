"""Has this subject already heard this event?

Law 1  A source record sent twice arrives twice in the same order: what is not above the source stamp is not new.
Law 2  A shop's retry has a new offset and the same id: what is among the last `MAX_RECENT` ids is not new.
"""

#: A subject recognises a repeated event among the last this many.
MAX_RECENT = 2048
DIGEST_BYTES = 8


def remembered(recent: bytes, digest: bytes) -> bytes | None:
    """Return the recent digests (`DIGEST_BYTES` each, oldest first) with one more, or None if it is among them.

    The oldest goes when there are too many.
    """
    found = recent.find(digest)
    while found >= 0:
        if found % DIGEST_BYTES == 0:
            return None
        found = recent.find(digest, found + 1)
    longer = recent + digest
    return longer if len(longer) <= MAX_RECENT * DIGEST_BYTES else longer[-MAX_RECENT * DIGEST_BYTES :]
