"""What is said of a member of staff, and what is not."""

from __future__ import annotations

from typing import Any

import pytest

from myriad.products.keeper.team.coaching import notes_for, side_of
from myriad.products.keeper.team.measuring import Measurement


def figure(metric: str, **facts: Any) -> Measurement:
    """A figure like the team's, unless told otherwise."""
    known = {"value": 0.5, "shrunk": 0.5, "lo": 0.4, "hi": 0.6, "peer": 0.5, "peers": 5, "n": 80}
    return Measurement(**{"member": "ann", "metric": metric, **known, **facts})


def ratio(metric: str, lo: float, hi: float) -> Measurement:
    """A figure that is adjusted, and shrunk to the same side."""
    shrunk = {"lo": lo / 2, "hi": hi / 2, "peer": 0.5}
    return figure(metric, ratio=(lo + hi) / 2, ratio_lo=lo, ratio_hi=hi, **shrunk)


@pytest.mark.parametrize(
    ("metric", "lo", "hi", "side"),
    [
        ("prebook", 1.1, 1.5, "ahead"),
        ("prebook", 0.5, 0.9, "behind"),
        ("prebook", 0.9, 1.2, "level"),
        ("no_show", 0.5, 0.9, "ahead"),
        ("no_show", 1.1, 1.9, "behind"),
    ],
)
def test_an_adjusted_figure_is_compared_with_one(
    metric: str, lo: float, hi: float, side: str
) -> None:
    """What is better decides which side is ahead."""
    assert side_of(ratio(metric, lo, hi)) == side


def test_a_figure_without_adjustment_is_compared_with_the_teams_mean() -> None:
    """Request rate: 70 to 80 % against 50 %."""
    assert side_of(figure("request_rate", lo=0.7, hi=0.8)) == "ahead"
    assert side_of(figure("request_rate")) == "level"


def test_nothing_is_said_under_twenty_visits_or_without_a_colleague() -> None:
    """Hidden figures and lonely ones are never judged."""
    hidden = Measurement("ann", "prebook", 12, "few", peers=5)
    lonely = figure("request_rate", lo=0.7, hi=0.8, peers=1)
    assert notes_for([hidden, lonely]) == [
        note for note in notes_for([hidden, lonely]) if note.side == "level"
    ]
    assert side_of(hidden) == side_of(lonely) == "level"


def test_strengths_come_first_and_are_few() -> None:
    """Three strengths at most, then two things to try, the clearest first."""
    ahead = [ratio(name, 1.1 + step / 10, 1.5 + step / 10) for step, name in enumerate(
        ("retention", "retail", "revisit_60", "rebook_48h"))]  # fmt: skip
    behind = [ratio("no_show", 1.2, 1.5), figure("tips", lo=0.1, hi=0.2),
              figure("utilisation", lo=0.1, hi=0.2)]  # fmt: skip
    notes = notes_for(behind + ahead)
    assert [note.side for note in notes] == ["ahead"] * 3 + ["behind"] * 2
    assert notes[0].metric == "rebook_48h"


def test_six_revisit_horizons_are_one_habit() -> None:
    """Only sixty days speak for coming back."""
    revisits = [ratio(f"revisit_{days}", 1.2, 1.4) for days in (30, 60, 90, 120, 150, 180)]
    assert [note.metric for note in notes_for(revisits)] == ["revisit_60"]


def test_a_next_date_at_once_speaks_for_one_made_soon() -> None:
    """Who pre-books has the date within 48 hours as well: one note, not two."""
    notes = notes_for([ratio("prebook", 1.3, 1.6), ratio("rebook_48h", 1.3, 1.5)])
    assert [note.metric for note in notes] == ["prebook"]


def test_what_the_shrunk_interval_does_not_bear_out_is_not_said() -> None:
    """One of sixty figures lies outside by chance; shrinkage knows, the raw ratio does not."""
    assert side_of(figure("rebook_48h", ratio=0.6, ratio_lo=0.3, ratio_hi=0.95)) == "level"


def test_a_certain_trifle_is_not_said() -> None:
    """Two in a hundred more than the team, however surely."""
    assert side_of(figure("request_rate", lo=0.509, hi=0.511)) == "level"
