"""What people and programs ask to have valued: a session, a document, a what-if, a replay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from myriad.kit.clock import utc_now
from myriad.products.upswitch.assembling import Assembled, assemble
from myriad.products.upswitch.engine.document import Inputs, convert_inputs
from myriad.products.upswitch.errors import InputsError
from myriad.products.upswitch.registry.errors import CompanyNotFoundError
from myriad.products.upswitch.registry.filings import filing_of, years_of
from myriad.products.upswitch.registry.nbb.rubrics import YearFigures
from myriad.products.upswitch.registry.numbers import parse_enterprise_number
from myriad.products.upswitch.registry.sql import QUERIES as REGISTRY
from myriad.products.upswitch.repository.companies import Rows, get_company
from myriad.products.upswitch.repository.sessions import get_session
from myriad.products.upswitch.valuations.asking import Change, changed, changed_assumptions
from myriad.products.upswitch.valuations.reading import get_valuation
from myriad.products.upswitch.valuations.storing import Order, keep
from myriad.products.upswitch.valuations.vintages import Vintage, get_in_force, get_vintage
from myriad.products.upswitch.views.companies import CompanyView
from myriad.products.upswitch.views.sessions import SessionView
from myriad.scale.data import Database, Session


@dataclass(frozen=True, slots=True)
class Desk:
    """What an order is filled with: the transaction, the public registers, who asks."""

    database: Database
    session: Session
    reader: Rows
    user_id: UUID | None = None


async def value_session(
    desk: Desk,
    session_id: UUID,
    *,
    as_of: date | None = None,
    rates: Mapping[str, float] | None = None,
) -> tuple[UUID, bool]:
    """Value what a session knows by now; return the valuation, and whether it is new.

    Raises SessionNotFoundError, MissingFactsError, CurrencyError and InputsError.
    """
    found = await get_session(desk.session, session_id)
    day = as_of or utc_now().date()
    vintage = await get_in_force(desk.database, day)
    assembled = await assemble_session(desk.reader, found, vintage, day, rates)
    order = Order(
        inputs=assembled.inputs,
        kind="session",
        session_id=session_id,
        company_number=parse_enterprise_number(found.company_number),
        assumptions=assembled.assumptions,
        notes=assembled.notes,
        user_id=desk.user_id,
    )
    return await keep(desk.session, order, vintage)


async def assemble_session(
    reader: Rows,
    found: SessionView,
    vintage: Vintage,
    day: date,
    rates: Mapping[str, float] | None = None,
) -> Assembled:
    """Return the inputs that a session makes, before anything is valued."""
    company, years = await _registered(reader, found.company_number)
    return assemble(
        found.facts,
        company,
        years,
        vintage.parameters,
        day,
        name=found.company_name,
        rates=rates,
    )


async def _registered(reader: Rows, number: str) -> tuple[CompanyView | None, list[YearFigures]]:
    asked = {"number": parse_enterprise_number(number)}
    filings = [filing_of(row) for row in await reader.rows(REGISTRY["list_filings"], asked)]
    try:
        company = await get_company(reader, number)
    except CompanyNotFoundError:
        company = None
    return company, years_of(filings)


async def value_document(
    desk: Desk, inputs: Inputs, *, title: str = "", as_of: date | None = None
) -> tuple[UUID, bool]:
    """Value a whole document of inputs under the parameters in force."""
    vintage = await get_in_force(desk.database, as_of or utc_now().date())
    order = Order(inputs=inputs, kind="document", title=title, user_id=desk.user_id)
    return await keep(desk.session, order, vintage)


async def value_scenario(
    desk: Desk, valuation_id: UUID, changes: Mapping[str, Change], *, title: str = ""
) -> tuple[UUID, bool]:
    """Value a what-if beside the valuation that it starts from, under the same parameters."""
    base = await get_valuation(desk.session, valuation_id)
    if not changes:
        raise InputsError("say at least one figure otherwise, such as 12 for a margin of 12 %")
    order = Order(
        inputs=changed(convert_inputs(base.inputs), changes),
        kind="scenario",
        title=title,
        session_id=base.session_id,
        parent_id=base.id,
        company_number=_number(base.company_number),
        assumptions=changed_assumptions(base.assumptions, changes),
        user_id=desk.user_id,
    )
    return await keep(desk.session, order, await get_vintage(desk.database, base.parameter_set_id))


async def replay(desk: Desk, valuation_id: UUID, as_of: date) -> tuple[UUID, bool]:
    """Value the same inputs under the parameters that were in force on a day."""
    base = await get_valuation(desk.session, valuation_id)
    vintage = await get_in_force(desk.database, as_of)
    order = Order(
        inputs=convert_inputs(base.inputs),
        kind="replay",
        title=f"parameters of {as_of}",
        session_id=base.session_id,
        parent_id=base.id,
        company_number=_number(base.company_number),
        assumptions=base.assumptions,
        user_id=desk.user_id,
    )
    return await keep(desk.session, order, vintage)


def _number(printed: str) -> int | None:
    return parse_enterprise_number(printed) if printed else None
