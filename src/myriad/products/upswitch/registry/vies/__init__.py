"""VIES: whether a VAT number is valid, as the member state's own administration says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

import httpx

from myriad.kit.errors import UnavailableError
from myriad.products.upswitch.registry.numbers import format_vat

PRODUCTION_URL = "https://ec.europa.eu/taxation_customs/vies"
_VALID = "VALID"
_INVALID = ("INVALID", "INVALID_INPUT")


class ViesUnavailableError(UnavailableError):
    """VIES, or the member state behind it, does not answer now."""

    code = "vies_unavailable"
    title = "VIES does not answer"


@dataclass(frozen=True, slots=True)
class VatCheck:
    """What VIES says of a number; name and address only where the member state shares them."""

    vat: str
    is_valid: bool
    name: str | None
    address: str | None
    asked_at: datetime | None


class ViesClient:
    """Asks VIES; close what `http` is yourself."""

    def __init__(self, http: httpx.AsyncClient, base_url: str = PRODUCTION_URL) -> None:
        self._http = http
        self._base = base_url.rstrip("/")

    async def check(self, number: int) -> VatCheck:
        """Return whether the Belgian VAT number of an enterprise is valid.

        Raises ViesUnavailableError when that cannot be known now, which says nothing about it.
        """
        path = f"/rest-api/ms/BE/vat/{number:010d}"
        try:
            answer = await self._http.get(self._base + path)
            found: Any = answer.json() if answer.status_code == HTTPStatus.OK else None
        except (httpx.TransportError, ValueError):
            found = None
        error = found.get("userError", "") if isinstance(found, dict) else "NO_ANSWER"
        if not isinstance(found, dict) or error not in (_VALID, *_INVALID):
            raise ViesUnavailableError(f"VIES cannot say now ({str(error)[:60]}); try again later.")
        return VatCheck(
            vat=format_vat(number),
            is_valid=found.get("isValid") is True,
            name=_text(found.get("name")),
            address=_text(found.get("address")),
            asked_at=_time(found.get("requestDate")),
        )


def _text(value: object) -> str | None:
    """Return a shared text; member states that share none send dashes."""
    text = str(value or "").strip()
    return text if text.strip("-") else None


def _time(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None
