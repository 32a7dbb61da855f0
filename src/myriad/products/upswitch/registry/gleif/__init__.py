"""GLEIF: the Legal Entity Identifier of an enterprise, where it has one."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx

from myriad.kit.errors import UnavailableError
from myriad.products.upswitch.registry.numbers import format_number, is_lei

PRODUCTION_URL = "https://api.gleif.org"
_JSON_API = "application/vnd.api+json"


class GleifUnavailableError(UnavailableError):
    """GLEIF does not answer, or not in its published form."""

    code = "gleif_unavailable"
    title = "GLEIF does not answer"


@dataclass(frozen=True, slots=True)
class LeiRecord:
    """An identifier and to whom it belongs; `status` is ISSUED, LAPSED and so on."""

    lei: str
    name: str
    status: str
    country: str | None


class GleifClient:
    """Asks GLEIF; close what `http` is yourself."""

    def __init__(self, http: httpx.AsyncClient, base_url: str = PRODUCTION_URL) -> None:
        self._http = http
        self._base = base_url.rstrip("/")

    async def list_records(self, number: int) -> list[LeiRecord]:
        """Return the records registered under an enterprise number; most companies have none.

        Records whose identifier fails ISO 7064 mod 97-10 are left out. Raises
        GleifUnavailableError.
        """
        parameters = {"filter[entity.registeredAs]": format_number(number)}
        try:
            answer = await self._http.get(
                f"{self._base}/api/v1/lei-records", params=parameters, headers={"Accept": _JSON_API}
            )
            if answer.status_code != HTTPStatus.OK:
                raise GleifUnavailableError(f"GLEIF answers {answer.status_code}.")
            return [_record(each) for each in answer.json()["data"] if is_lei(each["id"])]
        except (httpx.TransportError, ValueError, KeyError, TypeError):
            raise GleifUnavailableError("GLEIF does not answer as published.") from None


def _record(found: dict[str, Any]) -> LeiRecord:
    attributes = found["attributes"]
    entity = attributes["entity"]
    return LeiRecord(
        lei=found["id"],
        name=entity["legalName"]["name"],
        status=attributes["registration"]["status"],
        country=(entity.get("legalAddress") or {}).get("country"),
    )
