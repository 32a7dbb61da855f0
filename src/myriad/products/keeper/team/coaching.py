"""What to tell a member of staff: strengths first, then what to try; never a verdict under n.

A figure stands apart when its shrunk 90 % interval lies wholly on one side of the team's mean and,
where it is adjusted by service mix, that of observed over expected on the same side of 1; and when
it differs by a twentieth at least. The shrinkage is what keeps many figures of many people from
producing chance finds (Gelman, Hill and Yajima 2012). Everything else is not spoken of.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from myriad.products.keeper.team.definitions import BY_NAME, Metric
from myriad.products.keeper.team.measuring import Measurement

Side = Literal["ahead", "behind", "level"]

MOST_STRENGTHS, MOST_TO_TRY = 3, 2
LEAST_EFFECT = 0.05
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
    if figures.reason or metric.better == "neither" or figures.peers < 2:
        return "level"
    signs = {_sign(*bounds) for bounds in _all_bounds(metric, figures)}
    if len(signs) != 1 or 0 in signs:
        return "level"
    return "ahead" if (signs == {1}) == (metric.better == "more") else "behind"


def _sign(lo: float, hi: float, centre: float) -> int:
    if abs((lo + hi) / 2 - centre) < LEAST_EFFECT * abs(centre):
        return 0
    return 1 if lo > centre else -1 if hi < centre else 0


def _all_bounds(metric: Metric, figures: Measurement) -> list[tuple[float, float, float]]:
    """Return the intervals with what they are held against: shrunk, then adjusted."""
    found = []
    if figures.lo is not None and figures.hi is not None and figures.peer is not None:
        found.append((figures.lo, figures.hi, figures.peer))
    if metric.is_adjusted and figures.ratio_lo is not None and figures.ratio_hi is not None:
        found.append((figures.ratio_lo, figures.ratio_hi, 1.0))
    return found


def notes_for(measured: Iterable[Measurement]) -> list[Note]:
    """Return at most three strengths and then at most two things to try, the clearest first."""
    notes = [
        Note(figures.metric, side_of(figures), figures)
        for figures in measured
        if _speaks(figures.metric)
    ]
    notes.sort(key=lambda note: -_distance(note.figures))
    return [
        *_on_side(notes, "ahead")[:MOST_STRENGTHS],
        *_on_side(notes, "behind")[:MOST_TO_TRY],
    ]


def _on_side(notes: Iterable[Note], side: Side) -> list[Note]:
    """Return the notes of one side; a next date made soon is one with a next date made at once."""
    found = [note for note in notes if note.side == side]
    names = {note.metric for note in found}
    return [note for note in found if note.metric != "rebook_48h" or "prebook" not in names]


def _speaks(name: str) -> bool:
    return all(name == voice or not name.startswith(family) for voice, family in _FAMILIES)


def _distance(figures: Measurement) -> float:
    found = _all_bounds(BY_NAME[figures.metric], figures)
    return min(
        (abs((lo + hi) / 2 - at) / ((hi - lo) / 2 or 1.0) for lo, hi, at in found), default=0
    )
