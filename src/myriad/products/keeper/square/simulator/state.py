"""What one running simulator holds, and the gate that every request under /v2 passes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import cast

from starlette.requests import Request

from myriad.products.keeper.square.simulator.answers import (
    SquareError,
    bad_request,
    rate_limited,
    server_error,
    unauthorized,
)
from myriad.products.keeper.square.simulator.faults import SquareFaults
from myriad.products.keeper.square.simulator.oauth import Issuer
from myriad.products.keeper.square.simulator.paging import Cursors
from myriad.products.keeper.square.simulator.settings import SimulatorSettings
from myriad.products.keeper.square.simulator.webhooks import Webhooks
from myriad.products.keeper.square.simulator.world import Seller, World
from myriad.scale.simulator.faults import Bucket, Weather, whole_seconds

_VERSION = re.compile(r"^\d{4}-\d{2}-\d{2}$")


@dataclass
class Simulator:
    """The state behind one application."""

    world: World
    settings: SimulatorSettings
    issuer: Issuer
    cursors: Cursors
    weather: Weather[SquareFaults]
    webhooks: Webhooks
    application_bucket: Bucket
    seller_buckets: dict[str, Bucket] = field(default_factory=dict)

    @classmethod
    def of(cls, request: Request) -> Simulator:
        """Return the simulator that serves this request."""
        return cast(Simulator, request.app.state.simulator)

    def now(self) -> float:
        """Return the present moment in Unix seconds."""
        return self.world.clock().timestamp()


def new_simulator(world: World, settings: SimulatorSettings) -> Simulator:
    """Return the state of a simulator that serves `world`."""
    return Simulator(
        world=world,
        settings=settings,
        issuer=Issuer(settings),
        cursors=Cursors(f"cursor-{settings.seed}".encode(), settings.cursor_life_seconds),
        weather=Weather(settings.seed, SquareFaults()),
        webhooks=Webhooks(settings),
        application_bucket=Bucket(settings.application_rate, settings.application_burst),
    )


class WaitError(SquareError):
    """A 429 that says how long to wait."""

    def __init__(self, seconds: float) -> None:
        base = rate_limited()
        super().__init__(base.status, base.category, base.code, base.detail)
        self.headers = {"Retry-After": whole_seconds(seconds)}


async def admit(request: Request, scope: str) -> Seller:
    """Return the seller behind a request, or refuse it: version, token, scope, rate, faults."""
    simulator = Simulator.of(request)
    _check_version(request)
    grant = simulator.issuer.authenticate(request.headers.get("authorization"), simulator.now())
    seller = simulator.world.seller(grant.merchant_id)
    if seller is None:
        raise unauthorized("UNAUTHORIZED", "The merchant does not exist.")
    if scope not in grant.scopes:
        detail = f"The merchant has not given your application sufficient permissions: {scope}."
        raise SquareError(403, "AUTHENTICATION_ERROR", "INSUFFICIENT_SCOPES", detail)
    simulator.weather.count("requests")
    _check_rate(simulator, seller.merchant_id)
    if simulator.weather.faults.only_merchant in ("", seller.merchant_id):
        await simulator.weather.suffer(WaitError, server_error)
    return seller


def _check_version(request: Request) -> None:
    version = request.headers.get("square-version")
    if version is not None and not _VERSION.match(version):
        detail = "The Square-Version header must be a date, YYYY-MM-DD."
        raise bad_request("INVALID_SQUARE_VERSION_FORMAT", detail)


def _check_rate(simulator: Simulator, merchant_id: str) -> None:
    settings = simulator.settings
    mine = simulator.seller_buckets.setdefault(
        merchant_id, Bucket(settings.seller_rate, settings.seller_burst)
    )
    now = simulator.now()
    wait = mine.take(now) or simulator.application_bucket.take(now)
    if wait:
        simulator.weather.count("limited")
        raise WaitError(wait)
