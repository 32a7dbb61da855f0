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
        asked = {"filter[entity.registeredAs]": format_number(number)}
        found = await self._get("/api/v1/lei-records", asked)
        return [record for record in _records(found) if is_lei(record.lei)]

    async def find_parent(self, lei: str) -> LeiRecord | None:
        """Return the record of the direct parent, None where none is reported.

        Raises GleifUnavailableError.
        """
        found = await self._get(f"/api/v1/lei-records/{lei}/direct-parent", {})
        if found is None:
            return None
        data = found.get("data") if isinstance(found, dict) else None
        return _records({"data": [data]})[0]

    async def _get(self, path: str, parameters: dict[str, str]) -> Any:
        """Return the answer's JSON, None for 404."""
        try:
            answer = await self._http.get(
                self._base + path, params=parameters, headers={"Accept": _JSON_API}
            )
            if answer.status_code == HTTPStatus.NOT_FOUND:
                return None
            if answer.status_code != HTTPStatus.OK:
                raise GleifUnavailableError(f"GLEIF answers {answer.status_code}.")
            return answer.json()
        except (httpx.TransportError, ValueError):
            raise GleifUnavailableError("GLEIF does not answer as published.") from None


def _records(found: Any) -> list[LeiRecord]:
    try:
        return [_record(each) for each in (found or {})["data"]]
    except (KeyError, TypeError, AttributeError):
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
