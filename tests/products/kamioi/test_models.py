"""What the models declare about months and counts stands in the database."""

from __future__ import annotations

import psycopg
import pytest

from myriad.products.kamioi.models import MONTHS, PURCHASE_DAY
from myriad.scale.data import metadata
from myriad.scale.data.partitions import list_monthly
from myriad.scale.data.rollups import Rollup, list_rollups
from myriad.scale.data.rollups.ddl import function_ddl
from myriad.scale.embedded.servers import ServerUrls

ROLLUPS = [one for one in list_rollups(metadata) if one.target.startswith("kamioi.")]


def test_every_month_that_a_model_declares_is_declared_in_the_database(
    database_urls: ServerUrls,
) -> None:
    declared = {name: one for name, one in list_monthly(metadata).items() if "kamioi" in name}
    assert set(declared) == {"kamioi.purchase", "kamioi.round_up", "kamioi.ledger_entry"}
    with psycopg.connect(database_urls.database_url) as connection:
        rows = connection.execute(
            "SELECT table_name, key_column, ahead, keep_months, leaves "
            "FROM platform.partitioned_table WHERE table_name LIKE 'kamioi.%'"
        ).fetchall()
    assert {row[0]: row[1:] for row in rows} == {
        name: (one.column, one.ahead, one.keep_months, one.leaves) for name, one in declared.items()
    }
    assert MONTHS.keep_months is None


@pytest.mark.parametrize("rollup", ROLLUPS, ids=lambda rollup: str(rollup.target))
def test_every_rollup_that_a_model_declares_is_what_its_triggers_do(
    database_urls: ServerUrls, rollup: Rollup
) -> None:
    with psycopg.connect(database_urls.database_url) as connection:
        body = connection.execute(
            "SELECT prosrc FROM pg_proc WHERE oid = %s::regprocedure", [f"{rollup.target}_follow()"]
        ).fetchone()
        events = connection.execute(
            "SELECT count(*) FROM pg_trigger WHERE tgfoid = %s::regprocedure "
            "AND tgrelid = %s::regclass",
            [f"{rollup.target}_follow()", rollup.source],
        ).fetchone()
    assert body is not None
    assert body[0].strip() in function_ddl(rollup)
    assert events == (3,)


def test_a_dashboard_is_planned_over_one_relation_however_many_months_there_are(
    database_urls: ServerUrls,
) -> None:
    with psycopg.connect(database_urls.app_url) as connection:
        plan = connection.execute(
            f"EXPLAIN (FORMAT JSON) SELECT day, sum(purchases) FROM {PURCHASE_DAY.target} "
            "WHERE day >= '2026-08-01' GROUP BY day"
        ).fetchone()
    assert plan is not None
    assert str(plan[0]).count("'Relation Name'") == 1
