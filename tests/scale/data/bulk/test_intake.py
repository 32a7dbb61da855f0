"""Bulk intake: nothing twice, nothing lost, the bad apart from the good, each tenant its own."""

from __future__ import annotations

import asyncio
import datetime as dt
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from myriad.kit.ids import new_id
from myriad.scale.data.bulk import (
    BulkTable,
    Column,
    Intake,
    drop_quarantined,
    list_quarantined,
    take_in,
    take_in_again,
    take_in_batches,
)
from myriad.scale.data.bulk.inserting import FEW_ROWS
from myriad.scale.tenancy import TenantId
from tests.scale.data.bulk.conftest import Taken
from tests.scale.data.bulk.rows import ROWS, SEEN, row

FEW, MANY = FEW_ROWS // 10, FEW_ROWS + 100


async def put(taken: Taken, tenant: TenantId, rows: Any, **more: Any) -> Intake:
    async with taken.database.session(tenant) as session:
        return await take_in(session, taken.table, rows, **more)


@pytest.mark.parametrize("count", [1, FEW, MANY], ids=["one", "few", "many"])
async def test_rows_sent_again_change_nothing(taken: Taken, count: int) -> None:
    rows = [row(number) for number in range(count)]
    assert await put(taken, taken.first, rows) == Intake(new=count)
    before = taken.rows_of(taken.first)
    assert await put(taken, taken.first, rows) == Intake(known=count)
    assert taken.rows_of(taken.first) == before
    assert len(before) == count


@pytest.mark.parametrize("count", [FEW, MANY], ids=["few", "many"])
async def test_a_row_doubled_within_a_batch_comes_in_once(taken: Taken, count: int) -> None:
    rows = [row(number) for number in range(count)]
    doubled = [*rows, *(row(number) for number in range(0, count, 7))]
    assert await put(taken, taken.first, doubled) == Intake(new=count, known=len(doubled) - count)


async def test_each_tenant_takes_in_its_own(taken: Taken) -> None:
    rows = [row(number) for number in range(MANY)]
    assert (await put(taken, taken.first, rows)).new == MANY
    assert (await put(taken, taken.second, rows[:3])).new == 3
    assert len(taken.rows_of(taken.second)) == 3


async def test_no_rows_are_no_work(taken: Taken) -> None:
    assert await put(taken, taken.first, []) == Intake()


async def test_rows_may_come_one_by_one_and_are_batched(taken: Taken) -> None:
    async def come() -> AsyncIterator[Sequence[Any]]:
        for number in range(25):
            yield row(number)

    async with taken.database.session(taken.first) as session:
        assert await take_in(session, taken.table, come(), batch_rows=10) == Intake(new=25)


async def test_values_come_back_as_they_went_in(taken: Taken) -> None:
    for count in (1, MANY):
        sent = [row(number, account=f"v{count}") for number in range(count)]
        await put(taken, taken.first, sent)
        with psycopg.connect(taken.urls.app_url) as connection:
            connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(taken.first)])
            found = connection.execute(
                f"SELECT {taken.table.names} FROM {taken.table.name} "
                "WHERE account = %s ORDER BY external_id".encode(),
                [f"v{count}"],
            ).fetchall()
        assert found == sent


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        (0, "no uuid", "id is no uuid"),
        (1, None, "account is missing"),
        (1, "a\0b", "account holds the character NUL, which PostgreSQL cannot store"),
        (1, "a\ud800b", "account holds half of a character, which PostgreSQL cannot store"),
        (2, 5, "external_id is no text"),
        (3, "2026-05-01", "booked_on is no date"),
        (3, SEEN, "booked_on is no date"),
        (4, 1.5, "amount_minor is no whole number"),
        (4, True, "amount_minor is no whole number"),
        (4, 1 << 63, "amount_minor is out of the range of bigint"),
        (4, 13, "refused by ck_amount"),
        (5, Decimal("1e15"), "numeric field overflow"),
        (6, dt.datetime(2026, 5, 1), "seen_at is no timestamptz"),  # noqa: DTZ001 - the fault.
    ],
    ids=lambda value: (
        None if not isinstance(value, str) else value.split("\0")[0].replace(" ", "-")
    ),
)
@pytest.mark.parametrize("count", [FEW, MANY], ids=["few", "many"])
async def test_a_bad_row_goes_to_quarantine_with_its_line_and_reason_and_the_others_in(
    taken: Taken, count: int, place: int, value: Any, reason: str
) -> None:
    rows = [row(number) for number in range(count)]
    bad = list(rows[5])
    bad[place] = value
    rows[5] = tuple(bad)
    found = await put(taken, taken.first, rows, source="may.csv", first_line=2)
    assert found == Intake(new=count - 1, refused=1)
    async with taken.database.read_session(taken.first) as session:
        (kept,) = await list_quarantined(session, taken.table)
    assert (kept.source, kept.line, kept.reason) == ("may.csv", 7, reason)
    async with taken.database.read_session(taken.second) as session:
        assert await list_quarantined(session, taken.table) == []


async def test_a_row_of_another_width_is_refused(taken: Taken) -> None:
    found = await put(taken, taken.first, [row(1), row(2)[:-1], (*row(3), "more")])
    assert found == Intake(new=1, refused=2)


