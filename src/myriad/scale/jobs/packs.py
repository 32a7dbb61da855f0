"""Many jobs of one task at once: a hundred payloads lie in one row until their turn comes.

A row and an index entry for each of a million waiting jobs is what makes queues large and bulk
enqueueing slow. A pack is one row; the dispatcher takes its items out in their order. The id of
item `i` is the pack's id plus `i`, so every job has its id from the start and can be found and
cancelled by it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Self, overload
from uuid import UUID

from myriad.kit.ids import new_id
from myriad.scale.data import Session
from myriad.scale.jobs.arguments import (
    check_attempts,
    check_class,
    check_cost,
    check_deadline,
    check_task,
)
from myriad.scale.jobs.capacity import Route, find_route
from myriad.scale.jobs.payloads import encode_pack, encode_payload
from myriad.scale.jobs.store import run
from myriad.scale.tenancy import TenantId, current_tenant

PACK_SIZE = 100
FEWEST_FOR_PACKS = 20
PACKS_PER_STATEMENT = 100
ROWS_PER_STATEMENT = 1000
_ITEM_BITS = 24
_ITEMS = (1 << _ITEM_BITS) - 1
# Leaves room above the item's bits to count the packs of one call upwards, in their order.
_COUNTED_BITS = 1 << 61
_FLOWS_TOLD = 100

Payloads = Iterable[Mapping[str, Any]]


def place_in_pack(job_id: UUID) -> tuple[UUID, int]:
    """Return the pack in which a job with this id lies, if it lies in one, and its place there."""
    return UUID(int=job_id.int & ~_ITEMS), job_id.int & _ITEMS


@dataclass(frozen=True)
class PackedIds(Sequence[UUID]):
    """The ids of jobs that were enqueued together, computed when asked for."""

    first: UUID
    length: int

    def __len__(self) -> int:
        return self.length

    @overload
    def __getitem__(self, index: int) -> UUID: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[UUID]: ...

    def __getitem__(self, index: int | slice) -> UUID | Sequence[UUID]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(self.length))]
        place = index + self.length if index < 0 else index
        if not 0 <= place < self.length:
            raise IndexError(index)
        pack, item = divmod(place, PACK_SIZE)
        return UUID(int=self.first.int + (pack << _ITEM_BITS) + item)


def first_pack_id() -> UUID:
    """Return a new UUIDv7 from which the packs of one call count upwards."""
    return UUID(int=new_id().int & ~_ITEMS & ~_COUNTED_BITS)


@dataclass
class _Rows:
    """What one statement inserts: packs, or single jobs where there are few."""

    tenant_ids: list[UUID] = field(default_factory=list)
    ids: list[UUID] = field(default_factory=list)
    job_classes: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    payloads: list[str] = field(default_factory=list)

    def add(self, tenant_id: UUID, job_id: UUID, job_class: int, size: int, payload: str) -> None:
        self.tenant_ids.append(tenant_id)
        self.ids.append(job_id)
        self.job_classes.append(job_class)
        self.sizes.append(size)
        self.payloads.append(payload)

    def __len__(self) -> int:
        return len(self.ids)


@dataclass
class _Writer:
    """Gathers packs and single jobs of one task and sends them, many to a statement.

    While PostgreSQL works on one statement the next is being encoded.
    """

    session: Session
    options: Mapping[str, Any]
    first: UUID = field(default_factory=first_pack_id)
    packs: _Rows = field(default_factory=_Rows)
    rows: _Rows = field(default_factory=_Rows)
    chunks: int = 0
    jobs: int = 0
    _under_way: asyncio.Future[Any] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait for what is under way, so that the session is free again whatever happened."""
        if kind is None:
            await self._flush(1, 1)
            await self._sent()
        elif self._under_way is not None:
            if not issubclass(kind, Exception):
                self._under_way.cancel()
            await asyncio.gather(self._under_way, return_exceptions=True)

    async def add(self, tenant_id: UUID, route: Route, payloads: Payloads) -> PackedIds:
        """Add one tenant's jobs; what a statement holds goes out on the way."""
        first, before = self._next_id(), self.jobs
        for number, chunk in enumerate(_chunks(payloads)):
            pack_id = self._next_id()
            self.chunks += 1
            self.jobs += len(chunk)
            route.check_room(self.jobs - before, self.jobs)
            if number or len(chunk) >= FEWEST_FOR_PACKS:
                text = encode_pack(chunk)
                self.packs.add(tenant_id, pack_id, route.job_class, len(chunk), text)
            else:
                self._add_rows(tenant_id, pack_id, route.job_class, chunk)
            await self._flush(PACKS_PER_STATEMENT, ROWS_PER_STATEMENT)
        return PackedIds(first, self.jobs - before)

    def _next_id(self) -> UUID:
        return UUID(int=self.first.int + (self.chunks << _ITEM_BITS))

    def _add_rows(
        self, tenant_id: UUID, first: UUID, job_class: int, chunk: Sequence[Mapping[str, Any]]
    ) -> None:
        for item, payload in enumerate(chunk):
            job_id = UUID(int=first.int + item)
            self.rows.add(tenant_id, job_id, job_class, 1, encode_payload(payload))

    async def _flush(self, packs: int, rows: int) -> None:
        """Send the packs if there are that many, and the rows if there are that many."""
        if len(self.packs) >= packs:
            await self._send("insert_packs", self.packs)
            self.packs = _Rows()
        if len(self.rows) >= rows:
            await self._send("insert_rows", self.rows)
            self.rows = _Rows()

    async def _send(self, query: str, rows: _Rows) -> None:
        await self._sent()
        sending = run(self.session, query, {**self.options, **vars(rows)})
        self._under_way = asyncio.ensure_future(sending)
        await asyncio.sleep(0)

    async def _sent(self) -> None:
        if self._under_way is not None:
            await self._under_way
            self._under_way = None


