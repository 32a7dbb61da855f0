"""The center over HTTP: what waits, what stands, decisions of one and of many, and the way back."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from myriad.products.kamioi.center import decisions
from myriad.products.kamioi.center.dashboard import get_dashboard
from myriad.products.kamioi.center.decisions import MOST_AT_ONCE, Outcome, Seen
from myriad.products.kamioi.center.rates import state_rate
from myriad.products.kamioi.center.reading import (
    LAST_ID,
    Place,
    find_brands,
    get_detail,
    list_mappings,
    list_queue,
    norm_of,
)
from myriad.products.kamioi.center.rules import get_rule, put_rule
from myriad.products.kamioi.center.views import (
    BrandChoice,
    Dashboard,
    MappingDetail,
    QueuedString,
    State,
)
from myriad.products.kamioi.looking import note_look_at_string
from myriad.products.kamioi.money.rates import StatedRate
from myriad.scale.directory.audit import record_event
from myriad.scale.http import (
    CurrentRuntime,
    Owner,
    Page,
    PageRequest,
    Paging,
    Router,
    Staff,
    TenantReadSession,
    TenantSession,
)
from myriad.scale.http import Queued as QueuedJob
from myriad.scale.jobs import JobStatus, get_job

router = Router(prefix="/admin")
_STALE: dict[int | str, dict[str, Any]] = {
    404: {"description": "The programme has no such string, or the world no such brand."},
    409: {"description": "Somebody decided the string since it was read."},
}


class Upon(BaseModel):
    """A string and the version of it that was seen; 0 when nothing held."""

    descriptor_id: UUID
    version: int = Field(ge=0)


class Approval(Upon):
    """What a string stands for; no brand: it is none."""

    brand_id: UUID | None


class Bulk(BaseModel):
    """The same decision of many strings; those decided meanwhile are told and left alone."""

    action: Literal["approve", "reject"]
    brand_id: UUID | None = None
    items: list[Upon] = Field(min_length=1, max_length=MOST_AT_ONCE)


class Return(Upon):
    """Which earlier version holds, or waits, again."""

    restored: int = Field(ge=1)


class RuleRead(BaseModel):
    """Above this sum of purchases at a string two persons decide; null: never.

    It is in smallest units of the programme's currency, which the dashboard names.
    """

    second_person_minor: int | None = Field(ge=0, le=10**12)


class TaskRead(BaseModel):
    """How far a job is."""

    id: UUID
    task: str
    state: str
    done: int | None
    total: int | None
    message: str | None

    @classmethod
    def of(cls, job: JobStatus) -> TaskRead:
        """Return what a job's row says."""
        return cls(
            id=job.id,
            task=job.task,
            state=job.state,
            done=job.progress_done,
            total=job.progress_total,
            message=job.message,
        )


@router.get("/llm-center/dashboard")
async def read_dashboard(
    caller: Staff, runtime: CurrentRuntime, session: TenantReadSession
) -> Dashboard:
    """Return how many strings wait, how well they are decided, and what models cost today."""
    return await get_dashboard(runtime.database, session, caller.tenant_id)


@router.get("/llm-center/queue")
async def read_queue(
    paging: PageRequest,
    session: TenantReadSession,
    response: Response,
    starts: Annotated[str, Query(max_length=200, description="the first words of a string")] = "",
) -> Page[QueuedString]:
    """Return what waits for a person, by the money at stake times the doubt."""
    after = Place(int(paging.after[0]), UUID(paging.after[1])) if paging.after else Place()
    found, places = await list_queue(session, paging.fetch, after, norm_of(starts))
    return _page(paging, response, found, [(place.weight, place.id) for place in places])


@router.get("/llm-center/mappings")
async def read_mappings(
    paging: PageRequest,
    session: TenantReadSession,
    response: Response,
    state: Annotated[State, Query()] = "approved",
) -> Page[QueuedString]:
    """Return current mappings in a state, the newest first."""
    after = UUID(paging.after_key) if paging.after_key else LAST_ID
    found, places = await list_mappings(session, state, paging.fetch, after)
    return _page(paging, response, found, [(place,) for place in places])


