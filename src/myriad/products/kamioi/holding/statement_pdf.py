"""A month's statement as PDF, drawn with reportlab; the same statement is the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Spacer

from myriad.products.kamioi.holding import statement_words as words
from myriad.products.kamioi.holding.statements import Statement
from myriad.scale.ui.paper import (
    BODY,
    LEAD,
    QUIET,
    TITLE,
    Story,
    draw,
    section,
    table_of,
    text_of,
)

_CELL = ParagraphStyle("cell", BODY, fontSize=8.5, leading=11)


@dataclass(frozen=True, slots=True)
class Heading:
    """Whose statement it is, of which programme, and whether its orders move money."""

    member: str
    programme: str
    standing: str


def render_pdf(view: Statement, heading: Heading) -> bytes:
    """Return the statement of a member of a programme as a PDF document."""
    return draw(
        _story(view, heading),
        title=f"Statement of {words.month_name(view.month)}",
        author=heading.programme,
        subject=heading.member,
    )


def _story(view: Statement, heading: Heading) -> Story:
    story: Story = [
        text_of(f"{heading.programme} \N{MIDDLE DOT} {heading.member}", QUIET),
        text_of(f"Statement of {words.month_name(view.month)}", TITLE),
        text_of(f"{words.answer(view)}.", LEAD),
    ]
    if not view.is_whole:
        story.append(text_of(f"The month is not over: this is how it stood on {view.last}.", BODY))
    added = table_of((), words.figures(view), (0.7, 0.3), 1, _CELL)
    story += section("How it adds up", [added])
    story += _held(view) + _entries(view) + _actions(view)
    return [*story, Spacer(1, 6 * mm), text_of(heading.standing, QUIET)]


def _held(view: Statement) -> Story:
    rows = [
        (
            one.ticker,
            one.name,
            words.shares(one.qty),
            words.price(one.close, view.currency),
            words.money(one.cost_minor, view.currency),
            words.money(one.value_minor, view.currency),
        )
        for one in view.held
    ]
    names = ("Share", "Company", "Number", "Close", "Cost", "Value")
    drawn = _listed("Shares at the end", names, rows, (0.11, 0.31, 0.17, 0.13, 0.14, 0.14))
    valued = words.valued(view)
    return [*drawn, text_of(f"Valued {valued}.", QUIET)] if valued else drawn


def _entries(view: Statement) -> Story:
    rows = [
        (
            one.day.isoformat(),
            words.entry(one.reason, one.ticker),
            words.signed(one.amount_minor, view.currency),
        )
        for one in view.entries
    ]
    return _listed("Cash", ("Day", "What", "Amount"), rows, (0.18, 0.6, 0.22))


def _actions(view: Statement) -> Story:
    rows = [(one.ex_date.isoformat(), words.action(one)) for one in view.actions]
    return _listed("What companies did", ("Day", "What"), rows, (0.18, 0.82))


def _listed(
    title: str,
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    shares: Sequence[float],
) -> Story:
    return section(title, [table_of(names, rows, shares, 2, _CELL)]) if rows else []
