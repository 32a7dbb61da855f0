"""What follows what: an item of one visit and another of a later visit of the same person.

A unit is a visit after which the person came back within the window, and whose window lies wholly
in the data. Of those who did come back, more than usual took the second item after the first. The
second item must not have been part of the visit itself, else a pair bought every month would
follow itself. How often the person came within the window is a stratum, because who comes often
takes more of everything.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array

from myriad.products.keeper.patterns.association import (
    Association,
    Bools,
    Frame,
    Ints,
    Mined,
    Tables,
    Units,
    judge,
)
from myriad.products.keeper.patterns.baskets import Baskets
from myriad.products.keeper.patterns.pairs import frequent, staff_strata, together

WINDOW_DAYS = 60
_MOST_RETURNS = 3


def mine_sequences(baskets: Baskets, window_days: int = WINDOW_DAYS) -> Mined:
    """Return ordered pairs where the second item follows the first within `window_days`.

    Baskets without a known person say nothing here. Of a pair that is found in both orders the
    stronger order is kept, marked `either_way`: that is a taste, not a sequence.
    """
    visits = baskets.merged_by_visit()
    if not visits.count:
        return Mined((), 0, 0, 0)
    later, returns = _followed(visits, window_days)
    whole = visits.day + window_days <= int(baskets.day.max())
    rows = np.flatnonzero((returns > 0) & whole)
    units = frequent(_taken(visits, rows))
    if not units.items:
        return Mined((), 0, units.count, np.unique(units.person).size)
    places = {name: place for place, name in enumerate(visits.items)}
    kept = [places[name] for name in units.items]
    return _mine(units, csr_array(later[rows][:, kept]), returns[rows])


def _mine(units: Baskets, later: csr_array, returns: Ints) -> Mined:
    """Judge every ordered pair of items; `later` (visits, items) says what followed."""
    fresh = csr_array(later - later.multiply(units.holds))
    fresh.eliminate_zeros()
    had = np.asarray(units.holds.sum(axis=0), dtype=float).ravel()
    size = had.size
    total = units.count - had
    tables = Tables(
        total=np.repeat(total[None, :], size, axis=0),
        first=had[:, None] - together(units.holds, units.holds),
        second=np.repeat(np.asarray(fresh.sum(axis=0), dtype=float).reshape(1, -1), size, axis=0),
        both=together(units.holds, fresh),
    )
    strata = {"month": units.months} | staff_strata(units.staff)
    strata["returns"] = np.minimum(returns, _MOST_RETURNS)

    def units_of(first: int, second: int) -> Units:
        counted = ~units.column(second)
        return Units(counted, units.column(first) & counted, _column(fresh, second))

    frame = Frame(units.buyers, units.day, strata)
    found, tested = judge(units.items, tables, frame, ~np.eye(size, dtype=bool), units_of)
    return Mined(_one_way(found), tested, units.count, np.unique(units.person).size)


def _followed(visits: Baskets, window_days: int) -> tuple[csr_array, Ints]:
    """What each person took within the window after each visit, and on how many visits."""
    count = visits.count
    returns = np.zeros(count, dtype=np.int64)
    sources, targets = [], []
    for lag in range(1, count):
        same = visits.person[lag:] == visits.person[:-lag]
        near = same & (visits.day[lag:] - visits.day[:-lag] <= window_days)
        if not near.any():
            break
        start = np.flatnonzero(near)
        returns[start] += 1
        sources.append(start)
        targets.append(start + lag)
    if not sources:
        return csr_array(np.zeros((count, len(visits.items)), dtype=np.int32)), returns
    row, column = np.concatenate(sources), np.concatenate(targets)
    ahead = csr_array((np.ones(row.size, dtype=np.int32), (row, column)), shape=(count, count))
    later = csr_array(ahead @ visits.holds)
    later.data[:] = 1
    return later, returns


def _taken(visits: Baskets, rows: Ints) -> Baskets:
    return Baskets(
        visits.items,
        csr_array(visits.holds[rows]),
        visits.person[rows],
        visits.day[rows],
        visits.staff[rows],
    )


def _column(table: csr_array, item: int) -> Bools:
    return np.asarray(table[:, [item]].toarray()[:, 0] > 0)


def _one_way(found: list[Association]) -> tuple[Association, ...]:
    """Keep of two opposite orders the surer one."""
    kept: dict[frozenset[str], Association] = {}
    for one in found:
        items = frozenset((one.first, one.second))
        other = kept.get(items)
        kept[items] = one if other is None else replace(other, either_way=True)
    return tuple(kept.values())
