"""A rollup equals its rows exactly, whoever writes at the same time, and for each tenant alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from myriad.kit.ids import new_id
from myriad.scale.data import Database
from myriad.scale.data.rollups import (
    Rollup,
    RollupError,
    UnknownRollupError,
    compare,
    create_rollup,
    drop_rollup,
    get_rollup,
    rebuild,
)
from myriad.scale.tenancy import TenantId
from tests.fixtures.database import database_settings
from tests.scale.data.monthly_table import MonthlyTable, Owner

WRITERS = 4
DAYS = ("2014-01-30", "2014-01-31", "2014-02-01", "2014-03-15")


def rollups_of(table: MonthlyTable) -> tuple[Rollup, Rollup]:
    """Return one rollup by day and one by member and month that leaves some rows out."""
    return (
        Rollup(
            target=f"{table.name}_day",
            source=table.name,
            keys={"tenant_id": "tenant_id", "day": "booked_on"},
            count="events",
            sums={"amount_minor": "amount_minor", "qty": "coalesce(qty, 0)"},
        ),
        Rollup(
            target=f"{table.name}_member",
            source=table.name,
            keys={
                "tenant_id": "tenant_id",
                "member": "member",
                "month": "date_trunc('month', booked_on::timestamp)::date",
            },
            count="events",
            sums={"amount_minor": "amount_minor"},
            where="amount_minor > 0",
        ),
    )


@pytest.fixture
def rollups(table: MonthlyTable) -> Iterator[tuple[Rollup, Rollup]]:
    """Both rollups of the test's table, which has three months of 2014."""
    made = rollups_of(table)
    with psycopg.connect(table.urls.database_url) as connection:
        owner = Owner(connection)
        owner.execute(f"SELECT platform.ensure_months('{table.name}', '2014-01-01', '2014-03-31')")
        for rollup in made:
            create_rollup(owner, rollup)
    yield made
    with psycopg.connect(table.urls.database_url) as connection:
        for rollup in made:
            drop_rollup(Owner(connection), rollup)


@pytest.fixture
async def database(table: MonthlyTable) -> AsyncIterator[Database]:
    """The database that the test's table is in."""
    opened = Database(database_settings(table.urls), process="test")
    await opened.open()
    yield opened
    await opened.close()


insertion = st.tuples(
    st.just("insert"),
    st.lists(
        st.tuples(
            st.sampled_from(DAYS),
            st.integers(1, 3),
            st.integers(-500, 500).filter(lambda n: n != 13),
        ),
        min_size=1,
        max_size=6,
    ),
)
change = st.tuples(
    st.sampled_from(["amount", "day", "member", "nothing", "delete", "again"]),
    st.tuples(st.sampled_from(DAYS), st.integers(1, 3)),
)
work = st.lists(
    st.lists(st.one_of(insertion, change), min_size=1, max_size=4), min_size=1, max_size=3
)

CHANGES = {
    "amount": "UPDATE {t} SET amount_minor = -amount_minor WHERE member = %(m)s AND booked_on = %(d)s",
    "day": "UPDATE {t} SET booked_on = %(d)s WHERE member = %(m)s AND amount_minor <> 0",
    "member": "UPDATE {t} SET member = 4 - member WHERE booked_on = %(d)s",
    "nothing": "UPDATE {t} SET note = 'seen' WHERE booked_on = %(d)s",
    "delete": "DELETE FROM {t} WHERE member = %(m)s AND booked_on = %(d)s",
    "again": "INSERT INTO {t} (tenant_id, booked_on, id, member, amount_minor) "
    "SELECT tenant_id, booked_on, id, member, 1 FROM {t} WHERE booked_on = %(d)s "
    "ON CONFLICT (tenant_id, booked_on, id) DO UPDATE SET amount_minor = excluded.amount_minor",
}
INSERT = (
    "INSERT INTO {t} (tenant_id, booked_on, member, amount_minor, qty) "
    "SELECT %(tenant)s, day, member, amount, amount / 7::numeric "
    "FROM unnest(%(days)s::date[], %(members)s::int[], %(amounts)s::bigint[]) "
    "AS given(day, member, amount)"
)


def do(connection: psycopg.Connection[Any], name: str, tenant: UUID, operation: Any) -> None:
    """Do one operation as the tenant of the connection's transaction."""
    kind, what = operation
    if kind == "insert":
        days, members, amounts = (list(column) for column in zip(*what, strict=True))
        values = {"tenant": tenant, "days": days, "members": members, "amounts": amounts}
        connection.execute(INSERT.format(t=name).encode(), values)
    else:
        connection.execute(
            CHANGES[kind].format(t=name).encode(), {"d": what[0], "m": what[1], "tenant": tenant}
        )


