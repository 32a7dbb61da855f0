"""Square's side of `keeper_alert`, and the page on which its alerts are shown."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from keeper_alert_world import HOOK_KEY, MERCHANT, World, hook_url, live_jobs

from myriad.kit.ids import new_id
from myriad.products.keeper.square.webhooks import SIGNATURE_HEADER, sign


@dataclass
class Waits:
    """Seconds from webhook to page, and how much of the night was waiting at the first and last."""

    seconds: list[float]
    sent: int
    limit: float
    ahead: int
    left: int

    @property
    def p95(self) -> float:
        """The 95th percentile; an alert that did not come within the limit counts as the limit."""
        known = sorted([*self.seconds, *[self.limit] * (self.sent - len(self.seconds))])
        if not known:
            return 0.0
        return known[min(len(known) - 1, int(0.95 * len(known)))]


def payment_event(world: World, customer: str) -> tuple[str, bytes]:
    """Return the payment's id and Square's webhook body for somebody who pays now."""
    now, payment_id = datetime.now(UTC), f"pay-{new_id()}"
    payment = {
        "id": payment_id,
        "status": "COMPLETED",
        "customer_id": customer,
        "location_id": world.location,
        "amount_money": {"amount": 8400, "currency": "USD"},
        "total_money": {"amount": 8400, "currency": "USD"},
        "created_at": now.isoformat(),
        "updated_at": now.isoformat(),
        "version": 1,
    }
    event = {
        "merchant_id": MERCHANT,
        "type": "payment.created",
        "event_id": str(new_id()),
        "created_at": now.isoformat(),
        "data": {"type": "payment", "id": payment_id, "object": {"payment": payment}},
    }
    return payment_id, json.dumps(event).encode()


async def page(client: httpx.AsyncClient, world: World) -> AsyncIterator[dict[str, Any]]:
    """Keep a page open and yield every alert that it shows."""
    headers = {"Authorization": f"Bearer {world.key}"}
    path = "/keeper/notices/events?seconds=600"
    async with client.stream("GET", path, headers=headers, timeout=None) as answer:
        answer.raise_for_status()
        kind = ""
        async for line in answer.aiter_lines():
            name, _, value = line.partition(": ")
            kind = value if name == "event" else kind
            if name == "data" and kind in ("alert", "alerts"):
                yield {"kind": kind, **json.loads(value)}


async def measure_alerts(
    world: World, port: int, people: list[str], *, each: float, limit: float
) -> Waits:
    """Send a webhook for each of the people, `each` seconds apart, and wait for their alerts."""
    hook, sent, shown = hook_url(port), dict[str, float](), list[float]()
    ready, done = asyncio.Event(), asyncio.Event()
    ahead = live_jobs(world)
    base = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=60) as client:

        async def watch() -> None:
            async for event in page(client, world):
                ready.set()
                person = str(event.get("href", "")).rsplit("/", 1)[-1]
                if event["kind"] == "alert" and person in sent:
                    shown.append(time.perf_counter() - sent.pop(person))
                    if len(shown) == len(people):
                        done.set()

        watcher = asyncio.create_task(watch())
        await asyncio.wait_for(ready.wait(), 60)
        for person, customer in (one.split("|") for one in people):
            _, body = payment_event(world, customer)
            sent[person] = time.perf_counter()
            headers = {
                SIGNATURE_HEADER: sign(body, key=HOOK_KEY, url=hook),
                "Content-Type": "application/json",
            }
            (await client.post(hook, content=body, headers=headers)).raise_for_status()
            await asyncio.sleep(each)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(done.wait(), limit)
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher
    return Waits(shown, len(people), limit, ahead, live_jobs(world))
