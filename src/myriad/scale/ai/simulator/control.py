"""What whoever tries something out tells the simulated providers: faults to come, how they speak."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from myriad.scale.ai.simulator.world import FAULT_KINDS, Fault, FaultKind, World

_Seconds = Annotated[float, msgspec.Meta(ge=0, le=3600)]
_Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]


class _Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fault as it is asked for."""

    kind: FaultKind
    model: str = "*"
    times: _Count = 1
    seconds: _Seconds = 0.0


class _Changes(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What of the world may be changed; what is not named stays."""

    base_seconds: _Seconds | msgspec.UnsetType = msgspec.UNSET
    seconds_a_token: _Seconds | msgspec.UnsetType = msgspec.UNSET
    seconds_an_item: _Seconds | msgspec.UnsetType = msgspec.UNSET
    requests_a_minute: _Count | msgspec.UnsetType = msgspec.UNSET
    batch_polls: _Count | msgspec.UnsetType = msgspec.UNSET
    answers: dict[str, str] | msgspec.UnsetType = msgspec.UNSET


TellingT = TypeVar("TellingT", _Order, _Changes)


def control_routes(world: World) -> list[Route]:
    """Return the routes by which the world is changed and looked at."""

    def fail(order: _Order) -> None:
        world.faults.append(Fault(order.kind, order.model, order.times, order.seconds))

    def change(changes: _Changes) -> None:
        for name, value in msgspec.structs.asdict(changes).items():
            if value is not msgspec.UNSET:
                setattr(world, name, value)

    async def spent(_request: Request) -> Response:
        return JSONResponse(world.spent())

    async def reset(_request: Request) -> Response:
        world.reset()
        return JSONResponse({})

    return [
        Route("/control/faults", _reading(_Order, fail), methods=["POST"]),
        Route("/control/world", _reading(_Changes, change), methods=["POST"]),
        Route("/control/spent", spent),
        Route("/control/reset", reset, methods=["POST"]),
    ]


def _reading(
    kind: type[TellingT], do: Callable[[TellingT], None]
) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint that does what a body tells, or says what is wrong with it."""

    async def endpoint(request: Request) -> Response:
        try:
            told = msgspec.json.decode(await request.body(), type=kind)
        except msgspec.DecodeError as error:
            return JSONResponse({"detail": str(error), "kinds": list(FAULT_KINDS)}, 422)
        do(told)
        return JSONResponse({})

    return endpoint
