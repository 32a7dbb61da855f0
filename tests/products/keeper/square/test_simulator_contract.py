"""Every answer of the simulator fits Square's published schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft4Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from myriad.kit.clock import utc_now
from myriad.products.keeper.square.simulator.settings import APPLICATION_ID, APPLICATION_SECRET
from myriad.products.keeper.square.simulator.spa import spa_seller
from myriad.products.keeper.square.simulator.world import World
from tests.products.keeper.square.conftest import RunningSquare, running_square


@pytest.fixture(scope="module")
def square() -> Iterator[RunningSquare]:
    world = World()
    world.add(spa_seller(seed=3, customers=60, now=utc_now()))
    with running_square(world, empty_pages=0.0) as running:
        yield running


@pytest.fixture(scope="session")
def schemas(shared_data: Path) -> dict[str, Any]:
    path = shared_data / "keeper" / "square_openapi_2025-08.json"
    if not path.is_file():
        pytest.skip("REAL DATA MISSING: keeper/square_openapi_2025-08.json; contract not checked")
    return json.loads(path.read_text())


def nullable(schema: Any) -> Any:
    """Turn OpenAPI 3.0's `nullable` into JSON Schema."""
    if isinstance(schema, list):
        return [nullable(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    turned = {key: nullable(value) for key, value in schema.items()}
    if turned.pop("nullable", False) is True:
        return {"anyOf": [turned, {"type": "null"}]}
    return turned


@pytest.fixture(scope="session")
def check(schemas: dict[str, Any]):  # type: ignore[no-untyped-def]
    document = {"components": nullable(schemas["components"])}
    registry = Registry().with_resource("square", Resource(document, DRAFT4))

    def validate(name: str, body: object) -> None:
        reference = {"$ref": f"square#/components/schemas/{name}"}
        Draft4Validator(reference, registry=registry).validate(body)
        known = set(document["components"]["schemas"][name].get("properties", {}))
        assert set(body) <= known, f"fields that {name} does not have"

    return validate


def ask(square: RunningSquare, method: str, path: str, **options: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {square.token()}", "Square-Version": "2025-08-20"}
    return httpx.request(method, square.url + path, headers=headers, trust_env=False, **options)


LISTS = [
    ("GET", "/v2/locations", {}, "ListLocationsResponse", "locations", "Location"),
    ("GET", "/v2/merchants", {}, "ListMerchantsResponse", "merchant", "Merchant"),
    ("GET", "/v2/customers", {}, "ListCustomersResponse", "customers", "Customer"),
    ("POST", "/v2/customers/search", {}, "SearchCustomersResponse", "customers", "Customer"),
    ("GET", "/v2/payments", {}, "ListPaymentsResponse", "payments", "Payment"),
    ("GET", "/v2/refunds", {}, "ListPaymentRefundsResponse", "refunds", "PaymentRefund"),
    ("GET", "/v2/bookings", {}, "ListBookingsResponse", "bookings", "Booking"),
    ("POST", "/v2/orders/search", {}, "SearchOrdersResponse", "orders", "Order"),
    (
        "POST",
        "/v2/team-members/search",
        {},
        "SearchTeamMembersResponse",
        "team_members",
        "TeamMember",
    ),
    ("POST", "/v2/labor/timecards/search", {}, "SearchTimecardsResponse", "timecards", "Timecard"),
    ("POST", "/v2/labor/shifts/search", {}, "SearchShiftsResponse", "shifts", "Timecard"),
]


@pytest.mark.parametrize(("method", "path", "body", "answer", "field", "kind"), LISTS)
def test_lists_fit_the_published_schemas(
    square: RunningSquare, check, method, path, body, answer, field, kind
) -> None:
    """A list's answer and every object in it validate, with no field that Square lacks."""
    if path == "/v2/orders/search":
        body = {"location_ids": [square.world.first.main_location_id]}
    got = ask(square, method, path, **({"json": body} if method == "POST" else {}))
    assert got.status_code == 200, got.text
    check(answer, got.json())
    assert got.json()[field], "an empty list proves nothing"
    for item in got.json()[field]:
        check(kind, item)


def test_example_objects_have_the_fields_that_the_simulator_gives(
    square: RunningSquare, shared_data: Path
) -> None:
    """What Square's own examples carry for a card payment, ours carry too."""
    path = shared_data / "keeper" / "square_example_objects.json"
    example = json.loads(path.read_text())["ListPaymentsResponse"]["payments"][0]
    ours = ask(square, "GET", "/v2/payments").json()["payments"]
    card = next(p for p in ours if p["source_type"] == "CARD")
    essential = {"id", "amount_money", "total_money", "card_details", "status", "location_id"}
    essential |= {"created_at", "updated_at", "order_id", "team_member_id", "version_token"}
    assert essential <= set(example) & set(card)
    assert set(card["card_details"]["card"]) <= set(example["card_details"]["card"])


def test_oauth_answers_fit_the_published_schemas(square: RunningSquare, check) -> None:
    """Token, status and revocation validate."""
    merchant_id = square.world.first.merchant_id
    code = square.simulator.issuer.issue("code", merchant_id, ("X",), square.simulator.now(), 60)
    ids = {"client_id": APPLICATION_ID, "client_secret": APPLICATION_SECRET}
    got = ask(
        square,
        "POST",
        "/oauth2/token",
        json=ids | {"grant_type": "authorization_code", "code": code},
    )
    check("ObtainTokenResponse", got.json())
    check("RetrieveTokenStatusResponse", ask(square, "POST", "/oauth2/token/status").json())


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "code"),
    [
        ("GET", "/v2/payments?begin_time=yesterday", {}, 400, "INVALID_TIME"),
        ("GET", "/v2/customers?limit=101", {}, 400, "VALUE_TOO_HIGH"),
        ("GET", "/v2/payments?cursor=nonsense", {}, 400, "INVALID_CURSOR"),
        ("POST", "/v2/orders/search", {"json": {}}, 400, "MISSING_REQUIRED_PARAMETER"),
        (
            "POST",
            "/v2/orders/search",
            {"json": {"location_ids": ["L"] * 11}},
            400,
            "ARRAY_LENGTH_TOO_LONG",
        ),
        ("POST", "/v2/orders/search", {"content": "[]"}, 400, "EXPECTED_OBJECT"),
        (
            "GET",
            "/v2/bookings?start_at_min=2026-01-01T00:00:00Z&start_at_max=2026-02-02T00:00:00Z",
            {},
            400,
            "INVALID_TIME_RANGE",
        ),
        ("GET", "/v2/nothing", {}, 404, "NOT_FOUND"),
    ],
)
def test_refusals_fit_the_published_schemas(
    square: RunningSquare, check, method, path, options, status, code
) -> None:
    """A refusal carries Square's category and code."""
    got = ask(square, method, path, **options)
    assert (got.status_code, got.json()["errors"][0]["code"]) == (status, code)
    for error in got.json()["errors"]:
        check("Error", error)
