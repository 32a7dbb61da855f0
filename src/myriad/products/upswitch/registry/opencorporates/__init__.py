"""OpenCorporates: what a company is called elsewhere; only for installations that have its key.

Its interface (GET /v0.4/companies/{jurisdiction}/{number}) asks for a paid key, and its data come
under the ODbL, which binds whoever passes them on; so nothing is asked unless an operator sets the
key, and what it says is shown, never computed with.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx
from pydantic import SecretStr

from myriad.kit.errors import UnavailableError

PRODUCTION_URL = "https://api.opencorporates.com"


class OpenCorporatesUnavailableError(UnavailableError):
    """OpenCorporates does not answer, refuses the key, or answers in another form."""

    code = "opencorporates_unavailable"
    title = "OpenCorporates does not answer"


@dataclass(frozen=True, slots=True)
class OpenCompany:
    """A company as OpenCorporates has it; `address` is its page there, to be linked to."""

    name: str
    status: str | None
    incorporated_on: str | None
    address: str | None


class OpenCorporatesClient:
    """Asks OpenCorporates; close what `http` is yourself."""

    def __init__(
        self, http: httpx.AsyncClient, key: SecretStr, base_url: str = PRODUCTION_URL
    ) -> None:
        self._http = http
        self._key = key
        self._base = base_url.rstrip("/")

    async def find(self, number: int) -> OpenCompany | None:
        """Return the Belgian company of that number, or None.

        Raises OpenCorporatesUnavailableError.
        """
        path = f"{self._base}/v0.4/companies/be/{number:010d}"
        try:
            answer = await self._http.get(path, params={"api_token": self._key.get_secret_value()})
            if answer.status_code == HTTPStatus.NOT_FOUND:
                return None
            if answer.status_code != HTTPStatus.OK:
                raise OpenCorporatesUnavailableError(
                    f"OpenCorporates answers {answer.status_code}."
                )
            return _company(answer.json()["results"]["company"])
        except (httpx.TransportError, ValueError, KeyError, TypeError):
            raise OpenCorporatesUnavailableError(
                "OpenCorporates does not answer as published."
            ) from None


def _company(found: dict[str, Any]) -> OpenCompany:
    return OpenCompany(
        name=str(found["name"]),
        status=found.get("current_status"),
        incorporated_on=found.get("incorporation_date"),
        address=found.get("opencorporates_url"),
    )
