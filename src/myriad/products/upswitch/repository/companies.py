"""Companies by number and by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol

from myriad.products.upswitch.registry.errors import CompanyNotFoundError
from myriad.products.upswitch.registry.kbo.files import SIMULATED
from myriad.products.upswitch.registry.nace import Activity, choose_activities, is_financial
from myriad.products.upswitch.registry.numbers import (
    EnterpriseNumberError,
    format_number,
    format_vat,
    parse_enterprise_number,
)
from myriad.products.upswitch.registry.searching import readings
from myriad.products.upswitch.registry.sql import QUERIES
from myriad.products.upswitch.views import (
    Address,
    CodedText,
    CompaniesView,
    CompanyRow,
    CompanyView,
    Loading,
    RegistryState,
)

Row = dict[str, Any]


class Rows(Protocol):
    """What reads named SQL for a caller."""

    async def rows(
        self, sql: str, parameters: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """Return the rows of a query."""
        ...


SHOWN = 20
PUBLISHED = "KBO/BCE open data"
INVENTED = "Simulated register: these companies do not exist"
_ORDINARY = "000"
_LANGUAGE = "NL"
# Enough digits that a number is meant, not a name such as "2dehands".
_NUMBER = re.compile(r"\s*(?:BE)?[\s.\-]*(?:\d[\s.\-/]*){7,}", re.IGNORECASE | re.ASCII)
_WARNING = (
    "The register says: {text}. A value as a going concern does not hold; what a liquidation "
    "would bring does."
)


async def search_companies(reader: Rows, query: str, *, limit: int = SHOWN) -> CompaniesView:
    """Return the companies that a name, an enterprise number or a VAT number means."""
    registry = await get_registry_state(reader)
    if _NUMBER.fullmatch(query):
        return await _search_number(reader, query, registry)
    rows = await _search_name(reader, query.replace("\0", ""), limit)
    note = "" if rows or not query.strip() else _nothing_found(registry)
    return CompaniesView(query=query, rows=rows, registry=registry, note=note)


async def _search_name(reader: Rows, query: str, limit: int) -> tuple[CompanyRow, ...]:
    """Return what the ways to read a name find, each company once, those of the likeliest first."""
    found: dict[int, CompanyRow] = {}
    for reading in readings(query):
        if len(found) >= limit or (found and reading.is_last_resort):
            break
        asked = {"query": reading.text, "limit": limit, "language": _LANGUAGE}
        for row in await reader.rows(QUERIES["search_companies"], asked):
            found.setdefault(row["number"], _row(row))
    return tuple(found.values())[:limit]


def _nothing_found(registry: RegistryState) -> str:
    if registry.snapshot_date is None:
        return "No register has been loaded yet."
    return "No legal person has a name with words that begin so. Try the enterprise number."


async def _search_number(reader: Rows, query: str, registry: RegistryState) -> CompaniesView:
    try:
        number = parse_enterprise_number(query)
    except EnterpriseNumberError as error:
        return CompaniesView(
            query=query,
            rows=(),
            registry=registry,
            note=error.detail,
            suggestions=error.suggestions,
        )
    asked = {"number": number, "language": _LANGUAGE}
    found = await reader.rows(QUERIES["find_companies_by_number"], asked)
    note = "" if found else f"{format_number(number)} is valid, but not in the register here."
    rows = tuple(_row(row) for row in found)
    return CompaniesView(query=query, rows=rows, registry=registry, note=note)


async def get_company(reader: Rows, given: str) -> CompanyView:
    """Return the card of the company with that number; raises CompanyNotFoundError.

    Raises EnterpriseNumberError, with the nearest valid numbers, for what is no number.
    """
    number = parse_enterprise_number(given)
    rows = await reader.rows(QUERIES["find_company"], {"number": number})
    if not rows:
        raise CompanyNotFoundError(
            f"{format_number(number)} is not in the register here. Natural persons are left out."
        )
    row = rows[0]
    activities = choose_activities(
        Activity(each["group"], each["version"], each["code"], each["classification"])
        for each in row["activities"]
    )
    texts = await _describe(
        reader,
        [
            ("JuridicalForm", row["legal_form"]),
            ("JuridicalSituation", row["situation"]),
            *((f"Nace{each.version}", each.code) for each in activities),
        ],
    )
    situation = _coded(texts, "JuridicalSituation", row["situation"])
    is_ordinary = row["situation"] in (None, _ORDINARY)
    return CompanyView(
        number=format_number(number),
        vat=format_vat(number),
        name=row["name"] or format_number(number),
        names=tuple(dict.fromkeys(row["names"])),
        legal_form=_coded(texts, "JuridicalForm", row["legal_form"]),
        situation=situation,
        warning="" if is_ordinary or not situation else _WARNING.format(text=situation.text),
        start_date=row["start_date"],
        address=_address(row["address"]),
        activities=tuple(
            CodedText(code=each.code, text=texts.get((f"Nace{each.version}", each.code), each.code))
            for each in activities
        ),
        is_financial=any(is_financial(each.code) for each in activities),
        establishments=row["establishments"],
        snapshot_date=row["snapshot_date"],
        source=_source(row["version"]),
    )


def _source(version: str | None) -> str:
    """Return where the register's rows come from; invented ones say so wherever they are shown."""
    return INVENTED if _is_invented(version) else PUBLISHED


def _is_invented(version: str | None) -> bool:
    return bool(version) and str(version).startswith(SIMULATED)


async def get_registry_state(reader: Rows) -> RegistryState:
    """Return how fresh the register is here, and how far a load of it is."""
    (row,) = await reader.rows(QUERIES["registry_state"])
    loading = None
    if row["loading_number"] is not None:
        loading = Loading(
            number=row["loading_number"], step=row["step"], done=row["done"], total=row["total"]
        )
    return RegistryState(
        snapshot_date=row["snapshot_date"],
        extract_number=row["number"],
        source=_source(row["version"]),
        is_invented=_is_invented(row["version"]),
        loading=loading,
    )


def _row(row: Row) -> CompanyRow:
    address = row["address"] or {}
    number = format_number(row["number"])
    return CompanyRow(
        number=number,
        name=row["name"] or number,
        legal_form=row["form"] or row["legal_form"],
        is_ordinary=row["situation"] in (None, _ORDINARY),
        municipality=address.get("municipality"),
        zipcode=address.get("zipcode"),
    )


def _address(found: Row | None) -> Address | None:
    return Address(**found) if found else None


def _coded(texts: dict[tuple[str, str], str], category: str, code: str | None) -> CodedText | None:
    if not code:
        return None
    return CodedText(code=code, text=texts.get((category, code), code))


async def _describe(
    reader: Rows, codes: list[tuple[str, str | None]]
) -> dict[tuple[str, str], str]:
    """Return what codes mean, by (category, code)."""
    asked = sorted({(category, code) for category, code in codes if code})
    if not asked:
        return {}
    parameters = {
        "language": _LANGUAGE,
        "categories": [category for category, _ in asked],
        "codes": [code for _, code in asked],
    }
    rows = await reader.rows(QUERIES["describe_codes"], parameters)
    return {(row["category"], row["code"]): row["description"] for row in rows}
