"""Notifications that go out as Cloud Pub/Sub pushes them, and are tried again when they fail."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import uuid4

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from myriad.kit.clock import utc_now
from myriad.kit.jwt import encode_part
from myriad.products.keeper.google.simulator.state import GoogleSettings
from myriad.products.keeper.google.simulator.world import timestamp
from myriad.scale.simulator.deliveries import Deliveries, post_once

_KEPT = 500
_KEY_ID = "simulated-key"


@dataclass
class Push:
    """One message on its way, with the status of each attempt (0 when nobody answered)."""

    body: bytes
    statuses: list[int] = field(default_factory=list)


@dataclass
class Pushes:
    """Sends messages to the subscription's address."""

    settings: GoogleSettings
    sent: list[Push] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._on_their_way = Deliveries(
            self.settings.webhook_first_retry_seconds, self.settings.webhook_attempts
        )

    @cached_property
    def key(self) -> rsa.RSAPrivateKey:
        """The key that signs tokens of this simulator."""
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def key_set(self) -> dict[str, Any]:
        """Return the public half as a JSON Web Key Set."""
        numbers = self.key.public_key().public_numbers()
        key = {
            "kty": "RSA",
            "alg": "RS256",
            "use": "sig",
            "kid": _KEY_ID,
            "n": encode_part(numbers.n.to_bytes(256)),
            "e": encode_part(numbers.e.to_bytes(3)),
        }
        return {"keys": [key]}

    def token(self, **changes: object) -> str:
        """Return an OIDC token as Google signs it for a push; `changes` spoil single claims."""
        now = int(time.time())
        claims = {
            "iss": "https://accounts.google.com",
            "aud": self.settings.audience,
            "email": self.settings.service_account,
            "email_verified": True,
            "iat": now,
            "exp": now + 3600,
            **changes,
        }
        head = {"alg": "RS256", "kid": _KEY_ID, "typ": "JWT"}
        signed = ".".join(encode_part(msgspec.json.encode(part)) for part in (head, claims))
        signature = self.key.sign(signed.encode(), PKCS1v15(), SHA256())
        return f"{signed}.{encode_part(signature)}"

    def message(self, kind: str, review_name: str) -> bytes:
        """Return the body of a push about a review."""
        told = {
            "notificationType": kind,
            "reviewName": review_name,
            "locationName": "/".join(review_name.split("/")[:4]),
        }
        data = base64.b64encode(msgspec.json.encode(told)).decode()
        message_id = str(uuid4().int % 10**16)
        message = {
            "data": data,
            "messageId": message_id,
            "message_id": message_id,
            "publishTime": timestamp(utc_now()),
        }
        subscription = "projects/simulated-keeper/subscriptions/reviews"
        return msgspec.json.encode({"message": message, "subscription": subscription})

    def send(self, kind: str, review_name: str) -> Push:
        """Start to deliver a notification; without a subscription it is only recorded."""
        push = Push(self.message(kind, review_name))
        self.sent.append(push)
        del self.sent[:-_KEPT]
        if self.settings.webhook_url:
            self._on_their_way.start(push.statuses, lambda _: self._post(push.body))
        return push

    async def _post(self, body: bytes) -> int:
        headers = {"content-type": "application/json"}
        if self.settings.audience:
            headers["authorization"] = f"Bearer {self.token()}"
        asked = {"token": self.settings.webhook_secret}
        return await post_once(self.settings.webhook_url, body, headers, asked)
