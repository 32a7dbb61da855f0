"""The pages that `data_dashboards` asks for, as the application's role."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

from data_dashboards_world import Owner

from myriad.kit.clock import utc_now
from myriad.products.kamioi.member.activity import Filters, list_purchases
from myriad.products.kamioi.member.home import look_home
from myriad.products.kamioi.operation.measuring import get_quality, keep, list_days
from myriad.products.kamioi.people import MemberFacts
from myriad.products.kamioi.repository.dashboards import ProgrammeCounts, get_programme_counts
from myriad.scale.cache import declare, open_cache
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.http import BoundReader
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

ASKED = 60
TODAY = utc_now().date()
SINCE = TODAY - dt.timedelta(days=89)
NEWEST = (dt.date(9999, 12, 31), UUID(int=2**128 - 1))
DASHBOARD = declare("bench.programme", ProgrammeCounts, "dashboard")

# The programme's page as one asks for it without rollups.
RAW = """
SELECT booked_on, state, kind, currency, count(*), sum(amount_minor) FROM kamioi.purchase
WHERE booked_on >= %(since)s GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""


async def look_as_member(reader: BoundReader, member: MemberFacts) -> None:
    await look_home(reader, member, utc_now())
    await list_purchases(reader, member, Filters(since=SINCE, until=TODAY), NEWEST, 50)


async def keep_quality(runtime: Runtime, tenant: TenantId) -> None:
    async with runtime.database.session(tenant) as session:
        await keep(session, utc_now())


async def look_at_analytics(runtime: Runtime, tenant: TenantId) -> None:
    now = utc_now()
    async with runtime.database.read_session(tenant) as session:
        await get_quality(session, now)
        await list_days(session, now - dt.timedelta(days=60))


async def cached_p95(runtime: Runtime, urls: ServerUrls, reader: BoundReader) -> float:
    """Return the p95 of looks that find the page in Redis; each by a cache that holds nothing."""

    async def load() -> ProgrammeCounts:
        return await get_programme_counts(reader, SINCE, TODAY)

    await runtime.caches.get(DASHBOARD, reader.tenant_id, (SINCE,), load)
    seconds = []
    for _ in range(ASKED):
        cache = open_cache(urls.cache_url, runtime.cache)
        looking = partial(cache.get, DASHBOARD, reader.tenant_id, (SINCE,), load)
        seconds.append(await timed(looking))
        await cache.close()
    return _percentile(seconds)


async def timed(ask: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await ask()
    return (time.perf_counter() - began) * 1000


async def p95(ask: Callable[[], Awaitable[object]], asked: int = ASKED) -> float:
    return _percentile([await timed(ask) for _ in range(asked)])


def _percentile(milliseconds: list[float]) -> float:
    return sorted(milliseconds)[max(0, int(len(milliseconds) * 0.95) - 1)]


def find_member(owner: Owner, tenant: TenantId) -> MemberFacts:
    row = owner.connection.execute(
        "SELECT member_id FROM kamioi.purchase WHERE tenant_id = %s AND booked_on >= %s LIMIT 1",
        [tenant, SINCE],
    ).fetchone()
    assert row is not None
    return MemberFacts(tenant, UUID(str(row[0])), UUID(int=0), "Ann", "USD", "UTC", "active")
