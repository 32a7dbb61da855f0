"""What goes together: items of one visit."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from myriad.products.keeper.patterns.association import (
    Frame,
    Ints,
    Mined,
    Tables,
    Units,
    judge,
    least_support,
)
from myriad.products.keeper.patterns.baskets import NOBODY, Baskets

_LEAST_STAFF_KNOWN = 0.5


def mine_pairs(baskets: Baskets) -> Mined:
    """Return pairs of items that share a basket more often than chance; see `association`.

    Linear in the pairs that stand in baskets, by one sparse product. An empty table finds nothing.
    """
    if not baskets.count:
        return Mined((), 0, 0, 0)
    baskets = frequent(baskets)
    counts = np.asarray(baskets.holds.sum(axis=0), dtype=float).ravel()
    size = counts.size
    tables = Tables(
        total=np.full((size, size), float(baskets.count)),
        first=np.repeat(counts[:, None], size, axis=1),
        second=np.repeat(counts[None, :], size, axis=0),
        both=together(baskets.holds, baskets.holds),
    )
    everything = np.ones(baskets.count, dtype=bool)
    strata = {"month": baskets.months} | staff_strata(baskets.staff)
    found, tested = judge(
        baskets.items,
        tables,
        Frame(baskets.buyers, baskets.day, strata),
        np.triu(np.ones((size, size), dtype=bool), 1),
        lambda one, two: Units(everything, baskets.column(one), baskets.column(two)),
    )
    return Mined(tuple(found), tested, baskets.count, np.unique(baskets.buyers).size)


def frequent(baskets: Baskets) -> Baskets:
    """Return the table with only the items that stand in enough baskets to be in any pair.

    They stand in the order of their names, so that a pair is named the same way every week.
    """
    counts = np.asarray(baskets.holds.sum(axis=0)).ravel()
    enough = np.flatnonzero(counts >= least_support(baskets.count)).tolist()
    kept = sorted(enough, key=lambda place: baskets.items[place].casefold())
    items = tuple(baskets.items[place] for place in kept)
    holds = csr_array(baskets.holds[:, kept])
    return Baskets(items, holds, baskets.person, baskets.day, baskets.staff)


def together(
    left: csr_array, right: csr_array
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """How many rows hold each item of `left` with each of `right`, (items, items)."""
    return np.asarray((left.T @ right).toarray(), dtype=np.float64)


def staff_strata(staff: Ints) -> dict[str, Ints]:
    """The staff as a stratification where they are known for at least half of the rows."""
    known = bool(staff.size) and float((staff != NOBODY).mean()) >= _LEAST_STAFF_KNOWN
    return {"staff": staff} if known else {}
