"""What was valued is valued again when its grounds change: new accounts, new parameters.

A large move is told: on the pages until somebody has seen it, and by e-mail.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

from myriad.kit.clock import utc_now
from myriad.kit.errors import InvalidInputError, NotFoundError
from myriad.products.upswitch.queueing import REVALUE_TASK, enqueue_moves_mail
from myriad.products.upswitch.registry.numbers import parse_enterprise_number
from myriad.products.upswitch.repository.sessions import get_session
from myriad.products.upswitch.valuations.moves import note_move
from myriad.products.upswitch.valuations.ordering import assemble_session
from myriad.products.upswitch.valuations.reading import get_valuation
from myriad.products.upswitch.valuations.sql import QUERIES, Row, SessionRows, fetch, find
from myriad.products.upswitch.valuations.storing import Order, keep
from myriad.products.upswitch.valuations.vintages import Vintage, get_in_force, get_vintage
from myriad.products.upswitch.views.moves import Reason
from myriad.scale.data import Database, Session
from myriad.scale.jobs import Job
from myriad.scale.jobs.packs import enqueue_fan_out
from myriad.scale.observe.logs import get_logger
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

_log = get_logger(__name__)
_BATCH = 20
_TITLES: dict[Reason, str] = {
    "filing": "after a new filing",
    "parameters": "after new parameters",
}


async def revalue(runtime: Runtime, session: Session, number: int) -> UUID | None:
    """Value the newest session of a company again; return the valuation when it is a new one.

    A company that nobody valued from a session is left alone.
    """
    before = await find(session, "find_newest_valuation_of_company", company_number=number)
    if before is None or before["session_id"] is None:
        return None
    vintage = await get_in_force(runtime.database, utc_now().date())
    made, has_moved = await _again(session, before, vintage, "filing")
    if has_moved:
        await enqueue_moves_mail(session)
    return made


async def revalue_account(job: Job, vintage_id: UUID) -> int:
    """Value every session of the job's account again under other parameters; return how many.

    Batches of twenty are committed one by one, so whoever is killed goes on where it was: what has
    a value under these parameters is passed over.
    """
    vintage = await get_vintage(job.runtime.database, vintage_id)
    done, moved = 0, 0
    async for batch in _batches(job, vintage):
        for before in batch:
            made, has_moved = await _again(job.session, before, vintage, "parameters")
            done, moved = done + (made is not None), moved + has_moved
        await job.progress(done, None, f"{moved} moved")
        if moved:
            await enqueue_moves_mail(job.session)
        await job.checkpoint()
    return done


async def _batches(job: Job, vintage: Vintage) -> AsyncIterator[list[Row]]:
    after: UUID | None = None
    while True:
        asked = {"after": after, "parameter_set_id": vintage.id, "limit": _BATCH}
        rows = await fetch(job.session, "list_newest_of_sessions", **asked)
        if not rows:
            return
        after = rows[-1]["session_id"]
        yield rows


async def _again(
    session: Session, before: Row, vintage: Vintage, reason: Reason
) -> tuple[UUID | None, bool]:
    """Value a session again; return the valuation when it is new, and whether the move is told.

    A session that is gone, or can no longer be valued, keeps the value that it has.
    """
    try:
        order = await _order(session, before, vintage, reason)
        made, is_new = await keep(session, order, vintage)
    except (NotFoundError, InvalidInputError) as error:
        _log.info("valuation_not_renewed", valuation_id=str(before["id"]), error=error.code)
        return None, False
    if not is_new:
        return None, False
    return made, await note_move(session, before, await get_valuation(session, made), reason)


async def _order(session: Session, before: Row, vintage: Vintage, reason: Reason) -> Order:
    found = await get_session(session, before["session_id"])
    assembled = await assemble_session(SessionRows(session), found, vintage, utc_now().date())
    return Order(
        inputs=assembled.inputs,
        kind="watch",
        title=_TITLES[reason],
        session_id=found.id,
        parent_id=before["id"],
        company_number=parse_enterprise_number(found.company_number),
        assumptions=assembled.assumptions,
        notes=assembled.notes,
    )


async def enqueue_revaluations(database: Database, vintage: Vintage) -> int:
    """Queue the renewal of every account's values under a vintage in force; return how many accounts.

    One that comes into force later is taken up by the accounts' nightly jobs.
    """
    if (await get_in_force(database, utc_now().date())).id != vintage.id:
        return 0
    async with database.crossing("new parameters renew every account's values") as crossing:
        connection = await crossing.connection()
        text = QUERIES["list_accounts_with_sessions_valued"]
        rows = (await connection.exec_driver_sql(text)).all()
        payload = {"vintage_id": str(vintage.id)}
        concerned = {TenantId(row.tenant_id): [payload] for row in rows}
        if concerned:
            await enqueue_fan_out(crossing, REVALUE_TASK, concerned)
    return len(concerned)
