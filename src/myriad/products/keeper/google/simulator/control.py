"""What a test or a demo may do to the world: reviews written, changed and taken back, and faults."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from myriad.products.keeper.google.simulator.pushes import Pushes
from myriad.products.keeper.google.simulator.state import GoogleFaultError, GoogleSimulator
from myriad.products.keeper.google.simulator.world import STARS, Json, Spot, opaque
from myriad.products.keeper.square.simulator.records import moment_of
from myriad.scale.simulator.answers import json_response
from myriad.scale.simulator.faults import Faults


def pushes_of(request: Request) -> Pushes:
    """Return what sends this simulator's notifications."""
    return cast(Pushes, request.app.state.pushes)


async def _body(request: Request) -> dict[str, Any]:
    return msgspec.json.decode(await request.body() or b"{}", type=dict[str, Any])


async def state(request: Request) -> Response:
    """GET / and /_control/state: what there is and what happened."""
    simulator = GoogleSimulator.of(request)
    spots = [spot for item in simulator.world.businesses.values() for spot in item.spots.values()]
    return json_response(
        {
            "locations": [
                {
                    "name": s.name,
                    "title": s.title,
                    "verified": s.verified,
                    "reviews": len(s.reviews),
                }
                for s in spots
            ],
            "counts": simulator.weather.counts,
            "pushes": [push.statuses for push in pushes_of(request).sent],
        }
    )


async def keys(request: Request) -> Response:
    """GET /oauth2/v3/certs: the keys that sign pushes."""
    return json_response(pushes_of(request).key_set())


async def faults(request: Request) -> Response:
    """POST /_control/faults: replace the present faults."""
    given = await _body(request)
    seed = given.pop("seed", None)
    GoogleSimulator.of(request).weather.set(Faults(**given), seed)
    return json_response({})


async def verify(request: Request) -> Response:
    """POST /_control/verify {location, verified}."""
    given = await _body(request)
    _chosen(request, given).verified = bool(given.get("verified", True))
    return json_response({})


async def revoke(request: Request) -> Response:
    """POST /_control/revoke: the owner withdraws the permission."""
    GoogleSimulator.of(request).revoke()
    return json_response({})


async def put_review(request: Request) -> Response:
    """POST /_control/reviews: write or change a review {id, stars, comment, author, at}; told."""
    given = await _body(request)
    simulator, spot = GoogleSimulator.of(request), _chosen(request, given)
    now = simulator.world.clock()
    at = moment_of(given["at"]) if given.get("at") else now
    review_id = str(given.get("id") or opaque(spot.name, len(spot.reviews), now))
    is_new = f"{spot.name}/reviews/{review_id}" not in spot.reviews
    written = _put(spot, review_id, given, at)
    if given.get("notify", True):
        pushes_of(request).send("NEW_REVIEW" if is_new else "UPDATED_REVIEW", written["name"])
    return json_response(written)


def _put(spot: Spot, review_id: str, given: Json, at: datetime) -> Json:
    old = spot.reviews.get(f"{spot.name}/reviews/{review_id}", {})
    stars = given.get("stars") or STARS.index(old.get("starRating", "FIVE")) + 1
    return spot.put(
        review_id,
        stars=int(stars),
        comment=str(given.get("comment", old.get("comment", ""))),
        author=str(given.get("author", old.get("reviewer", {}).get("displayName", "Sam Carter"))),
        created=at,
        updated=at,
    )


async def delete_review(request: Request) -> Response:
    """POST /_control/reviews/delete {name}: the author takes a review back; nobody is told."""
    name = str((await _body(request))["name"])
    spot = GoogleSimulator.of(request).world.spot("/".join(name.split("/")[:4]))
    if spot is None or spot.reviews.pop(name, None) is None:
        raise GoogleFaultError(404, "NOT_FOUND", "There is no such review.")
    return json_response({})


def _chosen(request: Request, given: Json) -> Spot:
    world = GoogleSimulator.of(request).world
    name = given.get("location")
    spot = world.spot(str(name)) if name else next(iter(world.first.spots.values()), None)
    if spot is None:
        raise GoogleFaultError(404, "NOT_FOUND", "There is no such location.")
    return spot
