"""Google's notifications: Cloud Pub/Sub pushes, each proven before a byte of it is read.

Two proofs are known ("Authenticate push subscriptions", Cloud Pub/Sub): an OIDC token, RS256 by
Google's keys, for our audience and the subscription's service account; or, for a subscription
without one, a secret token in the address. Where an audience is set, only the first counts.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import time
from collections.abc import Mapping
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

from myriad.kit.errors import InvalidInputError
from myriad.kit.jwt import TokenFormatError, is_signed_rs256, read_rsa_key, read_token
from myriad.products.keeper.errors import WebhookSignatureError

ISSUERS = ("https://accounts.google.com", "accounts.google.com")
_SKEW_SECONDS = 60


class _Message(msgspec.Struct):
    messageId: str  # noqa: N815 - Pub/Sub's own name
    data: str = ""


class _Envelope(msgspec.Struct):
    message: _Message
    subscription: str = ""


class Notification(msgspec.Struct):
    """What one push says; names are resource names, empty where they are not given."""

    event_id: str
    type: str
    location: str
    review: str


def read_notification(body: bytes) -> Notification:
    """Return what a push carries; raises InvalidInputError for anything else."""
    try:
        envelope = msgspec.json.decode(body, type=_Envelope)
        content = base64.b64decode(envelope.message.data, validate=True)
        told = msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.DecodeError, binascii.Error, UnicodeDecodeError):
        raise InvalidInputError("the body is no Pub/Sub push of a Business Profile") from None
    return Notification(
        event_id=f"google:{envelope.message.messageId}"[:200],
        type=_first(told, "notificationType", "notification_type", "type"),
        location=_first(told, "locationName", "location_name"),
        review=_first(told, "reviewName", "review_name"),
    )


def _first(told: Mapping[str, Any], *names: str) -> str:
    return next((str(told[name]) for name in names if told.get(name)), "")


def check_secret(given: str | None, secret: str) -> None:
    """Raise WebhookSignatureError unless the address carried the secret; constant time."""
    if not secret or not hmac.compare_digest((given or "").encode(), secret.encode()):
        raise WebhookSignatureError("the push carries no valid token")


def check_oidc(
    header: str | None, keys: Mapping[str, RSAPublicNumbers], *, audience: str, email: str
) -> None:
    """Raise WebhookSignatureError unless the bearer token is Google's, for us, and fresh (RFC 7519).

    `keys` are Google's by key id; `email` is the subscription's service account, empty for any
    that Google vouches for.
    """
    try:
        token = read_token((header or "").removeprefix("Bearer ").strip())
    except TokenFormatError:
        raise WebhookSignatureError("the push carries no token, or a damaged one") from None
    key = keys.get(str(token.head.get("kid")))
    if token.algorithm != "RS256" or key is None:
        raise WebhookSignatureError("the push's token is signed by an unknown key")
    if not is_signed_rs256(token, key):
        raise WebhookSignatureError("the push's token is forged")
    _check_claims(token.claims, audience, email)


def _check_claims(claims: Mapping[str, Any], audience: str, email: str) -> None:
    fault = None
    now = time.time()
    if claims.get("iss") not in ISSUERS:
        fault = "another issuer"
    elif claims.get("aud") != audience:
        fault = "another audience"
    elif not _number(claims.get("exp")) > now - _SKEW_SECONDS:
        fault = "an end that has passed"
    elif _number(claims.get("iat")) > now + _SKEW_SECONDS:
        fault = "a beginning that is to come"
    elif claims.get("email_verified") is not True or (email and claims.get("email") != email):
        fault = "another service account"
    if fault:
        raise WebhookSignatureError(f"the push's token names {fault}")


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def read_keys(document: bytes) -> dict[str, RSAPublicNumbers]:
    """Return the RSA keys of a JSON Web Key Set (RFC 7517) by id; raises TokenFormatError."""
    listed = msgspec.json.decode(document, type=dict[str, list[dict[str, Any]]]).get("keys", [])
    return {str(key["kid"]): read_rsa_key(key) for key in listed if key.get("kty") == "RSA"}
