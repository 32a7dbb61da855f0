"""What insights and reports ask of an account's visits, counted from the columns of a run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from myriad.products.keeper.repository.columns import VisitColumns
from myriad.products.keeper.repository.sql import Row

RETURNS_WITHIN_DAYS = 90
"""A newcomer who comes again within so many days has returned."""


def second_visits(visits: VisitColumns, first: date, last: date) -> Row:
    """Return how many `people` came for the first time in a period, and how many `returned`."""
    begins = _first_visits(visits)
    begun = visits.day[begins]
    chosen = (begun >= first.toordinal()) & (begun <= last.toordinal())
    following = np.minimum(begins + 1, max(visits.size - 1, 0))
    again = (following > begins) & (visits.person[following] == visits.person[begins])
    again &= visits.day[following] <= begun + RETURNS_WITHIN_DAYS
    return {"people": int(chosen.sum()), "returned": int((chosen & again).sum())}


def top_share(visits: VisitColumns, first: date, last: date) -> Row:
    """Return what the tenth of the people who spent most in a period spent, and who they are."""
    within = _within(visits, first, last)
    nets = np.zeros(len(visits.people), dtype=np.int64)
    np.add.at(nets, visits.person[within], visits.net[within])
    people = np.unique(visits.person[within])
    # Equal sums go by the person's id, in whose order the people stand.
    ranked = people[np.argsort(-nets[people], kind="stable")]
    top = ranked[: -(-people.size // 10)]
    return {
        "people": people.size,
        "net": int(nets[people].sum()),
        "top_net": int(nets[top].sum()),
        "top_people": top.size,
        "top_ids": [visits.people[person] for person in top.tolist()],
    }


def people_counts(visits: VisitColumns, spans: Sequence[tuple[date, date]]) -> list[dict[str, Any]]:
    """Return for each span how many `people` came, and how many `new_customers` for the first time."""
    is_first = np.zeros(visits.size, dtype=bool)
    is_first[_first_visits(visits)] = True
    found = []
    for first, last in spans:
        within = _within(visits, first, last)
        people = int(np.unique(visits.person[within]).size)
        found.append({"people": people, "new_customers": int((is_first & within).sum())})
    return found


def _within(visits: VisitColumns, first: date, last: date) -> NDArray[np.bool_]:
    return (visits.day >= first.toordinal()) & (visits.day <= last.toordinal())


def _first_visits(visits: VisitColumns) -> NDArray[np.int64]:
    """Return where each person's first visit stands: visits are by person and day."""
    return np.searchsorted(visits.person, np.arange(len(visits.people)))
