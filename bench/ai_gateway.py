"""What the AI gateway adds to a call, beside the bare libraries and LiteLLM; and that it counts right.

    ./myriad bench ai-gateway [--full]

All call the same simulated provider over HTTP on this machine. Overhead is CPU time of the calling
process, best of several runs, since wall time on a busy machine says nothing. The gateway's figure
includes its reservation and settlement in Redis and its ledger in PostgreSQL. LiteLLM's Router runs
in an environment of its own, with the counting of its limits in memory only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import structlog
from ai_gateway_world import HAIKU, Simulator, make_gateway, open_gateway
from openai import AsyncOpenAI
from peers import PeerUnavailableError, peer_python
from pydantic_ai.direct import model_request
from pydantic_ai.messages import ModelRequest
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from redis.asyncio import Redis
from rich.console import Console
from rich.table import Table

from myriad.apps.products import migration_locations
from myriad.kit.ids import new_id
from myriad.scale.ai import AIRequest, CachePolicy, Message
from myriad.scale.ai.catalog import ModelKey, ModelLimits
from myriad.scale.ai.gateway import Gateway
from myriad.scale.ai.items import ItemsRequest
from myriad.scale.ai.ledger import Ledger, list_spend
from myriad.scale.cache import open_cache
from myriad.scale.data import Database
from myriad.scale.data.migrations import upgrade
from myriad.scale.embedded.servers import ServerUrls, running_servers
from myriad.scale.tenancy import TenantId

LITELLM = ["litellm==1.106.2"]
HERE = Path(__file__).parent
AT_ONCE = 8
Call = Callable[[], Awaitable[Any]]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="more calls of everything")
    parser.add_argument("--racer", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args(argv)
    quiet = structlog.make_filtering_bound_logger(logging.ERROR)
    structlog.configure(wrapper_class=quiet)
    if asked.racer:
        asyncio.run(_race(*asked.racer))
        return 0
    with (
        tempfile.TemporaryDirectory(prefix="ai-gateway-") as folder,
        running_servers(Path(folder)) as urls,
        Simulator() as url,
    ):
        upgrade(urls.database_url, migration_locations())
        return asyncio.run(_measure(urls, url, asked.full))


async def _measure(urls: ServerUrls, url: str, full: bool) -> int:
    calls, runs = (600, 3) if full else (240, 3)
    async with open_gateway(urls, url) as (gateway, database, tenant):
        print("overheads ...", flush=True)
        ours = await _overheads(gateway, tenant, url, calls, runs)
        theirs = _litellm(url, calls, runs)
        _show({**ours, **theirs})
        mapped = await _mappings(gateway, tenant, url, 4_000 if full else 2_000)
        print(
            f"batcher: {mapped:.0f} mappings/s, a hundred taking the model 10 s in all", flush=True
        )
        wrong, count = await _books(gateway, database, tenant, url, calls)
        print(f"ledger and bill of {count} calls differ by {wrong} micro-dollars", flush=True)
    overrun, admitted = await _racing(urls, url)
    print(f"four processes, limit 200 requests a minute: {admitted} admitted, {overrun} too many")
    uncached = ours["gateway"] - ours["openai SDK"]
    ratio = total = -1.0
    if theirs:
        ratio = uncached / (theirs["LiteLLM Router"] - ours["openai SDK"])
        total = ours["gateway"] / theirs["LiteLLM Router"]
    print(
        f"RESULT ai-gateway cached_us={ours['cached']:.0f} uncached_us={uncached:.0f} "
        f"litellm_ratio={ratio:.3f} mappings_per_s={mapped:.1f} overrun={overrun} "
        f"micro_dollars_off={wrong} litellm_total_ratio={total:.3f} "
        f"gateway_us={ours['gateway']:.0f} direct_us={ours['pydantic_ai direct']:.0f} "
        f"sdk_us={ours['openai SDK']:.0f} httpx_us={ours['httpx']:.0f}"
    )
    return 0


def _show(figures: dict[str, float]) -> None:
    table = Table("call", "CPU µs", "beside the bare SDK µs")
    for name, micros in figures.items():
        added = "" if name == "cached" else f"{micros - figures['openai SDK']:+.0f}"
        table.add_row(name, f"{micros:.0f}", added)
    Console(width=100).print(table)


async def _overheads(
    gateway: Gateway, tenant: TenantId, url: str, calls: int, runs: int
) -> dict[str, float]:
    client = httpx.AsyncClient(base_url=url, limits=httpx.Limits(max_connections=AT_ONCE))
    sdk = AsyncOpenAI(api_key="sim", base_url=f"{url}/v1", max_retries=0)
    model = OpenAIChatModel("gpt-5-mini", provider=OpenAIProvider(openai_client=sdk))
    # All ask for chat completions, as LiteLLM does; by itself the gateway takes the Responses API.
    gateway.providers._models[ModelKey("openai", "gpt-5-mini")] = model  # noqa: SLF001
    said = [{"role": "user", "content": "Which ticker is this shop?"}]
    body = {"model": "gpt-5-mini", "messages": said, "max_completion_tokens": 100}
    request = AIRequest(
        tenant_id=tenant,
        task="bench.call.ask",
        messages=(Message("user", "Which ticker is this shop?"),),
        model_class="chat",
        max_output_tokens=100,
        cache=CachePolicy(read=False, write=False),
    )
    cached = replace(request, cache=CachePolicy())
    await gateway.ask(cached)
    contenders: dict[str, Call] = {
        "httpx": lambda: client.post("/v1/chat/completions", json=body),
        "openai SDK": lambda: sdk.chat.completions.create(**body),  # type: ignore[call-overload]
        "pydantic_ai direct": lambda: model_request(
            model,
            [ModelRequest.user_text_prompt("Which ticker is this shop?")],
            model_settings={"max_tokens": 100},
        ),
        "gateway": lambda: gateway.ask(request),
        "cached": lambda: gateway.ask(cached),
    }
    best = dict.fromkeys(contenders, float("inf"))
    for run in range(runs + 1):
        for name, call in contenders.items():
            spent = await _cpu(call, calls if run else AT_ONCE * 2)
            if run:
                best[name] = min(best[name], spent)
    await client.aclose()
    return best


async def _cpu(call: Call, calls: int) -> float:
    """Return CPU microseconds a call, with as many at once as a worker has."""

    async def some() -> None:
        for _ in range(calls // AT_ONCE):
            await call()

    started = time.process_time()
    await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    return (time.process_time() - started) / (calls // AT_ONCE * AT_ONCE) * 1e6


def _litellm(url: str, calls: int, runs: int) -> dict[str, float]:
    try:
        python = peer_python("litellm", LITELLM)
    except PeerUnavailableError as error:
        print(error)
        return {}
    command = [str(python), str(HERE / "litellm_peer.py"), url, str(calls), str(runs), str(AT_ONCE)]
    environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        print(f"LiteLLM failed:\n{done.stderr[-2000:]}")
        return {}
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


async def _mappings(gateway: Gateway, tenant: TenantId, url: str, count: int) -> float:
    """Return items a second through the batcher, when a hundred take the model 10 s in all."""
    async with httpx.AsyncClient() as client:
        await client.post(f"{url}/control/world", json={"seconds_an_item": 0.1})
        codes = {f"T{number:02d}": f"ticker number {number}" for number in range(20)}

        def hundred() -> ItemsRequest:
            return ItemsRequest(
                tenant_id=tenant,
                task="bench.merchant.map",
                instructions="Name the ticker of each merchant.",
                items=tuple(f"merchant {new_id()}" for _ in range(100)),
                codes=codes,
                max_cost_usd_micros=10**7,
                deadline_seconds=120.0,
            )

        # The libraries of this provider are loaded by the first call, which is not what is measured.
        await gateway.ask_items(hundred())
        started = time.perf_counter()
        answers = await asyncio.gather(*(gateway.ask_items(hundred()) for _ in range(count // 100)))
        seconds = time.perf_counter() - started
        await client.post(f"{url}/control/world", json={"seconds_an_item": 0.0})
    mapped = sum(100 - len(answer.missing) for answer in answers)
    return mapped / seconds


async def _books(
    gateway: Gateway, database: Database, tenant: TenantId, url: str, calls: int
) -> tuple[int, int]:
    """Return by how much the ledger and the simulator's own bill differ, and over how many calls."""
    async with httpx.AsyncClient() as client:
        await client.post(f"{url}/control/reset")
        before = await _spent(database, tenant)
        for fault in ("invalid", "broken", "garbage", "limited", "cut"):
            await client.post(f"{url}/control/faults", json={"kind": fault, "times": 3})
        asked = [
            AIRequest(
                tenant_id=tenant,
                task="bench.book.keep",
                messages=(Message("user", f"{new_id()} {'word ' * (number % 50)}"),),
                model_class=("small", "chat")[number % 2],
                max_output_tokens=200,
            )
            for number in range(calls)
        ]
        await asyncio.gather(*(gateway.ask(item) for item in asked), return_exceptions=True)
        bill = (await client.get(f"{url}/control/spent")).json()["cost_usd_micros"]
    return abs(await _spent(database, tenant) - before - bill), calls


