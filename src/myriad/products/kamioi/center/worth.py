"""What hangs on strings, compared in the programme's currency by rates that persons stated.

The programme's currency is that of most of its first thousand members. A rate leads into it, or its
inverse does; nothing is worked out by way of a third currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from myriad.products.kamioi.center.views import Worth
from myriad.products.kamioi.repository.sql import Row, fetch, get
from myriad.scale.data import ReadSession


@dataclass(frozen=True, slots=True)
class Currencies:
    """The programme's currency, and those of its purchases that no rate leads from into it."""

    own: str
    unrated: tuple[str, ...]


async def get_currencies(session: ReadSession) -> Currencies:
    """Return in which currency the programme compares, and what it cannot compare."""
    row = await get(session, "center_currencies")
    return Currencies(row["currency"], tuple(row["unrated"]))


async def list_worths(session: ReadSession, descriptor_ids: Sequence[UUID]) -> dict[UUID, Worth]:
    """Return what hangs on each of these strings; one without purchases is left out."""
    rows = await fetch(session, "stakes_of_descriptors", descriptor_ids=list(descriptor_ids))
    return {row["descriptor_id"]: worth_of(row) for row in rows}


def worth_of(row: Row) -> Worth:
    """Return what a row of `kamioi.descriptor_stake` says."""
    return Worth(row["stake_minor"], tuple(sorted(row["unrated"])))
