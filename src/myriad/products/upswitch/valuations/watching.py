"""A company has filed: what was said of it is valued again, and a large move is told."""

from __future__ import annotations

from uuid import UUID

from myriad.kit.clock import utc_now
from myriad.kit.money import Money
from myriad.products.upswitch.registry.numbers import parse_enterprise_number
from myriad.products.upswitch.repository.sessions import get_session
from myriad.products.upswitch.valuations.ordering import assemble_session
from myriad.products.upswitch.valuations.reading import get_valuation
from myriad.products.upswitch.valuations.sql import SessionRows, find
from myriad.products.upswitch.valuations.storing import Order, keep
from myriad.products.upswitch.valuations.vintages import get_in_force
from myriad.scale.data import Session
from myriad.scale.directory.audit import record_event
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId, current_tenant

TOLD_FROM = 0.10
"""A middle that moves by more than this share of itself is told."""


async def revalue(runtime: Runtime, session: Session, number: int) -> UUID | None:
    """Value the newest session of a company again; return the valuation when it is a new one.

    A company that nobody valued from a session is left alone.
    """
    before = await find(session, "find_newest_valuation_of_company", company_number=number)
    if before is None or before["session_id"] is None:
        return None
    tenant_id = TenantId(current_tenant())
    day = utc_now().date()
    vintage = await get_in_force(runtime.database, day)
    found = await get_session(session, before["session_id"])
    assembled = await assemble_session(SessionRows(session), found, vintage, day)
    order = Order(
        inputs=assembled.inputs,
        kind="watch",
        title="after a new filing",
        session_id=found.id,
        parent_id=before["id"],
        company_number=parse_enterprise_number(found.company_number),
        assumptions=assembled.assumptions,
        notes=assembled.notes,
    )
    made, is_new = await keep(session, order, vintage)
    if not is_new:
        return None
    after = await get_valuation(session, made)
    moved = move(Money(before["middle_minor"], before["currency"]), after.middle)
    if abs(moved) > TOLD_FROM:
        subject = str(made)
        record_event(session, tenant_id, "valuation.moved", subject=subject, share=round(moved, 4))
    return made


def move(before: Money, after: Money) -> float:
    """Return by which share of itself a value moved; 1.0 from nothing to something."""
    if before.minor == 0:
        return 1.0 if after.minor else 0.0
    return after.minor / before.minor - 1.0