async def test_a_mended_rule_lets_quarantined_rows_in(taken: Taken) -> None:
    await put(taken, taken.first, [row(1), row(2, amount=13)], source="may.csv")
    with psycopg.connect(taken.urls.database_url, autocommit=True) as owner:
        owner.execute(f"ALTER TABLE {taken.table.name} DROP CONSTRAINT ck_amount".encode())
        try:
            async with taken.database.session(taken.first) as session:
                ids = [one.id for one in await list_quarantined(session, taken.table)]
                assert await take_in_again(session, taken.table, ids) == Intake(new=1)
            assert len(taken.rows_of(taken.first)) == 2
        finally:
            owner.execute(
                f"ALTER TABLE {taken.table.name} ADD CONSTRAINT ck_amount "
                "CHECK (amount_minor <> 13) NOT VALID".encode()
            )


async def test_a_row_that_is_still_bad_stays_in_quarantine(taken: Taken) -> None:
    await put(taken, taken.first, [row(2, amount="much")], source="may.csv", first_line=9)
    async with taken.database.session(taken.first) as session:
        (kept,) = await list_quarantined(session, taken.table)
        assert await take_in_again(session, taken.table, [kept.id]) == Intake(refused=1)
        (again,) = await list_quarantined(session, taken.table)
    assert (again.source, again.line, again.reason) == ("may.csv", 9, kept.reason)


async def test_quarantine_is_emptied_by_age(taken: Taken) -> None:
    await put(taken, taken.first, [row(2, amount="much")])
    async with taken.database.session(taken.first) as session:
        assert await drop_quarantined(session, older_than_days=1) == 0
        assert await drop_quarantined(session, older_than_days=-1) == 1


async def test_four_loaders_of_the_same_rows_bring_each_in_once(taken: Taken) -> None:
    rows = [row(number) for number in range(4 * MANY)]

    async def load(turn: int) -> Intake:
        # Each begins elsewhere, sends every batch twice and doubles rows within it.
        mine = rows[turn * MANY :] + rows[: turn * MANY]
        sent = [one for at in range(0, len(mine), MANY) for one in 2 * mine[at : at + MANY]]
        batches = take_in_batches(
            taken.database, taken.first, taken.table, sent, batch_rows=MANY + 50
        )
        return [so_far async for so_far in batches][-1]

    found = sum(await asyncio.gather(*(load(turn) for turn in range(4))), Intake())
    assert found.new == len(rows)
    assert found.read == 8 * len(rows)
    assert len(taken.rows_of(taken.first)) == len(rows)


async def test_the_callers_transaction_decides(taken: Taken) -> None:
    async def take_in_and_fail() -> None:
        async with taken.database.session(taken.first) as session:
            await take_in(session, taken.table, [row(number) for number in range(MANY)])
            raise RuntimeError("something else went wrong")

    with pytest.raises(RuntimeError, match="something else"):
        await take_in_and_fail()
    assert taken.rows_of(taken.first) == []


async def test_a_loader_that_is_killed_and_started_again_brings_each_row_in_once(
    taken: Taken,
) -> None:
    urls = (taken.urls.database_url, taken.urls.app_url, taken.urls.crossing_url)
    command = [sys.executable, "-m", "tests.scale.data.bulk.loader", *urls, taken.table.name]
    command.append(str(taken.first))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as killed:  # noqa: ASYNC220
        assert killed.stdout is not None
        killed.stdout.readline()
        killed.kill()
    stayed = len(taken.rows_of(taken.first))
    assert 0 < stayed < ROWS
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: ASYNC221
    assert done.stdout.splitlines()[-1] == f"{ROWS - stayed} {stayed}"
    assert len(taken.rows_of(taken.first)) == ROWS


VALUES = st.tuples(
    st.sampled_from(["a", "b"]),
    st.integers(0, 30),
    st.one_of(st.integers(-(1 << 64), 1 << 64), st.none(), st.text(max_size=3)),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(VALUES, max_size=40))
async def test_what_comes_out_is_what_a_careful_reader_would_keep(
    taken: Taken, values: list[tuple[str, int, Any]]
) -> None:
    tenant = TenantId(new_id())
    async with taken.database.crossing("test makes tenants") as session:
        await (await session.connection()).exec_driver_sql(
            "INSERT INTO platform.tenant (id, slug, name, timezone) VALUES (%s, %s, 'T', 'UTC')",
            (tenant, f"bulk-{tenant.hex[-12:]}"),
        )
    kept: dict[tuple[str, int], int] = {}
    refused = 0
    for account, number, amount in values:
        if not isinstance(amount, int) or not -(1 << 63) <= amount < 1 << 63 or amount == 13:
            refused += 1
        else:
            kept.setdefault((account, number), amount)
    rows = [row(number, account=account, amount=amount) for account, number, amount in values]
    found = await put(taken, tenant, rows)
    assert (found.new, found.refused, found.read) == (len(kept), refused, len(values))
    assert [(one[0], int(one[1][1:])) for one in taken.rows_of(tenant)] == sorted(kept)


def test_a_table_without_a_natural_key_is_not_declared() -> None:
    with pytest.raises(ValueError, match="natural key"):
        BulkTable("t.t", (Column("id", "uuid"),), key=())
    with pytest.raises(ValueError, match="natural key names"):
        BulkTable("t.t", (Column("id", "uuid"),), key=("other",))


def test_a_column_of_an_unknown_type_is_not_declared() -> None:
    with pytest.raises(ValueError, match="unknown type 'money'"):
        Column("price", "money")  # type: ignore[arg-type]
