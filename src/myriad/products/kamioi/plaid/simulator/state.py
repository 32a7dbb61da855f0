"""What a running simulator holds, its faults and its webhooks."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from starlette.responses import Response

from myriad.kit.jwt import encode_part
from myriad.products.kamioi.plaid.simulator.world import Bank, PlaidWorld
from myriad.products.kamioi.settings import SIMULATED_PLAID
from myriad.scale.simulator.answers import json_response
from myriad.scale.simulator.deliveries import Deliveries, post_once
from myriad.scale.simulator.faults import Faults, Weather

KEY_ID = "simulated-plaid-key"


@dataclass
class PlaidFaults(Faults):
    """Troubles of Plaid's own: pages that change while they are read, keys that have expired."""

    mutations: int = 0
    is_key_expired: bool = False


class PlaidFaultError(Exception):
    """A refusal in Plaid's shape."""

    def __init__(
        self, status: int, kind: str, code: str, message: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.kind, self.code, self.headers = status, kind, code, headers

    def response(self) -> Response:
        """Return the refusal as an answer."""
        body = {
            "error_type": self.kind,
            "error_code": self.code,
            "error_message": str(self),
            "display_message": None,
            "request_id": "simulated",
            "documentation_url": "https://plaid.com/docs/errors/",
            "suggested_action": None,
        }
        return json_response(body, self.status, self.headers)


@dataclass
class PlaidSimulator:
    """One simulated Plaid."""

    world: PlaidWorld
    webhook_url: str = ""
    weather: Weather[PlaidFaults] = field(default_factory=lambda: Weather(1, PlaidFaults()))
    client_id: str = SIMULATED_PLAID["plaid_client_id"]
    secret: str = SIMULATED_PLAID["plaid_secret"]
    deliveries: Deliveries = field(default_factory=Deliveries)
    statuses: list[int] = field(default_factory=list)
    # Visits to the hosted pages, by link token, and the address at which this one is asked.
    visits: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen_at: str = ""

    @cached_property
    def key(self) -> ec.EllipticCurvePrivateKey:
        """The key that signs this simulator's webhooks."""
        return ec.generate_private_key(ec.SECP256R1())

    def public_key(self) -> dict[str, Any]:
        """Return the public half as a JWK in Plaid's shape."""
        numbers = self.key.public_key().public_numbers()
        now = int(time.time())
        return {
            "alg": "ES256",
            "crv": "P-256",
            "kid": KEY_ID,
            "kty": "EC",
            "use": "sig",
            "x": encode_part(numbers.x.to_bytes(32)),
            "y": encode_part(numbers.y.to_bytes(32)),
            "created_at": now - 86_400,
            "expired_at": now - 1 if self.weather.faults.is_key_expired else None,
        }

    def sign(self, body: bytes, *, head: Any = None, **changes: Any) -> str:
        """Return the JWT of a webhook; `head` and `changes` spoil it for a test."""
        claims = {
            "iat": int(time.time()),
            "request_body_sha256": hashlib.sha256(body).hexdigest(),
            **changes,
        }
        top = {"alg": "ES256", "kid": KEY_ID, "typ": "JWT", **(head or {})}
        signed = ".".join(encode_part(json.dumps(part).encode()) for part in (top, claims))
        r, s = decode_dss_signature(self.key.sign(signed.encode(), ec.ECDSA(SHA256())))
        return f"{signed}.{encode_part(r.to_bytes(32) + s.to_bytes(32))}"

    def tell(self, bank: Bank, kind: str, code: str, **facts: Any) -> bytes:
        """Start to deliver a webhook about an item and return its body."""
        told = {"webhook_type": kind, "webhook_code": code, "item_id": bank.item_id, **facts}
        return self._tell(self.webhook_url, told)

    def tell_visit(self, link_token: str) -> bytes:
        """Start to deliver the webhook about the end of a visit and return its body."""
        visit = self.visits[link_token]
        ended = visit["sessions"][-1]
        results = (ended["results"] or {}).get("item_add_results", [])
        told = {
            "webhook_type": "LINK",
            "webhook_code": "SESSION_FINISHED",
            "status": "SUCCESS" if results else "EXITED",
            "link_session_id": ended["link_session_id"],
            "link_token": link_token,
            "public_tokens": [result["public_token"] for result in results],
        }
        return self._tell(visit["webhook"], told)

    def _tell(self, url: str, told: dict[str, Any]) -> bytes:
        body = json.dumps({**told, "environment": "sandbox"}, indent=2).encode()
        if url:
            self.deliveries.start(self.statuses, lambda _: self._post(url, body))
        return body

    async def _post(self, url: str, body: bytes) -> int:
        headers = {"content-type": "application/json", "plaid-verification": self.sign(body)}
        return await post_once(url, body, headers)
