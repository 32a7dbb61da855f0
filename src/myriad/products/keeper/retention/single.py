"""One person between two nights, by the models that the night has fitted."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from myriad.products.keeper.retention import bgnbd
from myriad.products.keeper.retention.anchor import anchored
from myriad.products.keeper.retention.bookings import Bookings
from myriad.products.keeper.retention.churn import View
from myriad.products.keeper.retention.earlier import Earlier, Judged
from myriad.products.keeper.retention.errors import NotEnoughHistoryError
from myriad.products.keeper.retention.fit import (
    STANDARD_HORIZONS_DAYS,
    Report,
    Retention,
    describe,
)
from myriad.products.keeper.retention.gamma_gamma import SpendFit
from myriad.products.keeper.retention.gate import Score, Verdict
from myriad.products.keeper.retention.history import Visits, history_at

_UNJUDGED = Verdict(
    "bgnbd",
    90,
    0,
    (
        Score("stack", math.nan, math.nan, math.nan),
        Score("bgnbd", math.nan, math.nan, math.nan),
        Score("gap", math.nan, math.nan, math.nan),
    ),
)


def describe_person(
    visits: Visits,
    bookings: Bookings,
    as_of: int,
    known: Earlier,
    usual: tuple[float, float] | None = None,
) -> Retention:
    """Describe the only person of `visits` (index 0) at the end of the ordinal day `as_of`.

    Counts, gaps and cadence are exact, and so is the state of who has just come. The chances are
    those of what the night shipped, tied to all its customers by its anchor: the same visits on the
    same day give the night's own number. `usual` is the account's (interval, gap that is late) in days, for who has no
    rhythm of their own. Raises NotEnoughHistoryError without a fitted model.
    """
    if known.model is None:
        raise NotEnoughHistoryError(1, int(visits.day.size > 1), 2)
    history = history_at(visits.until(as_of), as_of)
    view = View(
        history=history,
        model=bgnbd.Fit(known.model, "own", 0, 0),
        booked=bookings.booked(history.person, as_of),
        no_show_share=bookings.no_show_share(history.person, as_of),
    )
    stack = known.judged.stack if known.judged else None
    churn = {d: anchored(view, stack, known.anchor, d) for d in STANDARD_HORIZONS_DAYS}
    found = describe(view, churn, _report(known))
    if usual is None or bool(found.cadence.own.all()):
        return found
    interval, late = (np.full(history.customers, days) for days in usual)
    return replace(
        found, cadence=replace(found.cadence, interval_days=interval, late_after_days=late)
    )


def _report(known: Earlier) -> Report:
    assert known.model is not None
    judged = known.judged or Judged(0, 0, 0, _UNJUDGED, None)
    return Report(
        model=bgnbd.Fit(known.model, "own", 0, 0),
        spend=SpendFit(known.spend, 0, 0.0) if known.spend else None,
        verdict=judged.verdict,
        future_visits=0,
        negative_net=0,
        judged=judged,
    )
