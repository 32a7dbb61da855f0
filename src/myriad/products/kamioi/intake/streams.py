"""A programme's purchases as one stream: lines of many accounts, in batches committed one by one."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from itertools import islice
from uuid import UUID

from psycopg.errors import DeadlockDetected
from sqlalchemy.exc import DBAPIError

from myriad.products.kamioi.intake.lines import Line
from myriad.products.kamioi.intake.recording import Recorded, ensure_months, record_many
from myriad.products.kamioi.intake.standing import Account, Told, list_accounts
from myriad.scale.data import Database
from myriad.scale.tenancy import TenantId

LINES_AT_ONCE = 20_000
LOADERS = 2
_DEADLOCKS = 8
_SHORTEST_PAUSE_SECONDS = 0.05


async def record_stream(
    database: Database,
    tenant_id: TenantId,
    lines: Iterable[tuple[UUID, Line]],
    *,
    lines_at_once: int = LINES_AT_ONCE,
) -> AsyncIterator[Recorded]:
    """Write (account id, line) in their order; yield what has come in so far after each batch.

    Where an id comes twice in a batch the last line counts, as the newest of a stream. A batch is
    written on two connections, each with members of its own, while memory holds no other. What was committed stays when the caller is
    killed; sending everything again changes nothing.
    Queues no round-ups: whoever has sent the last line does. Raises NotFoundError for an account
    that is unknown.
    """
    recorded, waiting = Recorded(), iter(lines)
    while batch := list(islice(waiting, lines_at_once)):
        await ensure_months(database, tenant_id, (line.day for _, line in batch))
        parts = [part for part in await _parts(database, tenant_id, batch) if part]
        written = [_write(database, tenant_id, part) for part in parts]
        for one in await asyncio.gather(*written, return_exceptions=True):
            if isinstance(one, BaseException):
                raise one
            recorded += one
        yield recorded


async def _parts(
    database: Database, tenant_id: TenantId, batch: Sequence[tuple[UUID, Line]]
) -> list[list[Told]]:
    """Return the batch by account, in parts that have no member in common."""
    told: dict[UUID, dict[str, Line]] = defaultdict(dict)
    for account_id, line in batch:
        told[account_id][line.external_id] = line
    async with database.session(tenant_id) as session:
        accounts = {one.id: one for one in await list_accounts(session, list(told))}
    parts: list[list[Told]] = [[] for _ in range(LOADERS)]
    # In the order in which they came: of two streams of one account the first one's line stands.
    for account_id, lines in told.items():
        account = accounts[account_id]
        parts[_place(account)].append(Told(account, list(lines.values())))
    return parts


def _place(account: Account) -> int:
    return account.member_id.int % LOADERS


async def _write(database: Database, tenant_id: TenantId, part: Sequence[Told]) -> Recorded:
    """Write a part in a transaction; again where it and another locked each other out of counts."""
    for attempt in range(_DEADLOCKS):
        try:
            async with database.session(tenant_id) as session:
                return await record_many(session, part)
        except (DeadlockDetected, DBAPIError) as error:
            if attempt == _DEADLOCKS - 1 or not _is_deadlock(error):
                raise
            await asyncio.sleep(random.uniform(0, _SHORTEST_PAUSE_SECONDS * 2**attempt))  # noqa: S311 - jitter.
    raise AssertionError("unreachable")


def _is_deadlock(error: DeadlockDetected | DBAPIError) -> bool:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(cause, DeadlockDetected)