def _chunks(payloads: Payloads) -> Iterator[list[Mapping[str, Any]]]:
    source = iter(payloads)
    while chunk := list(islice(source, PACK_SIZE)):
        yield chunk


async def enqueue_many(
    session: Session,
    task: str,
    payloads: Payloads,
    *,
    job_class: str | None = None,
    deadline_at: datetime | None = None,
    cost: float | None = None,
    max_attempts: int | None = None,
) -> Sequence[UUID]:
    """Enqueue a job of `task` for each payload and return their ids in the same order.

    All of them exist once the caller's transaction commits, or none. `payloads` may be a generator
    of any length; memory holds one statement's share of it. There is no deduplication: use
    `enqueue` for that. Raises what `enqueue` raises, with nothing written.
    """
    tenant_id, rank = current_tenant(), check_class(job_class)
    options = _options(deadline_at, cost, max_attempts)
    async with session.begin_nested():
        route = await find_route(session, tenant_id, check_task(task), rank)
        async with _Writer(session, options | {"task_id": route.task_id}) as writer:
            ids = await writer.add(tenant_id, route, payloads)
        if ids:
            flow = f"{tenant_id}:{route.job_class}:{route.task_id}"
            await run(session, "tell_dispatcher", {"flows": [flow]})
    return ids


async def enqueue_fan_out(
    crossing: Session,
    task: str,
    payloads: Mapping[TenantId, Payloads],
    *,
    job_class: str | None = None,
    deadline_at: datetime | None = None,
    cost: float | None = None,
    max_attempts: int | None = None,
) -> dict[TenantId, Sequence[UUID]]:
    """Enqueue jobs of `task` for many tenants in one session that crosses them.

    As `enqueue_many` for each; the capacity counts for all of them together.
    """
    options = _options(deadline_at, cost, max_attempts)
    async with crossing.begin_nested():
        routes = await _routes(crossing, check_task(task), list(payloads), check_class(job_class))
        ids: dict[TenantId, Sequence[UUID]] = {}
        task_id = next(iter(routes.values())).task_id if routes else 0
        async with _Writer(crossing, options | {"task_id": task_id}) as writer:
            for tenant_id, own in payloads.items():
                ids[tenant_id] = await writer.add(tenant_id, routes[tenant_id], own)
        await run(crossing, "tell_dispatcher", {"flows": _flows(routes, ids)})
    return ids


def _options(
    deadline_at: datetime | None, cost: float | None, max_attempts: int | None
) -> dict[str, Any]:
    return {
        "deadline_at": check_deadline(deadline_at),
        "cost": check_cost(cost),
        "max_attempts": check_attempts(max_attempts),
    }


async def _routes(
    crossing: Session, task: str, tenant_ids: list[TenantId], rank: int | None
) -> dict[TenantId, Route]:
    facts = {"tenant_ids": tenant_ids, "task": task, "job_class": rank}
    await run(crossing, "name_task", facts)
    rows = await run(crossing, "route_tenants", facts)
    return {TenantId(row.tenant_id): Route.of(row) for row in rows}


def _flows(routes: Mapping[TenantId, Route], ids: Mapping[TenantId, Sequence[UUID]]) -> list[str]:
    """Return the flows that have work now; many are one empty word, which means: look yourself."""
    told = [
        f"{tenant_id}:{route.job_class}:{route.task_id}"
        for tenant_id, route in routes.items()
        if ids[tenant_id]
    ]
    return told if len(told) <= _FLOWS_TOLD else [""]