def write(table: MonthlyTable, tenant: UUID, transactions: Any) -> None:
    """Do transactions one after the other; one that PostgreSQL gives up is done again, as a job is."""
    with psycopg.connect(table.urls.app_url) as connection:
        for operations in transactions:
            while True:
                try:
                    with connection.transaction():
                        connection.execute(
                            "SELECT set_config('app.tenant_id', %s, true)", [str(tenant)]
                        )
                        for operation in operations:
                            do(connection, table.name, tenant, operation)
                    break
                except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure):
                    continue


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(plans=st.lists(work, min_size=WRITERS, max_size=WRITERS))
async def test_it_equals_its_rows_under_concurrent_writers(
    table: MonthlyTable, rollups: tuple[Rollup, Rollup], database: Database, plans: Any
) -> None:
    tenants = [TenantId(new_id()), TenantId(new_id())]
    for tenant in tenants:
        for member in (1, 2, 3):
            table.add(tenant, DAYS[member], amount_minor=member, member=member)
    with ThreadPoolExecutor(WRITERS) as pool:
        running = [
            pool.submit(write, table, tenants[number % 2], plan)
            for number, plan in enumerate(plans)
        ]
        for one in running:
            one.result(timeout=60)
    for tenant in tenants:
        for rollup in rollups:
            assert await compare(database, rollup, tenant) == []


async def test_a_tenant_reads_and_changes_its_own_counts_only(
    table: MonthlyTable, rollups: tuple[Rollup, Rollup]
) -> None:
    table.add(table.first, "2014-01-30", amount_minor=5)
    day = f"SELECT events, amount_minor FROM {table.name}_day"
    assert table.as_tenant(table.first, day) == [(1, 5)]
    assert table.as_tenant(table.second, day) == []
    table.as_tenant(table.second, f"DELETE FROM {table.name}_day")
    assert table.as_tenant(table.first, day) == [(1, 5)]


async def test_what_was_there_before_is_counted(table: MonthlyTable, database: Database) -> None:
    table.add(table.first, "2014-02-02", amount_minor=3)
    table.add(table.second, "2014-02-02", amount_minor=4)
    rollup = rollups_of(table)[0]
    with psycopg.connect(table.urls.database_url) as connection:
        create_rollup(Owner(connection), rollup)
    for tenant in (table.first, table.second):
        assert await compare(database, rollup, TenantId(tenant)) == []
    counted = table.as_tenant(table.second, f"SELECT amount_minor FROM {rollup.target}")
    assert counted == [(4,)]
    with psycopg.connect(table.urls.database_url) as connection:
        drop_rollup(Owner(connection), rollup)


async def test_every_kind_of_drift_is_found_and_a_rebuild_ends_it(
    table: MonthlyTable, rollups: tuple[Rollup, Rollup], database: Database
) -> None:
    first, second = TenantId(table.first), TenantId(table.second)
    for day in DAYS:
        table.add(first, day, amount_minor=10)
        table.add(second, day, amount_minor=20)
    for damage in (
        f"UPDATE {table.name}_day SET amount_minor = amount_minor + 1 WHERE day = '{DAYS[0]}'",
        f"UPDATE {table.name}_day SET events = events + 1 WHERE day = '{DAYS[1]}'",
        f"DELETE FROM {table.name}_day WHERE day = '{DAYS[2]}'",
        f"INSERT INTO {table.name}_day VALUES ('{first}', '2030-01-01', 1, 1, 0)",
    ):
        table.as_tenant(first, damage)
    found = await compare(database, rollups[0], first)
    assert [str(one.keys["day"]) for one in found] == [*DAYS[:3], "2030-01-01"]
    assert found[0].raw["amount_minor"] == 10
    assert found[0].kept["amount_minor"] == 11
    assert len(await compare(database, rollups[0], first, most=2)) == 2
    assert await rebuild(database, rollups[0], first) == len(DAYS)
    for tenant in (first, second):
        assert await compare(database, rollups[0], tenant) == []


async def test_a_rebuild_loses_nothing_of_who_writes_meanwhile(
    table: MonthlyTable, rollups: tuple[Rollup, Rollup], database: Database
) -> None:
    tenant, stop = TenantId(table.first), Event()
    table.add(tenant, DAYS[0])

    def keep_writing() -> int:
        written = 0
        while not stop.is_set():
            write(table, tenant, [[("insert", [(DAYS[written % 4], 1, 5)])]])
            written += 1
        return written

    with ThreadPoolExecutor(2) as pool:
        writers = [pool.submit(keep_writing) for _ in range(2)]
        try:
            for _ in range(8):
                await rebuild(database, rollups[0], tenant)
        finally:
            stop.set()
        assert sum(one.result(timeout=60) for one in writers) > 0
    assert await compare(database, rollups[0], tenant) == []


def test_an_unknown_name_says_which_there_are(table: MonthlyTable) -> None:
    known = rollups_of(table)
    assert get_rollup(known, known[0].target) is known[0]
    with pytest.raises(UnknownRollupError, match=known[1].target):
        get_rollup(known, "scratch.unknown")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        pytest.param({"keys": {"day": "booked_on"}}, "tenant_id", id="tenants would share"),
        pytest.param({"target": "day"}, "schema.name", id="no schema"),
        pytest.param({"count": "n; DROP"}, "no name of a column", id="no column"),
        pytest.param({"month_key": "month"}, "no key", id="no such month"),
    ],
)
def test_a_declaration_that_cannot_be_kept_is_refused(change: dict[str, Any], fault: str) -> None:
    declared = {
        "target": "a.day",
        "source": "a.b",
        "keys": {"tenant_id": "tenant_id"},
        "count": "n",
    }
    with pytest.raises(RollupError, match=fault):
        Rollup(**{**declared, **change})
