"""Request rates at the edge: which class a route is of, and what the answer says about the limit.

    @router.get("/report", dependencies=[rated("heavy")])

Without it a route is of class `read` or `write` by its method, or `stream`. The guards count every
request once; a stream counts when it begins. Headers: `RateLimit-Policy` and `RateLimit` of the
IETF draft (draft-ietf-httpapi-ratelimit-headers), `X-RateLimit-*` for older clients, `Retry-After`
with 429.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Depends
from fastapi.dependencies.models import Dependant
from starlette.requests import Request

from myriad.scale.directory import Principal
from myriad.scale.http.answers import EventSourceResponse
from myriad.scale.http.csrf import SAFE_METHODS
from myriad.scale.limits.rate_plans import (
    ADDRESS_PER_MINUTE,
    CLASSES,
    CREDENTIAL_PER_MINUTE,
    READ,
    STANDARD,
    STREAM,
    WRITE,
    rates_of,
)
from myriad.scale.limits.rates import Rate, RateLimitedError, RateLimiter, Standing, tightest

_STATE = "rate_standings"


@dataclass(frozen=True)
class RateClass:
    """The class of routes that a route is counted in."""

    name: str

    async def __call__(self) -> None:
        """Do nothing: the guards count."""


def rated(name: str) -> Any:
    """Declare a route's class, one of `limits.rate_plans.CLASSES`."""
    assert name in CLASSES, f"{name!r} is no class of routes: {', '.join(CLASSES)}"
    return Depends(RateClass(name))


async def count_caller(request: Request, caller: Principal) -> None:
    """Count a request of somebody known, or raise RateLimitedError."""
    limiter = _limiter_of(request)
    if limiter is None:
        return
    klass, tenant = _class_of(request), caller.tenant
    plan = tenant.plan if tenant is not None else STANDARD
    tenant_id = tenant.id if tenant is not None else None
    is_member = tenant_id is not None and not caller.is_staff
    rates = rates_of(plan, klass, tenant_id, caller.id, caller.kind, is_member=is_member)
    await _count(request, limiter, rates, klass, plan)


async def count_stranger(request: Request) -> None:
    """Count a request of nobody known: under its address and, if it sent one, its credential.

    A wrong key is slowed by itself, so that others behind the same address are not.
    """
    limiter = _limiter_of(request)
    if limiter is None:
        return
    address = request.client.host if request.client else "unknown"
    rates = [Rate("address", f"address:{address}", ADDRESS_PER_MINUTE)]
    credential = request.headers.get("authorization", "")
    if credential:
        digest = hashlib.blake2b(credential.encode(), digest_size=16).hexdigest()
        rates.append(Rate("credential", f"credential:{digest}", CREDENTIAL_PER_MINUTE))
    await _count(request, limiter, rates, "stranger", "none")


async def _count(
    request: Request, limiter: RateLimiter, rates: list[Rate], klass: str, plan: str
) -> None:
    state = request.scope.setdefault("state", {})
    if _STATE in state:
        return
    try:
        state[_STATE] = await limiter.hit(rates, klass=klass, plan=plan)
    except RateLimitedError as refused:
        state[_STATE] = [refused.standing]
        raise


def rate_headers(state: dict[str, Any]) -> dict[str, str]:
    """Return the headers that tell how the request's limits stand; none when it was not counted."""
    standings: Sequence[Standing] = state.get(_STATE, ())
    if not standings:
        return {}
    least = tightest(standings)
    reset = math.ceil(max(least.reset_seconds, least.retry_after_seconds))
    return {
        "RateLimit-Policy": ", ".join(
            f'"{one.rule.name}";q={one.rule.limit};w={one.rule.window_seconds}' for one in standings
        ),
        "RateLimit": ", ".join(
            f'"{one.rule.name}";r={one.remaining};'
            f"t={math.ceil(max(one.reset_seconds, one.retry_after_seconds))}"
            for one in standings
        ),
        "X-RateLimit-Limit": str(least.rule.limit),
        "X-RateLimit-Remaining": str(least.remaining),
        "X-RateLimit-Reset": str(reset),
        "X-RateLimit-Resource": least.rule.name,
    }


def _limiter_of(request: Request) -> RateLimiter | None:
    state = request.app.state
    edge = getattr(state, "edge", None)
    if edge is not None and not edge.is_rate_limited:
        return None
    found: RateLimiter | None = getattr(state, "rate_limiter", None)
    if found is None:
        workers = edge.workers if edge is not None else 1
        found = state.rate_limiter = RateLimiter(state.runtime.counters, workers=workers)
    return found


def _class_of(request: Request) -> str:
    route = request.scope.get("route")
    known: dict[int, str] = request.app.state.__dict__.setdefault("rate_classes", {})
    found = known.get(id(route))
    if found is None:
        found = known[id(route)] = _declared(route)
    return found or (READ if request.method in SAFE_METHODS else WRITE)


def _declared(route: Any) -> str:
    dependant: Dependant | None = getattr(route, "dependant", None)
    for dependency in dependant.dependencies if dependant is not None else ():
        if isinstance(dependency.call, RateClass):
            return dependency.call.name
    is_stream = getattr(route, "response_class", None) is EventSourceResponse
    return STREAM if is_stream else ""
