"""The sentences and the picture of the what-if about a quiet day."""

from __future__ import annotations

from markupsafe import Markup

from myriad.kit.money import Money
from myriad.products.keeper.pages.proof_words import amount
from myriad.products.keeper.views.what_if import QuietDayView, Wish
from myriad.scale.ui.charts import Point, bar_chart
from myriad.scale.ui.filters import number, percent

WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
_SHORT = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
FILLS = ("25", "50", "75", "100")
NEWS = ("25", "50", "75", "100")
DISCOUNTS = ("0", "5", "10", "15", "20", "30", "50")
_UNSAID = {
    "no_history": "Too early to say what filling a quiet day would bring",
    "one_day": "The business opens on one weekday only, so no day is quiet",
    "closed_that_day": "The business is closed on that day, so there is no gap to fill",
}


def answer(view: QuietDayView) -> str:
    """Return what filling the day brings a month, in one line."""
    if view.unsaid or view.a_month is None or view.gap is None or view.weekday is None:
        return _UNSAID[view.unsaid or "no_history"]
    day = WEEKDAYS[view.weekday - 1]
    if view.gap.estimate <= 0:
        return f"{day} are no quieter than the other days"
    best = view.a_month.estimate
    if view.outcome == "loses":
        lost = amount(Money(-best.minor, best.currency))
        return f"Filling {day} like this would cost {lost} a month"
    text = f"Filling {day} would bring {amount(best)} more a month"
    return text if view.outcome == "gains" else f"{text}, which may be chance"


def lead(view: QuietDayView) -> str:
    """Return the bounds and from how many weeks they come."""
    if view.a_month is None:
        return "That takes eight whole weeks of visits." if view.unsaid == "no_history" else ""
    low, high = amount(view.a_month.low), amount(view.a_month.high)
    return f"Between {low} and {high}, nine times in ten, from {view.weeks} weeks."


def facts(view: QuietDayView) -> list[tuple[str, str]]:
    """Return the figures behind the answer as (name, value)."""
    if view.gap is None or view.ticket is None or view.weekday is None:
        return []
    gap = view.gap
    rows = [
        (
            f"{WEEKDAYS[view.weekday - 1]} against the other open days",
            f"{number(abs(gap.estimate), 1)} visits {'fewer' if gap.estimate >= 0 else 'more'}, "
            f"90% interval of the gap {number(gap.low, 1)} to {number(gap.high, 1)}",
        ),
        (
            "Net takings of a visit",
            f"{view.ticket.estimate.format()}, "
            f"{view.ticket.low.format()} to {view.ticket.high.format()}",
        ),
        ("Additional visits a month", number(view.extra_visits or 0, 1)),
    ]
    if view.wish.discount:
        rows.append(("The discount pays for itself", _break_even(view)))
    return rows


def assumptions(view: QuietDayView) -> list[str]:
    """Return what the answer takes for granted."""
    wish = view.wish
    return [
        f"{percent(wish.fill)} of the gap to the other days is filled.",
        f"{percent(wish.new)} of those visits are additional; the others only move from another "
        "day. Nobody can know this share before trying.",
        f"Everybody who comes that day pays {percent(wish.discount)} less, also those who come "
        "already."
        if wish.discount
        else "Nobody pays less than now.",
        "A new visit brings what a visit of these weeks brought on average, and costs nothing "
        "more: staff who are there anyway serve it.",
        "Visits of people without a profile, closed days and public holidays are left out.",
    ]


def days_chart(view: QuietDayView) -> Markup:
    """Return visits a day of each open weekday, the one in question standing out."""
    points = day_points(view)
    odd = [place for place, (weekday, _) in enumerate(view.days) if weekday == view.weekday]
    return bar_chart(
        points, title="Visits a day", desc="Mean visits of each open weekday", marked=odd
    )


def day_points(view: QuietDayView) -> list[Point]:
    """Return the points of the chart."""
    return [
        Point(_SHORT[weekday - 1], visits, f"{number(visits, 1)} visits")
        for weekday, visits in view.days
    ]


def chosen(wish: Wish) -> dict[str, str]:
    """Return the wish as the form holds it."""
    return {
        "weekday": str(wish.weekday or ""),
        "fill": str(round(wish.fill * 100)),
        "new": str(round(wish.new * 100)),
        "discount": str(round(wish.discount * 100)),
    }


def weekday_options() -> list[tuple[str, str]]:
    """Return the weekdays to choose from; the first is the quietest."""
    return [("", "The quietest day"), *((str(n), day) for n, day in enumerate(WEEKDAYS, 1))]


def share_options(values: tuple[str, ...], none: str = "") -> list[tuple[str, str]]:
    """Return percentages to choose from."""
    return [(value, none if value == "0" and none else f"{value}%") for value in values]


def _break_even(view: QuietDayView) -> str:
    if view.break_even is None:
        return "at no share of new visits"
    return f"when {percent(view.break_even)} of the filled visits are additional"
