"""The three interfaces, as their owners publish them, with their refusals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from types import MappingProxyType

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from myriad.products.upswitch.registry.numbers import (
    EnterpriseNumberError,
    format_number,
    parse_enterprise_number,
)
from myriad.products.upswitch.registry.simulator import SIMULATED_KEY as SIMULATED_KEY
from myriad.products.upswitch.registry.simulator.accounts import Deposit, deposits_of
from myriad.scale.simulator.answers import json_response
from myriad.scale.simulator.faults import Faults, Weather

# A VAT number that VIES calls invalid although it is well formed: every seventh.
_INVALID_EVERY = 7
_LEI_EVERY = 3
# Every second one with an identifier belongs to a group, and that to a holding abroad.
_PARENT_EVERY = 6
_SEAT = "Kerkplein 1\n9000 Gent"


class VendorError(Exception):
    """An answer that is a refusal."""

    def __init__(self, status: int, body: object) -> None:
        self.status = status
        self.body = body


Named = Mapping[int, tuple[str, str]]
_NOBODY: Named = MappingProxyType({})


def create_app(
    weather: Weather[Faults] | None = None, named: Callable[[], Named] = lambda: _NOBODY
) -> Starlette:
    """Return the server; `weather` brings trouble on demand, `named` makes (name, seat) by number.

    The names are made at the first request, so that the server is there at once.
    """
    app = Starlette(
        routes=[
            Route("/nbb/authentic/legalEntity/{number}/references", references),
            Route("/nbb/authentic/deposit/{reference}/accountingData", accounting_data),
            Route("/vies/rest-api/ms/BE/vat/{number}", vat),
            Route("/gleif/api/v1/lei-records", lei_records),
            Route("/gleif/api/v1/lei-records/{lei}/direct-parent", direct_parent),
        ],
        exception_handlers={VendorError: _refuse},
    )
    app.state.weather = weather or Weather(1, Faults())
    app.state.named = cache(named)
    return app


def _name_of(request: Request, number: int) -> tuple[str, str]:
    """Return the name and seat of an enterprise; those nobody named have their number for one."""
    name, seat = request.app.state.named().get(number, ("", ""))
    return name or f"Simulated {format_number(number)}", seat or _SEAT


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, VendorError)
    return json_response(error.body, error.status)


async def _suffer(request: Request) -> None:
    await request.app.state.weather.suffer(
        lambda seconds: VendorError(429, {"statusCode": 429, "message": "Rate limit is exceeded."}),
        lambda: VendorError(500, {"statusCode": 500, "message": "Internal server error"}),
    )


async def _admit_to_nbb(request: Request) -> None:
    await _suffer(request)
    if request.headers.get("NBB-CBSO-Subscription-Key") != SIMULATED_KEY:
        raise VendorError(401, {"statusCode": 401, "message": "Access denied: invalid key"})
    if "X-Request-Id" not in request.headers:
        raise VendorError(400, {"statusCode": 400, "message": "X-Request-Id is required"})


async def references(request: Request) -> Response:
    """The deposits of an enterprise."""
    await _admit_to_nbb(request)
    deposits = deposits_of(_number(request.path_params["number"]))
    if not deposits:
        raise VendorError(404, {"statusCode": 404, "message": "No references found"})
    return json_response([_reference(each, request) for each in deposits])


def _reference(deposit: Deposit, request: Request) -> dict[str, object]:
    return {
        "ReferenceNumber": deposit.reference,
        "DepositDate": deposit.deposited_on.isoformat(),
        "EnterpriseNumber": request.path_params["number"],
        "ModelType": deposit.model,
    }


async def accounting_data(request: Request) -> Response:
    """The rubrics of a deposit."""
    await _admit_to_nbb(request)
    reference = request.path_params["reference"]
    stem = int(reference.rpartition("-")[2])
    number = stem * 100 + 97 - stem % 97
    found = [each for each in deposits_of(number) if each.reference == reference]
    if not found or found[0].model.endswith("-p"):
        raise VendorError(404, {"statusCode": 404, "message": "No accounting data"})
    deposit = found[0]
    rows = [
        {"Code": code, "Value": f"{value:.2f}", "Period": period, "DataType": None}
        for code, values in deposit.rubrics.items()
        for period, value in values.items()
    ]
    body = {
        "ReferenceNumber": reference,
        "EnterpriseName": _name_of(request, number)[0],
        "EnterpriseNumber": f"{number:010d}",
        "LegalForm": "610",
        "ExerciseDates": {
            "startDate": deposit.start.isoformat(),
            "endDate": deposit.end.isoformat(),
        },
        "Rubrics": rows,
        "Administrators": {},
        "Shareholders": {},
        "ParticipatingInterests": [],
    }
    return json_response(body)


async def vat(request: Request) -> Response:
    """Whether a VAT number is valid."""
    await _suffer(request)
    given = request.path_params["number"]
    try:
        number = parse_enterprise_number(given)
    except EnterpriseNumberError:
        number = 0
    is_valid = number > 0 and number // 100 % _INVALID_EVERY != 0
    name, seat = _name_of(request, number)
    body = {
        "isValid": is_valid,
        "requestDate": datetime.now(UTC).isoformat(),
        "userError": "VALID" if is_valid else "INVALID",
        "name": name.upper() if is_valid else "---",
        "address": seat if is_valid else "---",
        "vatNumber": given,
    }
    return json_response(body)


async def lei_records(request: Request) -> Response:
    """The identifiers registered under a number."""
    await _suffer(request)
    number = _number(request.query_params.get("filter[entity.registeredAs]", ""))
    found = [] if number // 100 % _LEI_EVERY else [_lei_record(request, number)]
    return json_response({"meta": {"pagination": {"total": len(found)}}, "data": found})


async def direct_parent(request: Request) -> Response:
    """The record of whom an entity belongs to."""
    await _suffer(request)
    digits = request.path_params["lei"][4:14]
    number = int(digits) if digits.isdigit() else 0
    if number == 0 or number // 100 % _PARENT_EVERY:
        raise VendorError(404, {"errors": [{"status": "404", "title": "Not Found"}]})
    name = f"{_name_of(request, number)[0].split()[0]} Holding"
    return json_response({"data": _record(_lei(number + 1), name, "LU", "B 123456")})


def _lei_record(request: Request, number: int) -> dict[str, object]:
    name = _name_of(request, number)[0]
    return _record(_lei(number), name, "BE", format_number(number))


def _lei(number: int) -> str:
    stem = f"5493{number:010d}SIMU"  # 18 characters before the check digits.
    digits = int("".join(str(int(letter, 36)) for letter in stem + "00"))
    return f"{stem}{98 - digits % 97:02d}"


def _record(lei: str, name: str, country: str, registered_as: str) -> dict[str, object]:
    return {
        "type": "lei-records",
        "id": lei,
        "attributes": {
            "lei": lei,
            "entity": {
                "legalName": {"name": name, "language": "nl"},
                "legalAddress": {"country": country},
                "registeredAs": registered_as,
            },
            "registration": {"status": "ISSUED"},
        },
    }


def _number(given: str) -> int:
    try:
        return parse_enterprise_number(given)
    except EnterpriseNumberError:
        raise VendorError(400, {"statusCode": 400, "message": "Not an enterprise number"}) from None
