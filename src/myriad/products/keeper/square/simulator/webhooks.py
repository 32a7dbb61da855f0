"""Webhooks that go out signed, are tried again when they fail, and promise no order."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

import httpx
import msgspec

from myriad.products.keeper.square.simulator.records import Json, timestamp
from myriad.products.keeper.square.simulator.settings import SimulatorSettings

_TIMEOUT_SECONDS = 10.0
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
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    url: str = ""

    def __post_init__(self) -> None:
        self.url = self.settings.webhook_url

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
            task = asyncio.get_running_loop().create_task(self._deliver(delivery))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        return delivery

    async def _deliver(self, delivery: Delivery) -> None:
        body = msgspec.json.encode(delivery.event)
        wait = self.settings.webhook_first_retry_seconds
        for _ in range(self.settings.webhook_attempts):
            status = await self._post(body, len(delivery.statuses))
            delivery.statuses.append(status)
            if 200 <= status < 300:
                return
            await asyncio.sleep(wait)
            wait *= 2

    async def _post(self, body: bytes, retries: int) -> int:
        headers = {
            "content-type": "application/json",
            "x-square-hmacsha256-signature": signature(self.settings.webhook_key, self.url, body),
        }
        if retries:
            headers["square-retry-number"] = str(retries)
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
                answer = await client.post(self.url, content=body, headers=headers)
        except httpx.HTTPError:
            return 0
        return answer.status_code
