"""From a view to an answer: one function per screen, without a session or a query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.responses import HTMLResponse

from myriad.products.keeper.pages import (
    figures,
    links,
    notice_words,
    proof_words,
    words,
)
from myriad.products.keeper.reports import goal_words
from myriad.products.keeper.reports import words as report_words
from myriad.products.keeper.repository.viewing import ViewRow
from myriad.products.keeper.views import (
    ConnectionsView,
    CustomersView,
    CustomerView,
    DuplicatePair,
    DuplicatesView,
    JobProgress,
    ReportsView,
    ReportView,
    TaskCard,
    TodayView,
)
from myriad.products.keeper.views.notices import NoticeCard, NoticesView
from myriad.scale import ui

_RENDERER = ui.Renderer(
    Path(__file__).parents[1] / "templates",
    words=words,
    figures=figures,
    links=links,
    proof=proof_words,
    goal=goal_words,
    sentences=report_words,
)


def _draw(page: ui.PageContext, name: str, status: int = 200, **values: object) -> HTMLResponse:
    return _RENDERER.respond(page, f"keeper/{name}.html", status=status, **values)


def _part(zone: str, name: str, **values: object) -> ui.Part:
    return _RENDERER.draw(zone, f"keeper/{name}.html", **values)


def today(zone: str, view: TodayView) -> ui.Part:
    """Return the Today screen, which everybody of an account sees alike."""
    return _part(zone, "today", view=view)


def task(page: ui.PageContext, card: TaskCard) -> HTMLResponse:
    """Return one task as part of a page, after it was decided."""
    return _draw(page, "task", task=card, today=card.business_date)


def customers(zone: str, view: CustomersView, at: links.Place = links.Place()) -> ui.Part:
    """Return the list of people, which everybody of an account sees alike."""
    return _part(zone, "customers", view=view, at=at)


def customer(
    page: ui.PageContext,
    view: CustomerView,
    at: links.Place = links.Place(),
    seen: Sequence[ViewRow] | None = None,
) -> HTMLResponse:
    """Return the screen of one person; `seen` says to an owner who looked, None to staff."""
    return _draw(page, "customer", view=view, at=at, seen=seen)


@dataclass(frozen=True, slots=True)
class Live:
    """The job under way that a page shows beside what it is about, if there is one."""

    job: JobProgress | None = None


def duplicates(
    page: ui.PageContext,
    view: DuplicatesView,
    at: links.Place = links.Place(),
    live: Live = Live(),
) -> HTMLResponse:
    """Return pairs of profiles."""
    return _draw(page, "duplicates", view=view, at=at, live=live)


def pair(page: ui.PageContext, value: DuplicatePair, live: Live = Live()) -> HTMLResponse:
    """Return one pair as part of a page, after it was decided, with the job that follows."""
    return _draw(page, "pair_decided", pair=value, live=live)


def reports(zone: str, view: ReportsView, at: links.Place = links.Place()) -> ui.Part:
    """Return the list of reports."""
    return _part(zone, "reports", view=view, at=at)


def report(zone: str, view: ReportView) -> ui.Part:
    """Return one report."""
    return _part(zone, "report", view=view)


def notices(
    page: ui.PageContext, view: NoticesView, at: links.Place = links.Place()
) -> HTMLResponse:
    """Return what Keeper told people."""
    return _draw(page, "notices", view=view, at=at, say=notice_words)


def notice(page: ui.PageContext, card: NoticeCard) -> HTMLResponse:
    """Return one notice as part of a page, after somebody saw it."""
    return _draw(page, "notice", card=card, say=notice_words)


def connections(page: ui.PageContext, view: ConnectionsView, is_owner: bool = True) -> HTMLResponse:
    """Return how the data comes in; only an owner connects and disconnects."""
    return _draw(page, "connections", view=view, is_owner=is_owner)


def progress(page: ui.PageContext, view: ConnectionsView) -> HTMLResponse:
    """Return the job under way as part of a page that asks for it again by itself."""
    return _draw(page, "job", view=view)


def leaving(page: ui.PageContext, address: str) -> HTMLResponse:
    """Return the step to Square's consent page.

    A form may lead nowhere but here (form-action 'self'), so the browser is sent on from a page.
    """
    response = _draw(page, "leaving", address=address)
    response.headers["Refresh"] = f"0; url={address}"
    return response
