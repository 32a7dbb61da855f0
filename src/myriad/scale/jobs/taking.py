"""Marking chosen jobs as dispatched: one statement for single jobs, one for packs.

Statements are safe with two dispatchers at once: a row goes to one of them. They commit without
waiting for the disk, since a dispatch that is forgotten in a crash is only done again.
"""

from __future__ import annotations

from collections.abc import Iterator, KeysView, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import TupleRow, tuple_row

from myriad.scale.jobs.affinity import Worker
from myriad.scale.jobs.fairness import Lane
from myriad.scale.jobs.slices import FEWEST_FOR_SLICE
from myriad.scale.jobs.store import QUERIES

_PLACE_DIGITS = 6
_KEPT_OF_PACK_ID = 36 - _PLACE_DIGITS


@dataclass(slots=True)
class Ask:
    """Up to `jobs` of a lane for one worker, at an estimated cost each; and what was found.

    What was found are ids, or for a slice the id of its first place and how many places it has.
    """

    lane: Lane
    worker: Worker
    jobs: int
    cost_each: float
    skip: int = 0
    is_slice: bool = False
    ids: list[str] = field(default_factory=list)
    places: int = 0
    found: int = 0
    cost: float = 0.0
    is_dry: bool = True
    next_since: float = 0.0

    def forget(self) -> None:
        """Know nothing, as if it had not been asked."""
        self.ids, self.places, self.found = [], 0, 0
        self.is_dry, self.cost = False, 0.0


@dataclass
class Batch:
    """The asks of one round, those of one lane and worker joined, and the order of the choices."""

    asks: list[Ask] = field(default_factory=list)
    chosen: list[tuple[Ask, int]] = field(default_factory=list)
    jobs: int = 0
    _last: dict[int, Ask] = field(default_factory=dict)

    def add(self, lane: Lane, worker: Worker, jobs: int, cost_each: float) -> None:
        """Ask for `jobs` more of a lane, after those that it was asked for before."""
        self.jobs += jobs
        ask = self._last.get(id(lane))
        is_slice = lane.is_packed and jobs >= FEWEST_FOR_SLICE
        if ask is not None and ask.worker is worker and not (is_slice or ask.is_slice):
            ask.jobs += jobs
        else:
            skip = 0 if ask is None else ask.skip + ask.jobs
            ask = self._last[id(lane)] = Ask(lane, worker, jobs, cost_each, skip, is_slice)
            self.asks.append(ask)
        self.chosen.append((ask, jobs))

    @property
    def lanes(self) -> KeysView[int]:
        """The identities of the lanes that are asked."""
        return self._last.keys()

    def found(self) -> Iterator[tuple[Ask, list[str]]]:
        """Yield what was found for each choice, in the order of the choices."""
        begun: dict[int, int] = {}
        for ask, jobs in self.chosen:
            first = begun.get(id(ask), 0)
            begun[id(ask)] = first + jobs
            if ids := ask.ids[first : first + jobs]:
                yield ask, ids


async def take(connection: AsyncConnection[Any], batch: Batch) -> Batch:
    """Mark what the batch asks for as dispatched and note in its asks which jobs they got."""
    rows = [ask for ask in batch.asks if not ask.lane.is_packed]
    packed = [ask for ask in batch.asks if ask.lane.is_packed]
    if rows:
        _note_rows(rows, await _ask(connection, "take_rows", rows))
    if packed:
        _note_packed(packed, await _ask(connection, "take_packed", packed))
    return batch


async def _ask(connection: AsyncConnection[Any], query: str, asks: list[Ask]) -> list[TupleRow]:
    facts = {
        "tenant_ids": [ask.lane.flow.tenant_id for ask in asks],
        "job_classes": [ask.lane.flow.job_class for ask in asks],
        "task_ids": [ask.lane.task_id for ask in asks],
        "worker_ids": [ask.worker.id for ask in asks],
        "jobs": [ask.jobs for ask in asks],
        "skips": [ask.skip for ask in asks],
        "are_slices": [ask.is_slice for ask in asks],
    }
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(QUERIES[query], facts, prepare=True)
        return await cursor.fetchall()


def _note_rows(asks: Sequence[Ask], rows: list[TupleRow]) -> None:
    """A row without an id tells that the lane goes on, and since when its next job is due."""
    for number, job_id, cost, next_since in rows:
        ask = asks[number]
        if job_id is None:
            ask.is_dry, ask.next_since = False, next_since
        else:
            ask.ids.append(str(job_id))
            ask.found += 1
            ask.cost += ask.cost_each if cost is None else cost
    for ask in asks:
        ask.ids.sort()


def _note_packed(asks: Sequence[Ask], rows: list[TupleRow]) -> None:
    for number, pack_id, cost, first, jobs, filled, payloads, has_more in rows:
        ask = asks[number]
        ask.is_dry, ask.found = not has_more, filled
        ask.cost = filled * (ask.cost_each if cost is None else cost)
        if ask.is_slice:
            ask.places = jobs if filled else 0
            ask.ids = [_item_id(str(pack_id), first)] if filled else []
        else:
            ask.ids = [_item_id(str(pack_id), place) for place in _places(first, jobs, payloads)]


def _places(first: int, jobs: int, payloads: list[Any] | None) -> Iterator[int]:
    """Yield the filled places of a pack of which `payloads`, when given, begins at `first`."""
    for place in range(jobs):
        if payloads is None or payloads[place] is not None:
            yield first + place


def _item_id(pack_id: str, place: int) -> str:
    """Return the id of a pack's item, whose last digits are its place."""
    return f"{pack_id[:_KEPT_OF_PACK_ID]}{place:06x}"
