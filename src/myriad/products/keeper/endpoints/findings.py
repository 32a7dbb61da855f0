"""What the agents found, and running them: anomalies, agents, reports."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Path
from pydantic import BaseModel
from starlette.responses import Response

from myriad.products.keeper import repository
from myriad.products.keeper.endpoints.paging import page
from myriad.products.keeper.queueing import enqueue_run
from myriad.products.keeper.report_answers import answer_html, answer_pdf
from myriad.products.keeper.repository.connections import list_agent_runs
from myriad.products.keeper.views import (
    AgentRow,
    AnomalyRow,
    ReportKind,
    ReportRow,
    ReportView,
)
from myriad.scale.http import Page, PageRequest, Router, Staff, TenantReadSession, TenantSession
from myriad.scale.http.answers import Queued

router = Router()
AgentName = Literal[
    "data", "matching", "analysis", "employee", "review", "insight", "report", "all"
]
_ANOMALY_DAYS = 366


class ReportRequest(BaseModel):
    """The last day of the reports; the account's present day when left out."""

    as_of: date | None = None


class RunRequest(BaseModel):
    """How agents are to run: on which day, and whether to repeat work on the same inputs."""

    as_of: date | None = None
    again: bool = False


@router.get("/anomalies")
async def list_anomalies(
    paging: PageRequest,
    session: TenantReadSession,
    response: Response,
    since: date | None = None,
    until: date | None = None,
) -> Page[AnomalyRow]:
    """Return days that were out of the ordinary, newest first; a year up to today by default."""
    account = await repository.get_account(session)
    last = until or account.day
    first = since or date.fromordinal(max(1, last.toordinal() - _ANOMALY_DAYS))
    rows, next_after = await repository.list_anomalies(
        session, first, last, paging.after_key, paging.limit
    )
    return page(paging, response, rows, next_after)


@router.post("/agents/{name}/run", status_code=202)
async def run_agent(
    name: Annotated[AgentName, Path(description="an agent, or `all` for the whole graph")],
    caller: Staff,
    session: TenantSession,
    body: RunRequest | None = None,
) -> Queued:
    """Queue a run; repeating it on the same inputs changes nothing unless `again` is set."""
    wanted = body or RunRequest()
    agent = None if name == "all" else name
    job_id = await enqueue_run(session, day=wanted.as_of, agent=agent, again=wanted.again)
    return Queued(job_id=job_id)


@router.get("/agents/runs")
async def list_runs(
    paging: PageRequest, session: TenantReadSession, response: Response
) -> Page[AgentRow]:
    """Return runs of agents, newest first."""
    rows, next_after = await list_agent_runs(session, paging.after_key, paging.limit)
    return page(paging, response, rows, next_after)


@router.get("/reports")
async def list_reports(
    paging: PageRequest,
    session: TenantReadSession,
    response: Response,
    kind: ReportKind | None = None,
) -> Page[ReportRow]:
    """Return reports, newest first."""
    view = await repository.list_reports(session, kind, paging.after_key, paging.limit)
    return page(paging, response, view.rows, view.next_after)


@router.post("/reports", status_code=202)
async def make_reports(
    caller: Staff, session: TenantSession, body: ReportRequest | None = None
) -> Queued:
    """Queue making the reports of the day, week and month that end on a day, anew."""
    day = (body or ReportRequest()).as_of
    return Queued(job_id=await enqueue_run(session, day=day, agent="report", again=True))


@router.get("/reports/{report_id}")
async def get_report(report_id: UUID, session: TenantReadSession) -> ReportView:
    """Return one report: the stored numbers and their digest."""
    return await repository.get_report(session, report_id)


@router.get(
    "/reports/{report_id}/pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
async def get_report_pdf(report_id: UUID, session: TenantReadSession) -> Response:
    """Return one report as PDF."""
    return await answer_pdf(session, report_id)


@router.get(
    "/reports/{report_id}/html",
    response_class=Response,
    responses={200: {"content": {"text/html": {}}}},
)
async def get_report_html(report_id: UUID, session: TenantReadSession) -> Response:
    """Return one report as a page that stands alone."""
    return await answer_html(session, report_id)
