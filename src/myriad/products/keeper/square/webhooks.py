"""Square's webhook signature, verified on the bytes that arrived.

The header `x-square-hmacsha256-signature` is base64(HMAC-SHA256(key, notification URL + body)).
The URL must be the subscription's, byte for byte.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from myriad.kit.errors import MyriadError

SIGNATURE_HEADER = "x-square-hmacsha256-signature"


class WebhookSettingsError(MyriadError):
    """Webhooks cannot be verified: the signature key or the notification URL is not set."""

    code = "keeper_webhook_settings"
    title = "Webhooks are not configured"


def sign(body: bytes, *, key: str, url: str) -> str:
    """Return the signature of a body; raises WebhookSettingsError without a key or URL."""
    if not key or not url:
        missing = (
            "MYRIAD_KEEPER__SQUARE_WEBHOOK_KEY"
            if not key
            else ("MYRIAD_KEEPER__SQUARE_WEBHOOK_URL")
        )
        raise WebhookSettingsError(f"set {missing} to verify Square's webhooks")
    digest = hmac.digest(key.encode(), url.encode() + body, hashlib.sha256)
    return base64.b64encode(digest).decode("ascii")


def is_genuine(body: bytes, header: str | bytes | None, *, key: str, url: str) -> bool:
    """Whether `header` signs `body`, in constant time; False for a missing header."""
    expected = sign(body, key=key, url=url).encode("ascii")
    if not header:
        return False
    given = header if isinstance(header, bytes) else header.encode("utf-8", "surrogateescape")
    return hmac.compare_digest(given, expected)