@router.get("/llm-center/mappings/{descriptor_id}")
async def read_mapping(
    descriptor_id: UUID, caller: Staff, runtime: CurrentRuntime, session: TenantReadSession
) -> MappingDetail:
    """Return one string: its versions, evidence, voices of members, and whom a decision touches.

    That somebody looked is noted of a member who alone has bought there.
    """
    found = await get_detail(session, descriptor_id)
    await note_look_at_string(runtime.database, session, caller, descriptor_id)
    return found


@router.get("/llm-center/brands")
async def read_brands(
    session: TenantReadSession, starts: Annotated[str, Query(min_length=1, max_length=200)]
) -> list[BrandChoice]:
    """Return up to eight brands of which a name begins with these words."""
    return await find_brands(session, starts)


@router.post("/llm-center/approve", responses=_STALE)
async def approve(body: Approval, caller: Staff, session: TenantSession) -> Outcome:
    """Decide one string for everybody; above the programme's sum it waits for a second person."""
    seen = Seen(body.descriptor_id, body.version)
    return decisions.only(await decisions.approve(session, caller, [seen], body.brand_id))


@router.post("/llm-center/reject", responses=_STALE)
async def reject(body: Upon, caller: Staff, session: TenantSession) -> Outcome:
    """Refuse one proposal; its brand is never proposed for the string again."""
    seen = Seen(body.descriptor_id, body.version)
    return decisions.only(await decisions.reject(session, caller, [seen]))


@router.post("/llm-center/bulk", responses=_STALE)
async def decide_many(body: Bulk, caller: Staff, session: TenantSession) -> Outcome:
    """Decide many strings alike; `stale` names those that somebody else decided first."""
    seen = [Seen(one.descriptor_id, one.version) for one in body.items]
    if body.action == "reject":
        return await decisions.reject(session, caller, seen)
    return await decisions.approve(session, caller, seen, body.brand_id)


@router.post("/llm-center/restore", status_code=204, responses=_STALE)
async def restore(body: Return, caller: Staff, session: TenantSession) -> None:
    """Let an earlier version hold, or wait, again."""
    seen = Seen(body.descriptor_id, body.version)
    await decisions.restore(session, caller, seen, body.restored)


@router.post("/llm-center/process-queue", status_code=202)
async def process_queue(_caller: Staff, session: TenantSession) -> QueuedJob:
    """Map what is new now; a second request while it runs is answered with the same job."""
    return QueuedJob(job_id=await decisions.enqueue_mapping(session))


@router.get("/llm-center/rule")
async def read_rule(session: TenantReadSession) -> RuleRead:
    """Return the sum above which two persons decide."""
    return RuleRead(second_person_minor=(await get_rule(session)).second_person_minor)


@router.put("/llm-center/rule")
async def change_rule(body: RuleRead, caller: Owner, session: TenantSession) -> RuleRead:
    """Change the sum above which two persons decide; only an owner may."""
    await put_rule(session, body.second_person_minor)
    record_event(
        session,
        caller.tenant_id,
        "kamioi.center_rule.changed",
        actor=caller,
        second_person_minor=body.second_person_minor,
    )
    return body


@router.put("/llm-center/rate", status_code=204)
async def change_rate(body: StatedRate, caller: Owner, session: TenantSession) -> None:
    """State what a currency is worth, so that sums in it can be compared; only an owner may."""
    await state_rate(session, caller, body)


@router.get("/tasks/{job_id}")
async def read_task(job_id: UUID, session: TenantReadSession) -> TaskRead:
    """Return how far a job is."""
    return TaskRead.of(await get_job(session, job_id))


def _page(
    paging: Paging, response: Response, found: list[QueuedString], places: list[tuple[Any, ...]]
) -> Page[QueuedString]:
    cursor = None
    if len(found) > paging.limit:
        cursor = paging.cursor_at(*places[paging.limit - 1])
    paging.link_next(response, cursor)
    return Page[QueuedString](items=found[: paging.limit], next_cursor=cursor)
