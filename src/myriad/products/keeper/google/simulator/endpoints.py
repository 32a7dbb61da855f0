"""The parts of Business Profile's APIs that Keeper uses, with their shapes and refusals."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from myriad.products.keeper.google.simulator.state import (
    GoogleFaultError,
    GoogleSimulator,
    admit,
)
from myriad.products.keeper.google.simulator.world import Json, Spot, timestamp
from myriad.products.keeper.square.simulator.paging import CursorError, Cursors, digest_of
from myriad.products.keeper.square.simulator.records import moment_of
from myriad.scale.simulator.answers import json_response

_MOST = 50
_TOKEN_LIFE_SECONDS = 300.0
_LONGEST_REPLY_BYTES = 4096


def _not_found() -> GoogleFaultError:
    return GoogleFaultError(404, "NOT_FOUND", "Requested entity was not found.")


def _invalid(message: str) -> GoogleFaultError:
    return GoogleFaultError(400, "INVALID_ARGUMENT", message)


async def accounts(request: Request) -> Response:
    """GET /v1/accounts."""
    simulator = await admit(request)
    listed = [
        {"name": item.name, "accountName": item.title, "type": "PERSONAL", "role": "PRIMARY_OWNER"}
        for item in simulator.world.businesses.values()
    ]
    return json_response({"accounts": listed} if listed else {})


async def locations(request: Request) -> Response:
    """GET /v1/accounts/…/locations; `readMask` is required, as at Google."""
    simulator = await admit(request)
    if "readMask" not in request.query_params:
        raise _invalid("Invalid field mask provided")
    business = simulator.world.businesses.get(f"accounts/{request.path_params['account']}")
    if business is None:
        raise _not_found()
    listed = [
        {
            "name": "/".join(spot.name.split("/")[2:]),
            "title": spot.title,
            "metadata": {"hasVoiceOfMerchant": True} if spot.verified else {},
        }
        for spot in business.spots.values()
    ]
    return json_response({"locations": listed} if listed else {})


def _spot(request: Request, simulator: GoogleSimulator) -> Spot:
    parts = request.path_params
    spot = simulator.world.spot(f"accounts/{parts['account']}/locations/{parts['location']}")
    if spot is None:
        raise _not_found()
    if not spot.verified:
        message = "The caller does not have permission: the location is not verified."
        raise GoogleFaultError(403, "PERMISSION_DENIED", message)
    return spot


def _review(request: Request, simulator: GoogleSimulator) -> Json:
    spot = _spot(request, simulator)
    found = spot.reviews.get(f"{spot.name}/reviews/{request.path_params['review']}")
    if found is None:
        raise _not_found()
    return found


async def reviews(request: Request) -> Response:
    """GET /v4/accounts/…/locations/…/reviews: at most 50, the last changed first."""
    simulator = await admit(request)
    spot = _spot(request, simulator)
    asked = request.query_params
    if asked.get("orderBy", "updateTime desc") != "updateTime desc":
        raise _invalid("The simulator orders by updateTime desc only.")
    size = _page_size(asked.get("pageSize"))
    cursors = Cursors(f"google-{simulator.settings.seed}".encode(), _TOKEN_LIFE_SECONDS)
    query, token = digest_of([spot.name, size]), asked.get("pageToken")
    rows = _after(spot.newest_first(), cursors, query, token, simulator.now())
    body: Json = {"averageRating": spot.average, "totalReviewCount": len(spot.reviews)}
    if rows:
        body["reviews"] = rows[:size]
    if len(rows) > size:
        last = rows[size - 1]
        body["nextPageToken"] = cursors.issue(query, _position(last), simulator.now())
    if simulator.weather.faults.repeat_cursor and token:
        body["nextPageToken"] = token
    return json_response(body)


def _page_size(given: str | None) -> int:
    if given is None:
        return _MOST
    if not given.isdigit() or not 1 <= int(given) <= _MOST:
        raise _invalid(f"The page size must be between 1 and {_MOST}.")
    return int(given)


def _position(item: Json) -> tuple[float, str]:
    return -moment_of(item["updateTime"]).timestamp(), item["name"]


def _after(
    rows: list[Json], cursors: Cursors, query: str, token: str | None, now: float
) -> list[Json]:
    if token is None:
        return rows
    try:
        after = cursors.read(token, query, now)
    except CursorError as fault:
        raise _invalid(f"Invalid page token: {fault}") from None
    return [item for item in rows if _position(item) > after]


async def review(request: Request) -> Response:
    """GET /v4/…/reviews/…."""
    return json_response(_review(request, await admit(request)))


async def update_reply(request: Request) -> Response:
    """PUT /v4/…/reviews/…/reply: publish or replace the one answer."""
    simulator = await admit(request, edit=True)
    found = _review(request, simulator)
    comment = (await _body(request)).get("comment")
    if not isinstance(comment, str) or not 0 < len(comment.encode()) <= _LONGEST_REPLY_BYTES:
        raise _invalid(f"comment must have 1 to {_LONGEST_REPLY_BYTES} bytes")
    found["reviewReply"] = {"comment": comment, "updateTime": timestamp(simulator.world.clock())}
    simulator.weather.count("replies")
    return json_response(found["reviewReply"])


async def delete_reply(request: Request) -> Response:
    """DELETE /v4/…/reviews/…/reply."""
    found = _review(request, await admit(request, edit=True))
    if found.pop("reviewReply", None) is None:
        raise _not_found()
    return json_response({})


async def subscribe(request: Request) -> Response:
    """PATCH /v1/accounts/…/notificationSetting."""
    simulator = await admit(request, edit=True)
    name = f"accounts/{request.path_params['account']}"
    if name not in simulator.world.businesses:
        raise _not_found()
    simulator.topics[name] = await _body(request)
    return json_response({"name": f"{name}/notificationSetting", **simulator.topics[name]})


async def _body(request: Request) -> dict[str, Any]:
    try:
        return msgspec.json.decode(await request.body() or b"{}", type=dict[str, Any])
    except msgspec.DecodeError:
        raise _invalid("Invalid JSON payload received.") from None
