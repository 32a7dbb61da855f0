"""Webhooks that go out signed, are tried again when they fail, and promise no order."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

import msgspec

from myriad.products.keeper.square.simulator.records import Json, timestamp
from myriad.products.keeper.square.simulator.settings import SimulatorSettings
from myriad.scale.simulator.deliveries import Deliveries, post_once

_KEPT = 500


def signature(key: str, url: str, body: bytes) -> str:
    """Return base64(HMAC-SHA256(key, url + body)), the value of x-square-hmacsha256-signature."""
    digest = hmac.digest(key.encode(), url.encode() + body, hashlib.sha256)
    return base64.b64encode(digest).decode()


@dataclass
class Delivery:
    """One event on its way, with the status of each attempt (0 when nobody answered)."""

    event: Json
    statuses: list[int] = field(default_factory=list)


@dataclass
class Webhooks:
    """Sends events to the subscription's URL."""

    settings: SimulatorSettings
    deliveries: list[Delivery] = field(default_factory=list)
    url: str = ""

    def __post_init__(self) -> None:
        self.url = self.settings.webhook_url
        self._on_their_way = Deliveries(
            self.settings.webhook_first_retry_seconds, self.settings.webhook_attempts
        )

    def event(
        self, merchant_id: str, kind: str, object_type: str, body: Json, now: datetime
    ) -> Json:
        """Return an event of Square's shape about one object."""
        return {
            "merchant_id": merchant_id,
            "type": kind,
            "event_id": str(uuid4()),
            "created_at": timestamp(now),
            "data": {"type": object_type, "id": body.get("id", ""), "object": {object_type: body}},
        }

    def send(self, event: Json) -> Delivery:
        """Start to deliver an event; without a subscription it is only recorded."""
        delivery = Delivery(event)
        self.deliveries.append(delivery)
        del self.deliveries[:-_KEPT]
        if self.url:
            body = msgspec.json.encode(event)
            self._on_their_way.start(delivery.statuses, lambda retries: self._post(body, retries))
        return delivery

    async def _post(self, body: bytes, retries: int) -> int:
        headers = {
            "content-type": "application/json",
            "x-square-hmacsha256-signature": signature(self.settings.webhook_key, self.url, body),
        }
        if retries:
            headers["square-retry-number"] = str(retries)
        return await post_once(self.url, body, headers)
