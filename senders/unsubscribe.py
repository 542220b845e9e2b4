"""How does a link in a message say who wants to hear no more?

Law 1  A token is signed (HMAC-SHA-256, compared in constant time) under a key that serves nothing else, and names it.
Law 2  A token never expires: a no must be possible for as long as the mail exists.
Law 3  A token holds the shop's own ids and no personal data. A GET of the link changes nothing; a POST does (RFC 8058).
"""

import hashlib
import hmac
from typing import NamedTuple

from itsdangerous import BadData, URLSafeSerializer

_PURPOSE = b"relance unsubscribe 1"
_LONGEST = 4096


class Unsubscription(NamedTuple):
    """Who says no, to whom, and to what."""

    shop_id: str
    contact_id: str
    #: `email`, `sms` or `ads`.
    channel: str
    #: `marketing` or `tracking`.
    purpose: str


class BadToken(Exception):
    """A token that nobody here has signed. The catcher answers that the link is not valid, and changes nothing."""


def token(unsubscription: Unsubscription, secret: bytes) -> str:
    """Return `<key id>.<payload>.<signature>`, fit for a URL; `secret` is the installation's."""
    key = _key(secret)
    return f"{_key_id(key)}.{_serializer(key).dumps(unsubscription)}"


def read(token: str, *secrets: bytes) -> Unsubscription:
    """Return what a token says, or raise `BadToken`; `secrets` are the installation's present one and earlier ones."""
    if len(token) > _LONGEST or not token.isascii():
        raise BadToken
    key_id, _, signed = token.partition(".")
    key = next((key for key in map(_key, secrets) if hmac.compare_digest(_key_id(key), key_id)), None)
    if key is None:
        raise BadToken
    try:
        return Unsubscription(*_serializer(key).loads(signed))
    except BadData as error:
        raise BadToken from error


def address(public_url: str, token: str) -> str:
    """Return the https address that a token's link leads to."""
    return f"{public_url.rstrip('/')}/unsubscribe/{token}"


def _key(secret: bytes) -> bytes:
    return hmac.new(secret, _PURPOSE, hashlib.sha256).digest()


def _key_id(key: bytes) -> str:
    return hmac.new(key, b"key id", hashlib.sha256).hexdigest()[:8]


def _serializer(key: bytes) -> URLSafeSerializer:
    signing = {"digest_method": hashlib.sha256, "key_derivation": "hmac"}
    return URLSafeSerializer(key, _PURPOSE, signer_kwargs=signing, serializer_kwargs={"ensure_ascii": False})
