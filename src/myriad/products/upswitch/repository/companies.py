"""Companies by number and by name."""

from __future__ import annotations

import re
from typing import Any

from myriad.products.upswitch.registry.errors import CompanyNotFoundError
from myriad.products.upswitch.registry.nace import Activity, choose_activities, is_financial
from myriad.products.upswitch.registry.numbers import (
    EnterpriseNumberError,
    format_number,
    format_vat,
    parse_enterprise_number,
)
from myriad.products.upswitch.registry.sql import QUERIES
from myriad.products.upswitch.views import (
    Address,
    CodedText,
    CompaniesView,
    CompanyRow,
    CompanyView,
    RegistryState,
)
from myriad.scale.data import ReadSession

Row = dict[str, Any]

SHOWN = 20
_ORDINARY = "000"
_LANGUAGE = "NL"
# Enough digits that a number is meant, not a name such as "2dehands".
_NUMBER = re.compile(r"\s*(?:BE)?[\s.\-]*(?:\d[\s.\-/]*){7,}", re.IGNORECASE | re.ASCII)
_WARNING = (
    "The register says: {text}. A value as a going concern does not hold; what a liquidation "
    "would bring does."
)


async def search_companies(
    session: ReadSession, query: str, *, limit: int = SHOWN
) -> CompaniesView:
    """Return the companies that a name, an enterprise number or a VAT number means."""
    registry = await _registry_state(session)
    if _NUMBER.fullmatch(query):
        return await _search_number(session, query, registry)
    found = await _fetch(session, "search_companies", query=query.replace("\0", ""), limit=limit)
    forms = await _describe(session, [("JuridicalForm", row["legal_form"]) for row in found])
    rows = tuple(_row(row, forms) for row in found)
    note = "" if rows or not query.strip() else _nothing_found(registry)
    return CompaniesView(query=query, rows=rows, registry=registry, note=note)


def _nothing_found(registry: RegistryState) -> str:
    if registry.snapshot_date is None:
        return "No register has been loaded yet."
    return "No legal person has a name with words that begin so. Try the enterprise number."


async def _search_number(
    session: ReadSession, query: str, registry: RegistryState
) -> CompaniesView:
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
    found = await _fetch(session, "find_company", number=number)
    forms = await _describe(session, [("JuridicalForm", row["legal_form"]) for row in found])
    note = "" if found else f"{format_number(number)} is valid, but not in the register here."
    rows = tuple(_row(row, forms) for row in found)
    return CompaniesView(query=query, rows=rows, registry=registry, note=note)


async def get_company(session: ReadSession, given: str) -> CompanyView:
    """Return the card of the company with that number; raises CompanyNotFoundError.

    Raises EnterpriseNumberError, with the nearest valid numbers, for what is no number.
    """
    number = parse_enterprise_number(given)
    rows = await _fetch(session, "find_company", number=number)
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
        session,
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
    )


async def _registry_state(session: ReadSession) -> RegistryState:
    rows = await _fetch(session, "last_kbo_extract")
    if not rows:
        return RegistryState()
    return RegistryState(snapshot_date=rows[0]["snapshot_date"], extract_number=rows[0]["number"])


def _row(row: Row, forms: dict[tuple[str, str], str]) -> CompanyRow:
    address = row["address"] or {}
    number = format_number(row["number"])
    form = row["legal_form"]
    return CompanyRow(
        number=number,
        name=row["name"] or number,
        legal_form=forms.get(("JuridicalForm", form), form) if form else None,
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
    session: ReadSession, codes: list[tuple[str, str | None]]
) -> dict[tuple[str, str], str]:
    """Return what codes mean, by (category, code)."""
    asked = sorted({(category, code) for category, code in codes if code})
    if not asked:
        return {}
    rows = await _fetch(
        session,
        "describe_codes",
        language=_LANGUAGE,
        categories=[category for category, _ in asked],
        codes=[code for _, code in asked],
    )
    return {(row["category"], row["code"]): row["description"] for row in rows}


async def _fetch(session: ReadSession, name: str, /, **parameters: Any) -> list[Row]:
    connection = await session.connection()
    result = await connection.exec_driver_sql(QUERIES[name], parameters)
    names = tuple(result.keys())
    return [dict(zip(names, row, strict=True)) for row in result.all()]
