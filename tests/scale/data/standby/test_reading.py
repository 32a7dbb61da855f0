"""Reads go to a standby that is fresh, and to the primary by who has just written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from sqlalchemy import text

from myriad.scale.data import Database, DatabaseSettings
from myriad.scale.data.database import NOBODY
from myriad.scale.embedded.postgres import APP, CROSSING, OWNER
from myriad.scale.runtime import cache_client
from myriad.scale.tenancy import TenantId
from tests.scale.data.clusters import FIRST, SECOND
from tests.scale.data.standby.pairs import Pair

_WHERE = text("SELECT pg_is_in_recovery(), count(*) FROM entry")
_ROWS = "SELECT pg_is_in_recovery() AS is_standby, count(*) AS n FROM entry"
_ADD = text("INSERT INTO entry SELECT :tenant, max(number) + 1, 'new' FROM entry")
ONE, TWO = TenantId(FIRST), TenantId(SECOND)


@pytest.fixture
def pair(shared_pair: Pair) -> Pair:
    return shared_pair


def _settings(pair: Pair) -> DatabaseSettings:
    return DatabaseSettings(
        url=SecretStr(pair.primary.url(OWNER)),
        app_url=SecretStr(pair.primary.url(APP)),
        crossing_url=SecretStr(pair.primary.url(CROSSING)),
        standby_urls=SecretStr(f" {pair.standby.url(APP)} "),
        standby_poll_seconds=0.02,
        # What makes a standby too old is one test's own subject.
        standby_max_lag_seconds=30,
    )


@pytest.fixture
async def database(pair: Pair) -> AsyncIterator[Database]:
    made = Database(_settings(pair))
    await made.open()
    try:
        yield made
    finally:
        await made.close()


async def _read(database: Database, tenant: TenantId) -> tuple[bool, int]:
    async with database.read_session(tenant) as session:
        row = (await session.execute(_WHERE)).one()
    return bool(row[0]), int(row[1])


async def _add(database: Database, tenant: TenantId) -> None:
    async with database.session(tenant) as session:
        await session.execute(_ADD, {"tenant": tenant})


async def _until_standby(database: Database, tenant: TenantId) -> int:
    async with asyncio.timeout(30):
        while True:
            is_standby, count = await _read(database, tenant)
            if is_standby:
                return count
            await asyncio.sleep(0.01)


async def test_a_read_goes_to_the_standby_and_sees_its_tenant_alone(database: Database) -> None:
    first, second = await _until_standby(database, ONE), await _until_standby(database, TWO)
    await _add(database, ONE)
    assert await _until_standby(database, ONE) == first + 1
    assert await _until_standby(database, TWO) == second
    row = await database.reader.row(TWO, _ROWS)
    assert row == {"is_standby": True, "n": second}


async def test_what_belongs_to_no_tenant_is_read_from_the_primary(database: Database) -> None:
    await _until_standby(database, ONE)
    row = await database.reader.row(NOBODY, "SELECT pg_is_in_recovery() AS is_standby")
    assert row == {"is_standby": False}


async def test_who_has_just_written_reads_the_primary_and_others_go_on(
    database: Database, pair: Pair
) -> None:
    """The standby stands still: a read without the gate would miss what was written."""
    first, second = await _until_standby(database, ONE), await _until_standby(database, TWO)
    with pair.replay_stopped():
        await _add(database, ONE)
        assert await _read(database, ONE) == (False, first + 1)
        assert await database.reader.row(ONE, _ROWS) == {"is_standby": False, "n": first + 1}
        assert await _read(database, TWO) == (True, second)
        with psycopg.connect(pair.standby.url(APP)) as plain:
            plain.execute("SELECT set_config('app.tenant_id', %s, false)", [str(ONE)])
            assert plain.execute("SELECT count(*) FROM entry").fetchone() == (first,)
    assert await _until_standby(database, ONE) == first + 1


async def test_a_job_that_commits_counts_as_its_tenant(database: Database, pair: Pair) -> None:
    before = await _until_standby(database, ONE)
    with pair.replay_stopped():
        async with database.work.transaction(ONE) as session:
            await session.execute(_ADD, {"tenant": ONE})
        assert await _read(database, ONE) == (False, before + 1)


async def test_rows_changed_for_every_tenant_count_as_everybodys(
    database: Database, pair: Pair
) -> None:
    before = await _until_standby(database, TWO)
    with pair.replay_stopped():
        async with database.crossing("a test changes rows of a tenant") as session:
            await session.execute(_ADD, {"tenant": TWO})
        assert await _read(database, TWO) == (False, before + 1)


async def test_another_process_hears_of_the_write(
    pair: Pair, database: Database, redis: Redis
) -> None:
    other = Database(_settings(pair))
    await other.open()
    try:
        for one in (database, other):
            one.standbys.notes.share(redis)
        before = await _until_standby(other, ONE)
        with pair.replay_stopped():
            await _add(database, ONE)
            assert await _read(other, ONE) == (False, before + 1)
        assert await _until_standby(other, ONE) == before + 1
    finally:
        await other.close()


async def test_while_redis_is_silent_writes_go_on_and_reads_go_to_the_primary(
    database: Database,
) -> None:
    before = await _until_standby(database, ONE)
    silent = cache_client("redis://127.0.0.1:1/0")
    database.standbys.notes.share(silent)
    await _add(database, ONE)
    assert await _read(database, ONE) == (False, before + 1)
    await asyncio.sleep(0.2)
    assert await _read(database, ONE) == (False, before + 1)
    await silent.aclose()


async def test_a_standby_that_lags_too_far_is_not_read(pair: Pair) -> None:
    settings = _settings(pair).model_copy(update={"standby_max_lag_seconds": 0.2})
    database = Database(settings)
    await database.open()
    try:
        before = await _until_standby(database, TWO)
        with pair.replay_stopped():
            with psycopg.connect(pair.primary.url(CROSSING)) as elsewhere:
                elsewhere.execute("INSERT INTO entry SELECT %s, max(number) + 1 FROM entry", [TWO])
            await asyncio.sleep(0.5)
            assert await _read(database, TWO) == (False, before + 1)
    finally:
        await database.close()


async def test_without_standbys_nothing_is_asked(pair: Pair) -> None:
    database = Database(_settings(pair).model_copy(update={"standby_urls": None}))
    await database.open()
    try:
        assert await _read(database, ONE) == (False, (await _read(database, ONE))[1])
        assert not database.standbys
    finally:
        await database.close()


@pytest.fixture
async def redis(servers) -> AsyncIterator[Redis]:  # type: ignore[no-untyped-def]
    client = Redis.from_url(servers.broker_url, protocol=2)
    yield client
    await client.aclose()
