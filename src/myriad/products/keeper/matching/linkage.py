"""The one call: records in, decided pairs out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from myriad.products.keeper.matching.blocking import Thinned, candidates
from myriad.products.keeper.matching.chains import complete
from myriad.products.keeper.matching.columns import columns
from myriad.products.keeper.matching.decide import KEEPER, Link, Policy, bridges, decide
from myriad.products.keeper.matching.fellegi_sunter import Model, fit, score
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
    if len({record.id for record in records}) != len(records):
        raise ValueError("record ids must be unique")
    progress("looking for pairs worth comparing", 0, 3)
    table = columns(records)
    pairs = candidates(records, table)
    if len(pairs.left) == 0:
        progress("nothing to compare", 3, 3)
        return Linkage(len(records), 0, (), pairs.thinned, None)
    progress(f"comparing {len(pairs.left):,} pairs", 1, 3)
    if known is None:
        scored = fit(table, pairs.left, pairs.right, policy.prior_worth)
    else:
        scored = score(known, table, pairs.left, pairs.right)
    scored = complete(table, scored, bridges(records, scored, policy))
    progress("deciding", 2, 3)
    links = decide(records, scored, policy)
    progress("done", 3, 3)
    return Linkage(len(records), len(pairs.left), tuple(links), pairs.thinned, scored.model)