async def _spent(database: Database, tenant: TenantId) -> int:
    day = datetime.now(UTC).date()
    rows = await list_spend(database, tenant, day, day)
    return int(sum(row["cost_usd_micros"] for row in rows))


async def _racing(urls: ServerUrls, url: str) -> tuple[int, int]:
    """Let four processes ask at once what one minute does not allow; the simulator counts."""
    async with httpx.AsyncClient() as client:
        await client.post(f"{url}/control/reset")
        await client.post(f"{url}/control/world", json={"base_seconds": 0.01})
        command = [sys.executable, str(HERE / "ai_gateway.py"), "--racer", url, urls.broker_url]
        racers = [
            await asyncio.create_subprocess_exec(*command, str(number)) for number in range(4)
        ]
        await asyncio.gather(*(racer.wait() for racer in racers))
        models = (await client.get(f"{url}/control/spent")).json()["models"]
    most = models[HAIKU]["most_in_a_minute"]
    return max(0, most - 200), most


async def _race(url: str, broker_url: str, _number: str) -> None:
    redis = Redis.from_url(broker_url, protocol=2, socket_timeout=5)
    limits = ModelLimits(rpm=200, tpm=10**9, rpd=10**6)
    gateway = make_gateway(url, redis, open_cache(None, None), Ledger(None), limits)
    tenant = TenantId(new_id())

    async def knock(number: int) -> None:
        await gateway.ask(
            AIRequest(
                tenant_id=tenant,
                task="bench.race.run",
                messages=(Message("user", f"{number}"),),
                cache=CachePolicy(read=False, write=False),
            )
        )

    await asyncio.gather(*(knock(number) for number in range(150)), return_exceptions=True)
    await gateway.close()
    await redis.aclose()


if __name__ == "__main__":
    sys.exit(main())
