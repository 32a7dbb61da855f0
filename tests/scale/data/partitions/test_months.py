"""Months are made for declared tables only, ahead of time, closed to direct reads."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import psycopg
import pytest

from myriad.kit.clock import utc_now
from myriad.scale.data.partitions import Monthly, MonthlyError
from myriad.scale.embedded.servers import ServerUrls
from tests.every_product.catalog import read_open_partitions
from tests.scale.data.monthly_table import MonthlyTable, make_table


def month_from_now(months: int) -> date:
    """Return the first day of the month that lies `months` after the running one."""
    today = utc_now().date()
    year, month = divmod(today.year * 12 + today.month - 1 + months, 12)
    return date(year, month + 1, 1)


def ensure(table: MonthlyTable, low: date, high: date) -> int:
    """Ask for months as an importing tenant does."""
    rows = table.as_tenant(
        table.first, "SELECT platform.ensure_months(%s::regclass, %s, %s)", (table.name, low, high)
    )
    return int(rows[0][0])


def test_a_declared_table_has_its_months_ahead(table: MonthlyTable) -> None:
    assert table.months() == [f"p{month_from_now(ahead):%Y_%m}" for ahead in range(4)]


def test_history_gets_its_months_once_from_any_day_to_any_day(table: MonthlyTable) -> None:
    assert ensure(table, date(2014, 1, 31), date(2014, 3, 1)) == 3
    assert ensure(table, date(2014, 1, 1), date(2014, 3, 31)) == 0
    assert table.months()[:3] == ["p2014_01", "p2014_02", "p2014_03"]
    table.add(table.first, "2014-02-28")
    where = table.as_crossing(f"SELECT tableoid::regclass::text FROM {table.name}")
    assert where == [(f"{table.name}_p2014_02",)]


def test_a_month_is_closed_to_direct_reads_and_its_table_keeps_tenants_apart(
    table: MonthlyTable,
) -> None:
    ensure(table, date(2015, 5, 1), date(2015, 5, 1))
    table.add(table.first, "2015-05-09")
    assert read_open_partitions(table.urls.database_url) == []
    for reading in (table.as_crossing, lambda sql: table.as_tenant(table.first, sql)):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reading(f"SELECT * FROM {table.name}_p2015_05")
    assert table.as_tenant(table.second, f"SELECT * FROM {table.name}") == []


def test_a_month_has_every_index_of_its_table(table: MonthlyTable) -> None:
    ensure(table, date(2015, 6, 1), date(2015, 6, 1))
    count = "SELECT count(*) FROM pg_index WHERE indrelid = %s::regclass AND indisvalid"
    assert table.as_owner(count, (f"{table.name}_p2015_06",)) == table.as_owner(
        count, (table.name,)
    )


def test_an_undeclared_table_is_refused(table: MonthlyTable) -> None:
    table.as_owner("DELETE FROM platform.partitioned_table WHERE table_name = %s", (table.name,))
    with pytest.raises(psycopg.errors.WrongObjectType, match="declare_months"):
        ensure(table, date(2015, 1, 1), date(2015, 1, 1))


@pytest.mark.parametrize(
    ("low", "high"),
    [
        pytest.param(date(2015, 2, 1), date(2015, 1, 1), id="turned round"),
        pytest.param(date(1960, 1, 1), date(2015, 1, 1), id="before money was counted so"),
        pytest.param(date(2026, 1, 1), date(9999, 12, 31), id="a date that means never"),
    ],
)
def test_a_range_that_makes_no_sense_is_refused(table: MonthlyTable, low: date, high: date) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="two years ahead"):
        ensure(table, low, high)


def test_months_of_the_past_stop_at_the_leaves_that_were_declared(table: MonthlyTable) -> None:
    with pytest.raises(psycopg.errors.ConfigurationLimitExceeded, match="more leaves"):
        ensure(table, date(2014, 1, 1), date(2017, 1, 1))
    assert len(table.months()) == 4


def test_many_may_ask_at_once(table: MonthlyTable) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: ensure(table, date(2016, 1, 1), date(2016, 6, 1)), range(4)))
    assert sorted(made) == [0, 0, 0, 6]


def test_what_lies_in_the_default_is_not_moved_unasked(table: MonthlyTable) -> None:
    table.add(table.first, "2012-05-05")
    with pytest.raises(psycopg.errors.CheckViolation, match="archive settle"):
        ensure(table, date(2012, 5, 1), date(2012, 5, 1))
    assert "p2012_05" not in table.months()


def test_what_lies_in_the_default_is_settled_as_it_is(table: MonthlyTable) -> None:
    table.add(table.first, "2012-05-05", amount_minor=7)
    table.add(table.second, "2012-05-31", amount_minor=8)
    table.add(table.second, "2012-06-01", amount_minor=9)
    everything = f"SELECT * FROM {table.name} ORDER BY id"
    before = table.as_crossing(everything)
    settle = "SELECT platform.settle_month(%s::regclass, %s)"
    assert table.as_crossing(settle, (table.name, date(2012, 5, 17))) == [(2,)]
    assert table.as_crossing(everything) == before
    assert read_open_partitions(table.urls.database_url) == []
    left = table.as_crossing(
        f"SELECT count(*) FROM {table.name} WHERE tableoid = %s::regclass",
        (f"{table.name}_default",),
    )
    assert left == [(1,)]


def test_a_tenant_may_only_ask_for_months(table: MonthlyTable) -> None:
    for function in ("settle_month", "detach_month", "drop_month"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            table.as_tenant(
                table.first,
                f"SELECT platform.{function}(%s::regclass, current_date)",
                (table.name,),
            )


@pytest.mark.parametrize(
    ("ahead", "keep_months", "leaves"),
    [
        pytest.param(0, 2, 36, id="none ahead"),
        pytest.param(3, 0, 36, id="none kept"),
        pytest.param(3, 32, 36, id="more than there are leaves"),
    ],
)
def test_a_declaration_that_cannot_be_kept_is_refused(
    ahead: int, keep_months: int, leaves: int
) -> None:
    with pytest.raises(MonthlyError):
        Monthly("booked_on", ahead=ahead, keep_months=keep_months, leaves=leaves)


@pytest.fixture
def everlasting(empty_servers: ServerUrls) -> Iterator[MonthlyTable]:
    made = make_table(empty_servers, Monthly("booked_on", keep_months=None))
    yield made
    made.as_owner(f"DROP TABLE {made.name} CASCADE")
    made.as_owner("DELETE FROM platform.partitioned_table WHERE table_name = %s", (made.name,))


def test_nothing_is_detached_from_a_table_that_keeps_all(everlasting: MonthlyTable) -> None:
    ensure(everlasting, date(2014, 1, 1), date(2014, 1, 1))
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="to be kept"):
        everlasting.as_crossing(
            "SELECT platform.detach_month(%s::regclass, '2014-01-01')", (everlasting.name,)
        )


def test_the_schemas_owner_says_how_many_months_a_table_keeps(everlasting: MonthlyTable) -> None:
    """As docs/how-to/months.md tells it, without a migration."""
    ensure(everlasting, date(2014, 1, 1), date(2014, 1, 1))
    set_months = "UPDATE platform.partitioned_table SET keep_months = 24 WHERE table_name = %s"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        everlasting.as_crossing(set_months, (everlasting.name,))
    everlasting.as_owner(set_months, (everlasting.name,))
    detach = "SELECT platform.detach_month(%s::regclass, '2014-01-01')"
    assert everlasting.as_crossing(detach, (everlasting.name,)) == [
        (f"{everlasting.name}_p2014_01",)
    ]
    assert "p2014_01" not in everlasting.months()
    everlasting.as_owner(
        "DELETE FROM platform.partition_archive WHERE table_name = %s", (everlasting.name,)
    )
