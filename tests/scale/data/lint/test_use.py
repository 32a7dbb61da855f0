"""Sizes, shares of tenants, reads of indexes and slow statements are told as they are."""

from __future__ import annotations

import asyncio
from uuid import UUID

import psycopg
import pytest

from myriad.kit.errors import InvalidInputError
from myriad.scale.data.lint import (
    find_slow,
    get_size,
    list_index_use,
    list_partition_sizes,
    list_shares,
    list_sizes,
    logins_of,
)
from myriad.scale.data.lint.statements import merge
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.runtime import Runtime
from tests.fixtures.database import TwoTenants

_TABLE = """
CREATE TABLE measured.visit (tenant_id uuid, day date, number int, PRIMARY KEY (tenant_id, day, number))
    PARTITION BY RANGE (day);
CREATE TABLE measured.visit_early PARTITION OF measured.visit FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE measured.visit_rest PARTITION OF measured.visit DEFAULT;
GRANT USAGE ON SCHEMA measured TO myriad_crossing;
GRANT SELECT ON measured.visit TO myriad_crossing;
"""


@pytest.fixture
def visits(database_urls: ServerUrls, tenants: TwoTenants):  # type: ignore[no-untyped-def]
    """A table by month: three quarters of its rows are the first tenant's."""
    with psycopg.connect(database_urls.database_url, autocommit=True) as owner:
        owner.execute("CREATE SCHEMA measured")
        owner.execute(_TABLE)
        for tenant, count in ((tenants.first, 3_000), (tenants.second, 1_000)):
            owner.execute(
                "INSERT INTO measured.visit SELECT %s, '2026-01-15', generate_series(1, %s)",
                [tenant, count],
            )
        owner.execute("ANALYZE measured.visit")
        yield
        owner.execute("DROP SCHEMA measured CASCADE")


@pytest.mark.usefixtures("visits")
async def test_a_tables_size_is_that_of_its_partitions_and_shares_are_of_its_tenants(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    ask = logins_of(runtime.database)[0]
    size = await get_size(ask, "measured.visit")
    parts = await list_partition_sizes(ask, "measured.visit")
    assert [one.name for one in parts] == ["measured.visit_early", "measured.visit_rest"]
    assert (size.rows, size.partitions, size.has_tenant) == (4_000, 2, True)
    assert size.bytes == sum(one.bytes for one in parts) > 100_000
    shares = {one.tenant_id: one.share for one in await list_shares(ask, size)}
    assert shares == {UUID(str(tenants.first)): 0.75, UUID(str(tenants.second)): 0.25}


async def test_a_table_that_is_not_there_is_said(runtime: Runtime) -> None:
    ask = logins_of(runtime.database)[0]
    with pytest.raises(InvalidInputError, match=r"there is no table kamioi\.nothing"):
        await get_size(ask, "kamioi.nothing")
    assert not await list_partition_sizes(ask, "kamioi.nothing")
    assert "platform.tenant" in {one.name for one in await list_sizes(ask)}


async def test_reads_of_an_index_are_counted(runtime: Runtime) -> None:
    found, _ = await list_index_use(logins_of(runtime.database)[0])
    primary = next(one for one in found if one.name == "platform.pk_tenant")
    assert primary.is_unique
    assert primary.table_name == "platform.tenant"
    assert primary.bytes > 0


async def test_a_slow_statement_is_seen_without_its_values(
    runtime: Runtime, database_urls: ServerUrls
) -> None:
    async def be_slow() -> None:
        async with await psycopg.AsyncConnection.connect(database_urls.app_url) as connection:
            await connection.execute("SELECT pg_sleep(0.6), 'private@example.com'")

    running = asyncio.create_task(be_slow())
    found = await find_slow(logins_of(runtime.database), seconds=0.8)
    await running
    assert "pg_stat_statements is not installed" in found.why_sampled
    seen = {one.text: one for one in found.statements}
    one = seen["SELECT pg_sleep(?), ?"]
    assert one.calls == 1
    assert one.longest_seconds > 0
    assert "private" not in repr(found)
    assert not any("sampler" in text for text in seen)


def test_counted_statements_that_differ_by_values_only_are_one() -> None:
    rows = [
        {"query": f"SELECT * FROM t WHERE id IN ({ids})", "calls": 2, "seconds": 1.5, "longest_seconds": top}
        for ids, top in (("1, 2", 0.9), ("3", 1.2), ("4, 5, 6", 0.1))
    ]  # fmt: skip
    merged = merge(rows)
    assert [(one.calls, one.seconds, one.longest_seconds) for one in merged] == [
        (4, 3.0, 0.9),
        (2, 1.5, 1.2),
    ]


@pytest.mark.usefixtures("visits")
async def test_a_table_that_may_not_be_read_is_told_with_the_grant(
    runtime: Runtime, database_urls: ServerUrls
) -> None:
    ask = logins_of(runtime.database)[0]
    with psycopg.connect(database_urls.database_url, autocommit=True) as owner:
        owner.execute("REVOKE ALL ON measured.visit FROM myriad_crossing")
    with pytest.raises(InvalidInputError, match="SELECT on it to myriad_crossing"):
        await list_shares(ask, await get_size(ask, "measured.visit"))
