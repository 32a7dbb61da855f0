"""The rows of a report in words, the same for HTML and PDF."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from myriad.kit.money import Money
from myriad.products.keeper.views import AnomalyRow, Change, CustomerRow, ReportView
from myriad.products.keeper.views.agents import missed
from myriad.scale.ui.filters import capital

STATES = {
    "active": "Active",
    "booked": "Booked",
    "new": "New",
    "slowing": "Slowing",
    "likely_lapsed": "Likely lapsed",
    "lapsed": "Lapsed",
    "unknown": "Too little history",
}
METRICS = {"visits": "Visits", "revenue": "Takings", "bookings": "Bookings"}
_KINDS = {"daily": "Day", "weekly": "Week", "monthly": "Month"}


def title(view: ReportView) -> str:
    """Return what the report is of."""
    if view.period_start == view.period_end:
        return f"Report of {long_day(view.period_start)}"
    first, last = long_day(view.period_start), long_day(view.period_end)
    return f"{_KINDS[view.kind]} of {first} to {last}"


def long_day(day: date) -> str:
    """Return a day in words."""
    return f"{day.day} {day:%B %Y}"


@lru_cache(maxsize=4096)
def short_day(day: date) -> str:
    """Return a day for the axis of a chart."""
    return f"{day.day} {day:%b}"


def money(minor: float, currency: str, *, whole: bool = True) -> str:
    """Return minor units as money."""
    return Money(round(minor), currency).format(whole=whole)


def compared(change: Change) -> str:
    """Return how a figure compares with the same days of the period before."""
    if not change.before:
        return "nothing before"
    return f"{change.now / change.before - 1:+.0%} on before"


def headline_figures(view: ReportView) -> list[tuple[str, str, str]]:
    """Return (name, figure, comparison) of the five figures on top."""
    currency = view.currency
    return [
        ("Takings", money(view.revenue.now, currency), compared(view.revenue)),
        ("Visits", f"{view.visits.now:,.0f}", compared(view.visits)),
        (
            "Average ticket",
            money(view.average_ticket.now, currency, whole=False),
            compared(view.average_ticket),
        ),
        ("New customers", f"{view.new_customers.now:,.0f}", compared(view.new_customers)),
        ("Returning", f"{view.returning_share.now:.0%}", compared(view.returning_share)),
    ]


def slipping_row(row: CustomerRow) -> tuple[str, str, str, str]:
    """Return name, state, last visit and money at stake of one person."""
    last = short_day(row.last_visit_on) if row.last_visit_on else "never"
    stake = row.value_at_risk.format() if row.value_at_risk else ""
    return row.name, STATES.get(row.state, row.state), last, stake


def anomaly(row: AnomalyRow, currency: str) -> str:
    """Return an unusual day in one sentence."""
    is_money = row.metric == "revenue"
    seen = money(row.observed, currency) if is_money else f"{row.observed:,.0f}"
    usual = money(row.expected, currency) if is_money else f"{row.expected:,.1f}"
    return f"{long_day(row.local_date)}: {METRICS[row.metric].lower()} {seen}, expected {usual}."


def partial(view: ReportView) -> str:
    """Return what a report lacks, and why; empty where it lacks nothing."""
    told = ((missed(each.agent), each.error or "") for each in view.partial)
    return " ".join(f"{what}. {capital(why)}".strip() for what, why in told)


def accuracy(view: ReportView) -> str:
    """Return whether the totals equal Square's."""
    if view.reconciled is None:
        return "The totals of this period have not been compared with Square yet."
    if view.reconciled:
        return "Every closed day of this period equals Square to the cent."
    return f"This period differs from Square by {money(view.cents_off or 0, view.currency, whole=False)}."


def saved(view: ReportView) -> str:
    """Return what calls saved against people not called, with bounds, or why nobody can say."""
    value = view.saved
    if value is None:
        return ""
    month = f"{value.first:%B %Y}, against people not called: "
    if value.money is None:
        why = (
            "the control group is off"
            if value.verdict == "off"
            else f"too early, about {value.people_needed:,} more people needed"
        )
        return f"{month}{why}."
    low, high = value.money.low.format(whole=True), value.money.high.format(whole=True)
    text = f"{month}{value.money.estimate.format(whole=True)} more, 90% interval {low} to {high}"
    return f"{text}, which may be chance." if value.verdict == "unclear" else f"{text}."


def calls(view: ReportView) -> str:
    """Return what came of the tasks."""
    text = f"{view.tasks_made:,} people to call, {view.tasks_done:,} called"
    if view.won_back and view.won_back_revenue:
        text += f", {view.won_back:,} of them came back and paid {view.won_back_revenue.format()}"
    return text + "."


def reviews(view: ReportView) -> str:
    """Return what customers wrote in the month, in one sentence; empty without reviews."""
    month = view.reviews
    if month is None:
        return ""
    count = f"{month.reviews:,} review{'' if month.reviews == 1 else 's'}"
    text = f"{month.month:%B %Y}: {count}"
    if month.mean is not None:
        text += f", {month.mean:.1f} stars on average of {month.rated:,}"
    text += f", {month.negative:,} unhappy."
    if month.criticised:
        named = ", ".join(f"{name} ({times:,})" for name, times in month.criticised)
        text += f" Criticised most: {named}."
    return text
