"""What each figure of a member of staff means, and whose definition it is.

The functions are the definitions; SQL counts their arguments. Shares are between 0 and 1 and None
where nothing was counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["share", "ratio", "count"]
Better = Literal["more", "less", "neither"]
Unit = Literal["percent", "money", "number"]

LEAST = 20
"""A figure that rests on fewer visits is not shown to anybody."""

REVISIT_DAYS = (30, 60, 90, 120, 150, 180)
REBOOK_DAYS = 2
RETURNING_DAYS = 365


def utilisation(booked: float, scheduled: float, blocked: float = 0.0) -> float | None:
    """Return hours booked / (hours scheduled - hours blocked).

    Source: Boulevard, utilisation. Square shares no rota, so the scheduled hours are those of
    timecards (clocked in to clocked out); blocked are their breaks, paid or not: nobody can be
    served in one. Time that the calendar blocks is in none of Square's answers. Booked hours are
    those of appointments that were kept, on days with a timecard only.
    """
    open_hours = scheduled - blocked
    return booked / open_hours if open_hours > 0 else None


def client_retention(returning: float, clients: float) -> float | None:
    """Return returning clients / all clients of the period.

    Source: Square, Appointments team report: a client is returning who visited within a year
    before the period began.
    """
    return share(returning, clients)


def pre_booking(with_next: float, visits: float) -> float | None:
    """Return visits at whose end the next appointment was already made / visits.

    Source: Square, Appointments team report, visits with a pre-book / visits. An appointment made
    on the day of the visit or before it counts, whatever became of it later. Boulevard counts the
    day of service alone: pass the visits whose next appointment was made on that very day.
    """
    return share(with_next, visits)


def rebooking(with_next_by_then: float, visits: float) -> float | None:
    """Return visits after which a next appointment stood within 48 hours / visits.

    Counts what had been made before as well: who holds a next date needs no second one. So it is
    never below `pre_booking`. Only visits whose 48 hours have passed.
    """
    return share(with_next_by_then, visits)


def revisit(came_back: float, visits: float) -> float | None:
    """Return visits whose client came again within the horizon / visits.

    Source: Boulevard, revisit % at 30, 60, 90, 120, 150 and 180 days. The visits are those whose
    horizon ended within the period, so that each had its full time.
    """
    return share(came_back, visits)


def request_rate(requested: float, appointments: float) -> float | None:
    """Return appointments that asked for this very member / kept appointments.

    Source: Boulevard, requested and non-requested; in Square a segment without
    `any_team_member`.
    """
    return share(requested, appointments)


def no_show(missed: float, due: float) -> float | None:
    """Return missed appointments / appointments that were kept or missed; cancelled ones are neither.

    Source: Square's booking status NO_SHOW.
    """
    return share(missed, due)


def retail_attachment(with_article: float, visits: float) -> float | None:
    """Return paid service visits that took an article home / paid service visits.

    Source: Boulevard, product clients. An article is an item of the catalogue that nobody has ever
    booked.
    """
    return share(with_article, visits)


def tip_share(tips: float, services: float) -> float | None:
    """Return tips / net takings of services, of payments other than cash (whose tips nobody sees)."""
    return share(tips, services)


def average_service_net(services: float, visits: float) -> float | None:
    """Return net takings of services / paid service visits, in minor units.

    A visit that several members worked on is credited in proportion to their booked minutes.
    """
    return share(services, visits)


def share(part: float, whole: float) -> float | None:
    """Return part / whole, None of nothing."""
    return part / whole if whole > 0 else None


Formula = Callable[[float, float], float | None]


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure: how it is reckoned, what is better, and which counts it needs.

    `formula` is the definition, of numerator and denominator. `source` names the kind of counts;
    `trials` and `successes` their columns for a share, `columns` those of a ratio in the order n,
    x, y, xx, xy, yy. `needs` is what the account must have for it.
    """

    name: str
    kind: Kind
    better: Better
    unit: Unit
    source: str
    formula: Formula
    trials: int = 0
    successes: int = 0
    columns: tuple[int, ...] = ()
    is_adjusted: bool = False
    needs: Literal["", "bookings", "timecards", "articles", "history"] = ""


def _share(
    name: str, formula: Formula, source: str, trials: int, successes: int, **facts: object
) -> Metric:
    values = {"better": "more", "unit": "percent", "is_adjusted": True, **facts}
    return Metric(
        name,
        "share",
        source=source,
        formula=formula,
        trials=trials,
        successes=successes,
        **values,  # type: ignore[arg-type]
    )


# The columns are those of the query `staff_sums`.
METRICS = (
    Metric("visits", "count", "neither", "number", "visit", share),
    Metric("new_clients", "count", "neither", "number", "visit", share, 0, 17, needs="history"),
    _share("retention", client_retention, "client", 0, 1, is_adjusted=False, needs="history"),
    _share("prebook", pre_booking, "visit", 0, 1, needs="bookings"),
    _share("prebook_same_day", pre_booking, "visit", 0, 2, needs="bookings"),
    _share("rebook_48h", rebooking, "visit", 3, 4, needs="bookings"),
    *(
        _share(f"revisit_{days}", revisit, "visit", 5 + 2 * place, 6 + 2 * place)
        for place, days in enumerate(REVISIT_DAYS)
    ),
    _share("request_rate", request_rate, "booking", 0, 1, is_adjusted=False, needs="bookings"),
    _share("no_show", no_show, "booking", 2, 3, better="less", needs="bookings"),
    Metric(
        "service_net",
        "ratio",
        "more",
        "money",
        "sale",
        average_service_net,
        columns=(0, 1, 0, 2, 1, 0),
        is_adjusted=True,
    ),
    _share("retail", retail_attachment, "sale", 0, 3, needs="articles"),
    Metric("tips", "ratio", "more", "percent", "sale", tip_share, columns=(4, 5, 6, 7, 8, 9)),
    Metric(
        "utilisation",
        "ratio",
        "more",
        "percent",
        "shift",
        utilisation,
        columns=(0, 1, 2, 3, 4, 5),
        needs="timecards",
    ),
)
BY_NAME = {metric.name: metric for metric in METRICS}
WIDTHS = {"visit": 18, "client": 2, "booking": 4, "sale": 10, "shift": 6}
"""How many columns each kind of counts has."""
