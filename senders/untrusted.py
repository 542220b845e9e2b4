"""What may a shop's words and links do in a message?

Be read, and be followed. Titles, names and addresses are data: they cannot start a line, turn the reading direction of
what stands around them, or be mistaken for code. Escaping for HTML is the template engine's business.
"""

import re
from urllib.parse import urlsplit

_BREAKS = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
#: Overrides, embeddings and isolates of direction (Unicode TR 9), which outlive the words they came with; and what is
#: no character at all.
_UNFIT = re.compile(r"[\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]")
_MAX_LINK = 2048
_MAX_NAME = 40
_LIKE_A_LINK = re.compile(r"[/\\:@<>{}\[\]|=%\d]|\.\S")


def plain(text: str) -> str:
    """Return the text on one line, without controls or lasting changes of direction. A no-break space stays."""
    return _BREAKS.sub(" ", _UNFIT.sub("", text)).strip()


def given_name(text: str | None) -> str | None:
    """Return a first name fit for a greeting; None when there is none, or when it looks like somebody's advertisement.

    Forms are filled in with `Win 1000 € at evil.example` so that the shop's own mail carries it.
    """
    name = plain(text or "")
    return name if name and len(name) <= _MAX_NAME and not _LIKE_A_LINK.search(name) else None


def web_link(url: str | None) -> str | None:
    """Return the link when it is an absolute http or https one that leads where it seems to; None otherwise.

    No `javascript:` or `data:`, no `//host`, no user part (`https://shop@evil`), no backslash, no blank or control.
    """
    if not url or len(url) > _MAX_LINK or "\\" in url or plain(url) != url or " " in url:
        return None
    try:
        parts = urlsplit(url)
        port_is_sound = parts.port is None or parts.port > 0
    except ValueError:
        return None
    sound = parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc and port_is_sound
    return url if sound else None
