"""What must always hold of the money, whatever was killed in between."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from myriad.products.kamioi.repository import sql as queries
from myriad.products.kamioi.repository.planning import planned_for_sets
from myriad.scale.data import ReadSession

_LISTED = 1_000


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that does not hold: which, about what (an id), our figure and what it must be."""

    rule: str
    subject: str
    ours: Decimal
    theirs: Decimal


async def check_invariants(session: ReadSession) -> list[Violation]:
    """Return what contradicts itself, at most 1,000 of them; an empty list is as it must be.

    Transfers come to zero; allocations are their fills, lots their allocations and changes, parts
    their orders; round-ups swept are their sweeps; the ledger knows what is accrued, on its way and
    held at cost; and nobody's cash is promised twice.
    """
    async with planned_for_sets(session):
        rows = await queries.fetch(session, "list_violations", limit=_LISTED)
    return [Violation(**row) for row in rows]
