"""What the process says about itself to load balancers, monitors and people.

`/livez` looks at this process only, so a broken database never makes an orchestrator kill healthy
processes. `/readyz` says whether requests can be answered: without the database, the broker or
the newest migrations they cannot; without the cache they are slower, which is "degraded".
"""

from __future__ import annotations

import asyncio
import hmac
import platform
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Query
from pydantic import BaseModel
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from starlette.requests import Request
from starlette.responses import Response

from myriad.kit.errors import ForbiddenError
from myriad.scale.data.database import NOBODY
from myriad.scale.http.answers import json_answer
from myriad.scale.http.cookies import settings_of
from myriad.scale.http.guards import public, runtime_of
from myriad.scale.observe.logs import get_logger
from myriad.scale.observe.metrics import CONTENT_TYPE, render_metrics
from myriad.scale.runtime import Runtime

Check = Callable[[Runtime], Awaitable[None]]
State = Literal["ok", "degraded", "down"]

_log = get_logger(__name__)
_TIMEOUT_SECONDS = 2.0
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class CheckResult(BaseModel):
    """What one check found, and how long it took."""

    status: State
    duration_ms: float
    detail: str


class Health(BaseModel):
    """The state of the process and, when asked for, of each part it needs."""

    status: State
    checks: dict[str, CheckResult] = {}


class Version(BaseModel):
    """What is running."""

    name: str
    version: str
    python: str


@dataclass(frozen=True)
class Readiness:
    """The checks of one process: all must pass, those in `optional` only make it degraded."""

    checks: Mapping[str, Check]
    optional: frozenset[str] = field(default=frozenset({"cache"}))

    async def look(self, runtime: Runtime) -> Health:
        """Run every check at once, each for at most two seconds."""
        timed = [_timed(check, runtime) for check in self.checks.values()]
        outcomes = await asyncio.gather(*timed, return_exceptions=True)
        found = {
            name: self._result(name, outcome)
            for name, outcome in zip(self.checks, outcomes, strict=True)
        }
        return Health(status=_worst([result.status for result in found.values()]), checks=found)

    def _result(self, name: str, outcome: float | BaseException) -> CheckResult:
        if not isinstance(outcome, BaseException):
            return CheckResult(status="ok", duration_ms=round(outcome * 1000, 1), detail="")
        _log.warning("check_failed", check=name, exc_info=outcome)
        status: State = "degraded" if name in self.optional else "down"
        return CheckResult(status=status, duration_ms=0, detail=type(outcome).__name__)


async def _timed(check: Check, runtime: Runtime) -> float:
    began = time.perf_counter()
    async with asyncio.timeout(_TIMEOUT_SECONDS):
        await check(runtime)
    return time.perf_counter() - began


def _worst(states: list[State]) -> State:
    if "down" in states:
        return "down"
    return "degraded" if "degraded" in states else "ok"


async def check_database(runtime: Runtime) -> None:
    """Ask PostgreSQL for one row."""
    await runtime.database.reader.rows(NOBODY, "SELECT 1 AS one")


async def check_cache(runtime: Runtime) -> None:
    """Ping the cache server."""
    await cast(Awaitable[bool], runtime.cache.ping())


async def check_broker(runtime: Runtime) -> None:
    """Ping the broker."""
    # Its own second and third attempt would take longer than this answer may.
    once = Retry(NoBackoff(), 0)
    client = Redis.from_url(
        runtime.broker_url, protocol=2, socket_timeout=_TIMEOUT_SECONDS, retry=once
    )
    try:
        await cast(Awaitable[bool], client.ping())
    finally:
        await client.aclose()


DEFAULT_CHECKS: Mapping[str, Check] = {
    "database": check_database,
    "broker": check_broker,
    "cache": check_cache,
}


def may_read_metrics(request: Request) -> bool:
    """Tell whether metrics may be shown: asked from this machine itself, or with the token."""
    token = settings_of(request).metrics_token
    if token is not None:
        expected = f"Bearer {token.get_secret_value()}"
        given = request.headers.get("authorization", "")
        return hmac.compare_digest(given.encode(), expected.encode())
    is_proxied = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    return not is_proxied and request.client is not None and request.client.host in _LOOPBACK


def health_router(readiness: Readiness, version: str) -> APIRouter:
    """Return the routes that need no caller and say nothing about any tenant."""
    router = APIRouter(
        tags=["health"], dependencies=[public("orchestrators and monitors ask without an account")]
    )

    async def live() -> Health:
        """Say that this process answers; looks at nothing else."""
        return Health(status="ok")

    async def ready(
        request: Request, verbose: Annotated[str | None, Query(max_length=10)] = None
    ) -> Response:
        """Say whether requests can be answered; `?verbose` names each part."""
        health = await readiness.look(runtime_of(request))
        shown: dict[str, Any] = health.model_dump()
        if verbose is None:
            shown["checks"] = {}
        return json_answer(shown, 503 if health.status == "down" else 200)

    async def versions() -> Version:
        """Say which version is running."""
        return Version(name="myriad", version=version, python=platform.python_version())

    async def metrics(request: Request) -> Response:
        """Return the metrics of this process in Prometheus' text format."""
        if not may_read_metrics(request):
            raise ForbiddenError("metrics are shown to this machine or with the metrics token")
        return Response(render_metrics(), media_type=CONTENT_TYPE)

    unready: dict[int | str, dict[str, Any]] = {
        503: {"model": Health, "description": "A part that is needed is down."}
    }
    router.get("/livez", response_model=Health)(live)
    for path in ("/readyz", "/startupz", "/api/v1/health"):
        name = path.rsplit("/", 1)[-1]
        router.get(path, response_model=Health, responses=unready, operation_id=name)(ready)
    router.get("/version", response_model=Version)(versions)
    router.get("/metrics", include_in_schema=False)(metrics)
    return router
