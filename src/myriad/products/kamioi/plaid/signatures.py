"""Plaid's webhooks, each proven before a byte of it is read (its page "Webhook verification").

The header Plaid-Verification is a JWT (RFC 7519) signed with ES256 and nothing else. Its head names
the key, its claims the time and the SHA-256 of the body, byte for byte.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from myriad.kit.jwt import Token, TokenFormatError, is_signed_es256, read_p256_key, read_token
from myriad.products.kamioi.plaid.errors import PlaidAnswerError, PlaidSignatureError

LONGEST_AGE_SECONDS = 300
_SKEW_SECONDS = 60
_KEPT_SECONDS = 3600
_REFUSED_SECONDS = 60
_MOST_KEYS = 100
_LONGEST_HEADER = 4000
_LONGEST_KEY_ID = 100

Json = dict[str, Any]
Fetch = Callable[[str], Awaitable[Json]]


@dataclass
class KeyRing:
    """Plaid's keys by id, each asked for at most once an hour; unknown ids once a minute."""

    _keys: dict[str, tuple[float, Json | None]] = field(default_factory=dict)

    async def get(self, key_id: str, fetch: Fetch) -> ec.EllipticCurvePublicKey:
        """Return a key that has not expired, or raise PlaidSignatureError."""
        found = self._keys.get(key_id)
        if found is None or found[0] < time.time():
            found = await self._ask(key_id, fetch)
        key = found[1]
        expired_at = key.get("expired_at") if key else None
        if key is None or (expired_at is not None and float(expired_at) <= time.time()):
            raise PlaidSignatureError("the webhook is signed by a key that is unknown or expired")
        try:
            return read_p256_key(key)
        except TokenFormatError:
            message = "the webhook's key is damaged, or of another kind than ES256 needs"
            raise PlaidSignatureError(message) from None

    async def _ask(self, key_id: str, fetch: Fetch) -> tuple[float, Json | None]:
        try:
            key, seconds = await fetch(key_id), _KEPT_SECONDS
        except PlaidAnswerError:
            key, seconds = None, _REFUSED_SECONDS
        while len(self._keys) >= _MOST_KEYS:
            del self._keys[next(iter(self._keys))]
        self._keys[key_id] = (time.time() + seconds, key)
        return self._keys[key_id]


async def check_webhook(header: str | None, body: bytes, keys: KeyRing, fetch: Fetch) -> None:
    """Raise PlaidSignatureError unless Plaid signed exactly this body within five minutes."""
    token = _read(header)
    key_id = token.head.get("kid")
    if token.algorithm != "ES256":
        raise PlaidSignatureError("the webhook is not signed with ES256")
    if not isinstance(key_id, str) or not 0 < len(key_id) <= _LONGEST_KEY_ID:
        raise PlaidSignatureError("the webhook names no key")
    _check_age(token.claims)
    if not is_signed_es256(token, await keys.get(key_id, fetch)):
        raise PlaidSignatureError("the webhook's signature is forged")
    digest = hashlib.sha256(body).hexdigest().encode()
    if not hmac.compare_digest(digest, str(token.claims.get("request_body_sha256", "")).encode()):
        raise PlaidSignatureError("the webhook's body is another than the signed one")


def _read(header: str | None) -> Token:
    if not header or len(header) > _LONGEST_HEADER:
        raise PlaidSignatureError("the webhook carries no signature")
    try:
        return read_token(header)
    except TokenFormatError:
        raise PlaidSignatureError("the webhook's signature is no JWT, or a damaged one") from None


def _check_age(claims: Json) -> None:
    issued = claims.get("iat")
    if isinstance(issued, bool) or not isinstance(issued, int | float):
        raise PlaidSignatureError("the webhook does not say when it was signed")
    if not -_SKEW_SECONDS <= time.time() - issued <= LONGEST_AGE_SECONDS:
        raise PlaidSignatureError("the webhook was signed more than five minutes ago")
