"""The NBB's web service of filed accounts: references of an enterprise, data of a deposit.

Facts of the interface: GET /authentic/legalEntity/{number}/references and
GET /authentic/deposit/{reference}/accountingData, with a subscription key, a request id and an
Accept header (the Central Balance Sheet Office's description of its web services).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import Any

import httpx
from pydantic import SecretStr

from myriad.kit.ids import new_id
from myriad.products.upswitch.registry.nbb.errors import (
    NbbAnswerError,
    NbbKeyError,
    NbbUnavailableError,
)
from myriad.products.upswitch.registry.nbb.rubrics import Filing

PRODUCTION_URL = "https://ws.cbso.nbb.be"
_ATTEMPTS = 4
_FIRST_WAIT_SECONDS = 0.3
_PDF_ONLY = "-p"
_JSON = "application/json"
_JSONXBRL = "application/x.jsonxbrl"
_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


@dataclass(frozen=True, slots=True)
class Reference:
    """A deposit that there is; `has_data` is False for one that was filed on paper only."""

    number: str
    model: str
    deposited_on: date | None

    @property
    def has_data(self) -> bool:
        """Whether its amounts can be asked for."""
        return not self.model.endswith(_PDF_ONLY)


class NbbClient:
    """Asks for filings; close what `http` is yourself."""

    def __init__(
        self, http: httpx.AsyncClient, key: SecretStr, base_url: str = PRODUCTION_URL
    ) -> None:
        self._http = http
        self._key = key
        self._base = base_url.rstrip("/")

    async def list_references(self, number: int) -> list[Reference]:
        """Return the deposits of an enterprise, newest first; none when it never filed."""
        answer = await self._get(f"/authentic/legalEntity/{number:010d}/references", _JSON)
        if answer is None:
            return []
        if not isinstance(answer, list):
            raise NbbAnswerError("References are not a list.")
        found = [_reference(each) for each in answer]
        return sorted(found, key=lambda each: each.number, reverse=True)

    async def find_filing(self, reference: Reference) -> Filing | None:
        """Return the amounts of a deposit, None when it has no data."""
        if not reference.has_data:
            return None
        path = f"/authentic/deposit/{reference.number}/accountingData"
        answer = await self._get(path, _JSONXBRL)
        return None if answer is None else _filing(answer, reference)

    async def _get(self, path: str, accept: str) -> Any:
        """Return the answer's JSON, None for 404; what fails for a while is tried again."""
        headers = {
            "NBB-CBSO-Subscription-Key": self._key.get_secret_value(),
            "X-Request-Id": str(new_id()),
            "Accept": accept,
        }
        for attempt in range(_ATTEMPTS):
            if attempt:
                await asyncio.sleep(_wait(attempt))
            try:
                answer = await self._http.get(self._base + path, headers=headers)
            except httpx.TransportError:
                continue
            if answer.status_code == HTTPStatus.NOT_FOUND:
                return None
            if answer.status_code in _REFUSED:
                raise NbbKeyError(
                    "The National Bank refuses the key. Subscribe to “authentic data” at its "
                    "developer portal and set MYRIAD_UPSWITCH__NBB_KEY."
                )
            if answer.status_code == HTTPStatus.OK:
                return _json(answer)
        raise NbbUnavailableError("The National Bank does not answer; the accounts come later.")


def _wait(attempt: int) -> float:
    longest = _FIRST_WAIT_SECONDS * 2**attempt
    return random.uniform(0, longest)  # noqa: S311 - spreads load, keeps no secret.


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        raise NbbAnswerError("The answer is no JSON.") from None


def _reference(found: Any) -> Reference:
    try:
        day = found.get("DepositDate")
        return Reference(
            str(found["ReferenceNumber"]),
            str(found["ModelType"]),
            date.fromisoformat(day[:10]) if day else None,
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise NbbAnswerError("A reference has not the published form.") from None


def _filing(found: Mapping[str, Any], reference: Reference) -> Filing:
    try:
        dates = found["ExerciseDates"]
        rubrics: dict[str, dict[str, int]] = {}
        for row in found["Rubrics"]:
            cents = int((Decimal(str(row["Value"])) * 100).to_integral_value())
            rubrics.setdefault(str(row["Code"]), {})[str(row["Period"])] = cents
        return Filing(
            reference=reference.number,
            number=int(found["EnterpriseNumber"]),
            start=date.fromisoformat(dates["startDate"]),
            end=date.fromisoformat(dates["endDate"]),
            model=reference.model,
            deposited_on=reference.deposited_on,
            rubrics=rubrics,
        )
    except (InvalidOperation, KeyError, TypeError, ValueError):
        raise NbbAnswerError("A deposit's data have not the published form.") from None
