"""What new purchases cost in `data_dashboards`: alone, with their counts, and beside REFRESH."""

from __future__ import annotations

import statistics
import time

import psutil
import psycopg
from data_dashboards_pages import SINCE
from data_dashboards_world import COUNTED, Owner, bare_name, set_triggers

from myriad.products.kamioi.models import PURCHASE_DAY
from myriad.scale.data.rollups.ddl import counted
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.tenancy import TenantId

NEW_ROWS, REPEATS = 10_000, 5
NEW = """
INSERT INTO kamioi.purchase (tenant_id, booked_on, member_id, account_id, external_id, state, kind,
    shown_on, amount_minor, currency, raw, descriptor_id, source)
SELECT tenant_id, current_date, member_id, account_id, 'new' || %(round)s::text || '-' || external_id,
    state, kind, current_date, amount_minor, currency, raw, descriptor_id, source
FROM new_rows
"""


def cost_of_rows(
    urls: ServerUrls, owner: Owner, tenant: TenantId
) -> tuple[float, float, float, float]:
    """Return what 10,000 new rows take without triggers and what more with them, then their CPU."""
    with_triggers: list[tuple[float, float]] = []
    without: list[tuple[float, float]] = []
    for number in range(REPEATS * 2):
        is_with = number % 2 == 0
        set_triggers(owner, "ENABLE" if is_with else "DISABLE")
        spent = _insert(urls, tenant, number)
        (with_triggers if is_with else without).append(spent)
    set_triggers(owner, "ENABLE")
    (wall, cpu), (more_wall, more_cpu) = _medians(without), _medians(with_triggers)
    return wall, more_wall - wall, cpu, more_cpu - cpu


def _medians(spent: list[tuple[float, float]]) -> tuple[float, float]:
    return statistics.median(one for one, _ in spent), statistics.median(one for _, one in spent)


def _insert(
    urls: ServerUrls, tenant: TenantId, number: int, *, keep: bool = False
) -> tuple[float, float]:
    """Insert 10,000 rows; return wall milliseconds and those that the server's process worked."""
    with psycopg.connect(urls.app_url) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant)])
        connection.execute(
            "CREATE TEMP TABLE new_rows AS SELECT * FROM kamioi.purchase "
            "WHERE booked_on >= current_date - 300 LIMIT %s",
            [NEW_ROWS],
        )
        server = psutil.Process(connection.info.backend_pid)
        before, began = sum(server.cpu_times()[:2]), time.perf_counter()
        done = connection.execute(NEW.encode(), {"round": number})
        wall, after = time.perf_counter() - began, sum(server.cpu_times()[:2])
        assert done.rowcount == NEW_ROWS, f"{done.rowcount} rows are not {NEW_ROWS}"
        connection.execute("DROP TABLE new_rows")
        connection.commit() if keep else connection.rollback()
    return wall * 1000, (after - before) * 1000


def cost_of_refresh(urls: ServerUrls, owner: Owner, tenant: TenantId) -> float:
    """Return what refreshing views of the same content takes after 10,000 new rows."""
    for rollup in COUNTED:
        view = f"kamioi.{bare_name(rollup)}_view"
        owner.run(f"CREATE MATERIALIZED VIEW {view} AS {counted(rollup)}")
        owner.run(f"CREATE UNIQUE INDEX ON {view} ({', '.join(rollup.keys)})")
        owner.run(f"ANALYZE {view}")
    _insert(urls, tenant, 1_000 + int(time.time()), keep=True)
    spent = sum(
        owner.run(f"REFRESH MATERIALIZED VIEW CONCURRENTLY kamioi.{bare_name(rollup)}_view")
        for rollup in COUNTED
    )
    for rollup in COUNTED:
        owner.run(f"DROP MATERIALIZED VIEW kamioi.{bare_name(rollup)}_view")
    return spent


def cost_of_planning(urls: ServerUrls, tenant: TenantId) -> float:
    """Return the milliseconds of planning the largest query of the page."""
    with psycopg.connect(urls.app_url) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant)])
        query = f"SELECT * FROM {PURCHASE_DAY.target} WHERE day >= '{SINCE}'"
        plans = [
            connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}".encode()).fetchone()
            for _ in range(REPEATS)
        ]
    return float(
        statistics.median(plan[0][0]["Planning Time"] for plan in plans if plan is not None)
    )
