"""Records in, decided pairs out: all at once, or comparing apart from deciding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from myriad.products.keeper.matching.blocking import Thinned, candidates
from myriad.products.keeper.matching.chains import LIKELY, complete
from myriad.products.keeper.matching.columns import Columns, columns
from myriad.products.keeper.matching.decide import KEEPER, Link, Policy, bridges, decide
from myriad.products.keeper.matching.fellegi_sunter import fit, score
from myriad.products.keeper.matching.model import Model, Scored
from myriad.products.keeper.matching.normalise import Record

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Linkage:
    """What matching found among `records` records.

    `links` are the decided pairs, the most probable first; `compared` is the number of candidate
    pairs; `thinned` names blocks that were too large for all their pairs; `model` is None when
    there was nothing to compare.
    """

    records: int
    compared: int
    links: tuple[Link, ...]
    thinned: tuple[Thinned, ...]
    model: Model | None


@dataclass(frozen=True, slots=True)
class Compared:
    """Compared records whose pairs are still to be decided; `scored` is None without any pair."""

    table: Columns
    scored: Scored | None
    thinned: tuple[Thinned, ...]

    def likely(self, policy: Policy = KEEPER) -> list[int]:
        """Return the numbers of the records of which something may be decided, in rising order.

        When these were busy is all that deciding asks beyond what has been compared.
        """
        if self.scored is None:
            return []
        near = self.scored.probability > min(LIKELY, policy.propose_from) - 1e-9
        found = np.union1d(self.scored.left[near], self.scored.right[near])
        return [int(number) for number in found]


def _quiet(message: str, done: int, total: int) -> None:
    """Report to nobody."""


def link(
    records: Sequence[Record],
    policy: Policy = KEEPER,
    progress: Progress = _quiet,
    known: Model | None = None,
) -> Linkage:
    """Find the pairs of records that are one person; ids must be unique.

    A `known` model, fitted to nearly the same records, is used as it is instead of a new one.
    `progress` is called with (message, steps done, steps in all). The answer is the same for the
    same records in the same order, on every machine.
    """
    return settle(records, compare_records(records, policy, progress, known), policy, progress)


def compare_records(
    records: Sequence[Record],
    policy: Policy = KEEPER,
    progress: Progress = _quiet,
    known: Model | None = None,
) -> Compared:
    """Do of `link` what needs nobody's bookings."""
    if len({record.id for record in records}) != len(records):
        raise ValueError("record ids must be unique")
    progress("looking for pairs worth comparing", 0, 3)
    table = columns(records)
    pairs = candidates(records, table)
    if len(pairs.left) == 0:
        return Compared(table, None, pairs.thinned)
    progress(f"comparing {len(pairs.left):,} pairs", 1, 3)
    if known is None:
        scored = fit(table, pairs.left, pairs.right, policy.prior_worth)
    else:
        scored = score(known, table, pairs.left, pairs.right)
    return Compared(table, scored, pairs.thinned)


def settle(
    records: Sequence[Record],
    compared: Compared,
    policy: Policy = KEEPER,
    progress: Progress = _quiet,
) -> Linkage:
    """Decide what was compared; `records` are the same, busy or not, in the same order."""
    if compared.scored is None:
        progress("nothing to compare", 3, 3)
        return Linkage(len(records), 0, (), compared.thinned, None)
    first = compared.scored
    scored = complete(compared.table, first, bridges(records, first, policy))
    progress("deciding", 2, 3)
    links = decide(records, scored, policy)
    progress("done", 3, 3)
    return Linkage(len(records), len(first.left), tuple(links), compared.thinned, first.model)
