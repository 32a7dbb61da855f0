"""What to tell a member of staff: strengths first, then what to try; never a verdict under n.

A figure stands apart when its 90 % interval lies wholly on one side of the team: of 1 for figures
adjusted by service mix, of the team's mean for the others. Everything else is within chance and is
not spoken of.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from myriad.products.keeper.team.definitions import BY_NAME, Metric
from myriad.products.keeper.team.measuring import Measurement

Side = Literal["ahead", "behind", "level"]

MOST_STRENGTHS, MOST_TO_TRY = 3, 2
# One figure speaks for its family: revisits at six horizons are one habit, not six.
_FAMILIES = (("revisit_60", "revisit_"), ("prebook", "prebook"))


@dataclass(frozen=True, slots=True)
class Note:
    """One figure that stands apart from the team."""

    metric: str
    side: Side
    figures: Measurement


def side_of(figures: Measurement) -> Side:
    """Return on which side of the team a figure lies, in the sense of what is better."""
    metric = BY_NAME[figures.metric]
    bounds = _bounds(metric, figures)
    if figures.reason or bounds is None or metric.better == "neither" or figures.peers < 2:
        return "level"
    lo, hi, centre = bounds
    if lo <= centre <= hi:
        return "level"
    return "ahead" if (lo > centre) == (metric.better == "more") else "behind"


def interval_of(figures: Measurement) -> tuple[float, float] | None:
    """Return the interval by which members are compared: adjusted where there is one."""
    bounds = _bounds(BY_NAME[figures.metric], figures)
    return bounds[:2] if bounds else None


def _bounds(metric: Metric, figures: Measurement) -> tuple[float, float, float] | None:
    if metric.is_adjusted and figures.ratio_lo is not None and figures.ratio_hi is not None:
        return figures.ratio_lo, figures.ratio_hi, 1.0
    if figures.lo is None or figures.hi is None or figures.peer is None:
        return None
    return figures.lo, figures.hi, figures.peer


def notes_for(measured: Iterable[Measurement]) -> list[Note]:
    """Return at most three strengths and then at most two things to try, the clearest first."""
    notes = [
        Note(figures.metric, side_of(figures), figures)
        for figures in measured
        if _speaks(figures.metric)
    ]
    notes.sort(key=lambda note: -_distance(note.figures))
    ahead = [note for note in notes if note.side == "ahead"][:MOST_STRENGTHS]
    return ahead + [note for note in notes if note.side == "behind"][:MOST_TO_TRY]


def _speaks(name: str) -> bool:
    return all(name == voice or not name.startswith(family) for voice, family in _FAMILIES)


def _distance(figures: Measurement) -> float:
    bounds = _bounds(BY_NAME[figures.metric], figures)
    if bounds is None:
        return 0.0
    lo, hi, centre = bounds
    half = (hi - lo) / 2
    return abs((lo + hi) / 2 - centre) / half if half > 0 else 0.0
