"""From a member's holdings, banks and notifications to pages: one function each, without a query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from starlette.responses import HTMLResponse

from myriad.products.kamioi.holding import statement_words as words
from myriad.products.kamioi.holding.portfolio import Lot, Portfolio
from myriad.products.kamioi.holding.statements import MonthFigures, Statement
from myriad.products.kamioi.notification import words as told
from myriad.products.kamioi.notification.reading import Notification
from myriad.products.kamioi.pages import holding_words as say
from myriad.products.kamioi.pages import portfolio_figures as figures
from myriad.scale import ui

RENDERER = ui.Renderer(
    Path(__file__).parents[1] / "templates", words=words, say=say, told=told, figures=figures
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the portfolio's page was asked for."""

    span: str
    with_xirr: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list, and the addresses around it."""

    rows: Sequence[Notification]
    first: str = ""
    next: str = ""
    unread: int = 0
    only_unread: bool = False


def portfolio(page: ui.PageContext, view: Portfolio, asked: Asked) -> HTMLResponse:
    """Return the portfolio's page."""
    return RENDERER.respond(page, "kamioi/portfolio.html", view=view, asked=asked)


def lots(page: ui.PageContext, rows: Sequence[Lot], following: str) -> HTMLResponse:
    """Return a page of lots; `following` leads to the next."""
    return RENDERER.respond(page, "kamioi/lots.html", rows=rows, following=following)


def statements(
    page: ui.PageContext, months: Sequence[MonthFigures], currency: str, day: date
) -> HTMLResponse:
    """Return the list of statements."""
    return RENDERER.respond(
        page, "kamioi/statements.html", months=months, currency=currency, day=day
    )


def statement(page: ui.PageContext, view: Statement) -> HTMLResponse:
    """Return one month."""
    return RENDERER.respond(page, "kamioi/statement.html", view=view)


def notifications(page: ui.PageContext, listed: Listed) -> HTMLResponse:
    """Return the list of notifications."""
    return RENDERER.respond(page, "kamioi/notifications.html", listed=listed)
