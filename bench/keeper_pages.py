"""How quickly the Today and Customers pages come when there are 10,000 accounts.

    ./myriad bench keeper-pages [--full]

Accounts are made in bulk by SQL: 40 customers and some 400 payments each, and one largest with
20,000 customers and 200,000 payments. By default there are 1,000 small accounts, with --full 9,999.
The API is the real process under uvicorn; every account has an owner with a session of its own.

Fifty requests a second go out at fixed times whether or not earlier ones have been answered, and a
request's time counts from when it was due: a page that stalls is felt by all that come after it.
Half of the requests are for Today, half for Customers, of random accounts; one in fifty is the
largest's. Then the largest account's tasks and reports are made by their agents, and timed.

The peer reads the same page of Customers as object mappers do by default, one row at a time: the
people, then for each one the numbers, the profiles and the visits by month.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

import httpx
import psycopg
from job_peers.harness import Place, running, running_place, tail
from job_peers.myriad_peer import database_settings
from keeper_daily import Meter

from myriad.apps.cli.environment import variables
from myriad.apps.products import migration_locations
from myriad.kit.ids import new_id
from myriad.products.keeper.agents import analysis
from myriad.products.keeper.agents.context import AgentContext
from myriad.products.keeper.repository.customers import list_customers
from myriad.products.keeper.repository.sql import fetch_text
from myriad.products.keeper.runs import open_context, run_one
from myriad.products.keeper.settings import KeeperSettings
from myriad.products.keeper.views import CustomerFilter
from myriad.scale.data.migrations import upgrade
from myriad.scale.directory.tokens import hash_token
from myriad.scale.embedded.files import free_port
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.observe import logs
from myriad.scale.runtime import Runtime, open_runtime
from myriad.scale.tenancy import TenantId
from myriad.scale.vault import Vault

SMALL, LARGEST = (40, 10), (20_000, 10)
PER_SECOND, SECONDS = 50, 20
LARGEST_EVERY = 50
TARGETS = {"today": 100.0, "customers": 100.0, "report": 10.0, "tasks": 5.0}
BATCH = 250
PAGES = {"today": "/keeper/today", "customers": "/keeper/customers"}

_TENANTS = """
INSERT INTO platform.tenant (id, slug, name, timezone)
SELECT id, 'shop-' || id, 'Shop', 'America/New_York' FROM unnest(%(ids)s::uuid[]) AS t (id)
"""
_OWNERS = """
WITH owner AS (
    INSERT INTO platform.user_account (email, name)
    SELECT 'owner-' || id || '@example.com', 'Owner' FROM unnest(%(ids)s::uuid[]) AS t (id)
    RETURNING id, email
), member AS (
    INSERT INTO platform.membership (tenant_id, user_id, role)
    SELECT substr(email, 7, 36)::uuid, id, 'owner' FROM owner
)
INSERT INTO platform.login_session (token_hash, user_id, current_tenant_id, last_seen_at, expires_at)
SELECT t.hash, o.id, t.id, now(), now() + interval '1 day'
FROM unnest(%(ids)s::uuid[], %(hashes)s::bytea[]) AS t (id, hash)
JOIN owner o ON o.email = 'owner-' || t.id || '@example.com'
"""
# What a year leaves behind, without the agents: they would take hours for ten thousand accounts.
_STATEMENTS = (
    """
INSERT INTO keeper.account (tenant_id, business_date)
SELECT id, current_date FROM unnest(%(ids)s::uuid[]) AS t (id)
""",
    """
INSERT INTO keeper.person (tenant_id, id, display_name, sort_name, email, phone)
SELECT t.id, uuidv7(), 'Given' || n || ' Family' || n %% 97, 'family' || n %% 97 || ' given' || n,
       'p' || n || '@example.com', '+1212555' || lpad((n %% 10000)::text, 4, '0')
FROM unnest(%(ids)s::uuid[]) AS t (id), generate_series(1, %(people)s) AS n
""",
    """
INSERT INTO keeper.customer (
    tenant_id, id, ext_id, given_name, family_name, email, phone, person_id, ext_created_at,
    created_at, updated_at
)
SELECT p.tenant_id, p.id, 'c' || p.id, split_part(p.display_name, ' ', 1),
       split_part(p.display_name, ' ', 2), p.email, p.phone, p.id, now() - interval '400 days',
       now() - interval '1 day', now() - interval '1 day'
FROM keeper.person p WHERE p.tenant_id = ANY (%(ids)s::uuid[])
""",
    """
INSERT INTO keeper.person_term (tenant_id, term, person_id)
SELECT p.tenant_id, w.term, p.id
FROM keeper.person p CROSS JOIN LATERAL (
    SELECT DISTINCT unnest(string_to_array(lower(p.display_name), ' ') || p.email) AS term) w
WHERE p.tenant_id = ANY (%(ids)s::uuid[])
""",
    """
INSERT INTO keeper.payment (
    tenant_id, ext_id, customer_ext_id, amount, currency, status, local_date, ext_created_at,
    ext_updated_at, created_at, updated_at
)
SELECT d.tenant_id, d.id || '-' || d.n, 'c' || d.id, 4000 + 500 * (d.h %% 17), 'USD', 'COMPLETED',
       d.day, d.day + time '15:00', d.day + time '15:00', now() - interval '1 day',
       now() - interval '1 day'
FROM (
    SELECT p.tenant_id, p.id, n, abs(hashtext(p.id::text || n)) AS h,
           current_date - (1 + abs(hashtext(p.id::text)) %% 90 + n * 28)::int AS day
    FROM keeper.person p, generate_series(1, %(visits)s) AS n
    WHERE p.tenant_id = ANY (%(ids)s::uuid[])
) d
""",
    """
INSERT INTO keeper.visit (tenant_id, person_id, local_date, net, services)
SELECT p.tenant_id, c.person_id, p.local_date, sum(p.amount), '{Facial}'
FROM keeper.payment p
JOIN keeper.customer c ON c.tenant_id = p.tenant_id AND c.ext_id = p.customer_ext_id
WHERE p.tenant_id = ANY (%(ids)s::uuid[]) GROUP BY 1, 2, 3
""",
    """
INSERT INTO keeper.person_metrics (
    tenant_id, business_date, person_id, x, t_x_weeks, age_weeks, gap_days, itt_median_days,
    itt_mad_days, p_alive, churn_30, churn_60, churn_90, expected_visits_90, expected_spend,
    clv_12m, value_at_risk, state, reason
)
SELECT v.tenant_id, current_date, v.person_id, v.visits - 1, 40, 50, v.gap, 28, 2, .9, .6, .4, .3,
       3, 8000, 80000, CASE WHEN v.gap > 60 THEN 90 * (v.gap + v.h %% 100) ELSE 0 END,
       CASE WHEN v.gap > 100 THEN 'likely_lapsed' WHEN v.gap > 60 THEN 'slowing' ELSE 'active' END,
       jsonb_build_object('yearly_value', 96000, 'sentence', 'Usually comes every 28 days.',
                          'rule', 'past_cadence', 'evidence', '[]'::jsonb)
FROM (
    SELECT tenant_id, person_id, count(*) AS visits, current_date - max(local_date) AS gap,
           abs(hashtext(person_id::text)) AS h
    FROM keeper.visit WHERE tenant_id = ANY (%(ids)s::uuid[]) GROUP BY 1, 2
) v
""",
    """
INSERT INTO keeper.task (
    tenant_id, dedup_key, person_id, business_date, value_at_risk, score, title, reason, due_date
)
SELECT m.tenant_id, m.person_id::text, m.person_id, current_date, m.value_at_risk, 1, 'Call', m.reason,
       current_date + 6
FROM (
    SELECT m.*, row_number() OVER (PARTITION BY tenant_id ORDER BY value_at_risk DESC) AS place
    FROM keeper.person_metrics m WHERE tenant_id = ANY (%(ids)s::uuid[])
) m WHERE m.place <= 5
""",
    """
INSERT INTO keeper.agent_run (tenant_id, agent, business_date, input_digest, run_key, state)
SELECT t.id, a, current_date, '', a || g, 'ok'
FROM unnest(%(ids)s::uuid[]) AS t (id), generate_series(1, 3) AS g,
     unnest('{data,matching,analysis,employee,review,insight,report}'::text[]) AS a
""",
)


@dataclass(frozen=True, slots=True)
class Found:
    """What was measured: milliseconds at the 95th percentile by page, seconds of the largest.

    `cpu_ms` is what a request cost the API and PostgreSQL together: the machine's share of it.
    """

    pages: dict[str, float]
    slowest: dict[str, float]
    errors: int
    report_seconds: float
    tasks_seconds: float
    list_ms: float
    peer_ms: float
    cpu_ms: float


def make_accounts(crossing_url: str, count: int, size: tuple[int, int]) -> dict[UUID, str]:
    """Make accounts of so many people with so many visits; return each one's session token."""
    people, visits = size
    tokens: dict[UUID, str] = {}
    with psycopg.connect(crossing_url, autocommit=True) as connection:
        for first in range(0, count, BATCH):
            ids = [new_id() for _ in range(min(BATCH, count - first))]
            made = {tenant: f"bench-{tenant.hex}" for tenant in ids}
            given = {
                "ids": ids,
                "hashes": [hash_token(token) for token in made.values()],
                "people": people,
                "visits": visits,
            }
            for statement in (_TENANTS, _OWNERS, *_STATEMENTS):
                connection.execute(statement, given)
            tokens |= made
    return tokens


async def load(
    url: str, tokens: dict[UUID, str], largest: UUID, seconds: int = SECONDS
) -> tuple[dict[str, list[float]], int]:
    """Send requests at fixed times; return milliseconds from when each was due, and errors."""
    dice, accounts = random.Random(5), list(tokens)
    taken: dict[str, list[float]] = {name: [] for name in PAGES}
    errors = 0
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
    async with httpx.AsyncClient(
        base_url=url, limits=limits, timeout=60, trust_env=False
    ) as client:
        for path in PAGES.values():
            await client.get(path, cookies={"myriad_session": tokens[accounts[0]]})

        async def one(name: str, account: UUID, due: float) -> bool:
            headers = {"Cookie": f"myriad_session={tokens[account]}"}
            try:
                status = (await client.get(PAGES[name], headers=headers)).status_code
            except httpx.HTTPError:
                status = 0
            taken[name].append(1000 * (time.perf_counter() - due))
            return status == 200

        began, running_now = time.perf_counter() + 0.5, []
        for number in range(PER_SECOND * seconds):
            due = began + number / PER_SECOND
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            account = largest if number % LARGEST_EVERY == 0 else dice.choice(accounts)
            name = dice.choice(list(PAGES))
            running_now.append(asyncio.create_task(one(name, account, due)))
        errors = sum(not fine for fine in await asyncio.gather(*running_now))
    return taken, errors


def p95(values: list[float]) -> float:
    """The 95th percentile, the higher of two neighbours."""
    return sorted(values)[min(len(values) - 1, int(0.95 * len(values)))]


async def time_largest(runtime: Runtime, largest: TenantId) -> tuple[float, float]:
    """Return the seconds of the report agent and of making tasks for the largest account."""
    await run_one(runtime, largest, "data", None, again=True)
    began = time.perf_counter()
    report = await run_one(runtime, largest, "report", None, again=True)
    report_seconds = time.perf_counter() - began
    if report.state != "ok":
        sys.exit(f"keeper-pages: the report of the largest account ended {report}")
    context = await open_context(runtime, largest)
    began = time.perf_counter()
    await make_tasks(context)
    return report_seconds, time.perf_counter() - began


async def make_tasks(context: AgentContext) -> None:
    """Choose and store the day's tasks from the stored numbers, as the analysis agent does."""
    sql = "SELECT * FROM keeper.person_metrics WHERE business_date = %(day)s"
    async with context.writing() as session:
        rows = await fetch_text(session, sql, {"day": context.day})
        await analysis.make_tasks(session, context, rows, context.account.currency)


async def time_lists(runtime: Runtime, tenant: TenantId) -> tuple[float, float]:
    """Return milliseconds of one page of Customers, as it is read and one row at a time."""
    async with runtime.database.read_session(tenant) as session:
        await list_customers(session, CustomerFilter())
        began = time.perf_counter()
        view = await list_customers(session, CustomerFilter())
        ours = 1000 * (time.perf_counter() - began)
        began = time.perf_counter()
        people = await fetch_text(
            session,
            "SELECT id FROM keeper.person WHERE merged_into_id IS NULL ORDER BY id LIMIT %(n)s",
            {"n": len(view.rows)},
        )
        for person in people:
            for sql in (
                "SELECT * FROM keeper.person WHERE id = %(id)s",
                "SELECT * FROM keeper.person_metrics WHERE person_id = %(id)s "
                "ORDER BY business_date DESC LIMIT 1",
                "SELECT count(*) FROM keeper.customer WHERE person_id = %(id)s",
                "SELECT local_date, net FROM keeper.visit WHERE person_id = %(id)s",
            ):
                await fetch_text(session, sql, person)
        return ours, 1000 * (time.perf_counter() - began)


def open_bench_runtime(urls: ServerUrls) -> AbstractAsyncContextManager[Runtime]:
    """Open a runtime on the bench's servers."""
    return open_runtime(
        process="bench",
        database=database_settings(urls),
        broker_url=urls.broker_url,
        cache_url=urls.cache_url,
        vault=Vault(bytes(32)),
        settings=[KeeperSettings()],
    )


async def wait_for_api(url: str, log: Path) -> None:
    """Wait until the API answers."""
    async with httpx.AsyncClient(trust_env=False) as client:
        for _ in range(900):
            try:
                if (await client.get(f"{url}/login", timeout=5)).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.2)
    sys.exit(f"keeper-pages: the API did not start:\n{tail(log)}")


async def measure(place: Place, count: int) -> Found:
    """Make the accounts, then measure the pages and the largest account."""
    urls = place.urls
    upgrade(urls.database_url, migration_locations())
    began = time.perf_counter()
    tokens = make_accounts(urls.crossing_url, count, SMALL)
    large = make_accounts(urls.crossing_url, 1, LARGEST)
    largest = next(iter(large))
    with psycopg.connect(urls.database_url, autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE")
    print(f"{count + 1:,} accounts made in {time.perf_counter() - began:.0f} s", flush=True)
    port = free_port()
    url, log = f"http://127.0.0.1:{port}", place.log_of("api")
    environment = {
        key: value
        for key, value in variables(place.folder / "home", urls).items()
        if key.startswith("MYRIAD_")
    }
    command: list[str | Path] = [sys.executable, "-m", "myriad.apps.serve", "--port", str(port)]
    async with open_bench_runtime(urls) as runtime:
        with running(command, log, environment):
            await wait_for_api(url, log)
            meter = Meter()
            await load(url, dict(list(tokens.items())[:20]) | large, largest, 3)
            cpu = meter.read()
            taken, errors = await load(url, tokens | large, largest)
            cpu = 1000 * (meter.read() - cpu) / (PER_SECOND * SECONDS)
        report, tasks = await time_largest(runtime, TenantId(largest))
        lists = await time_lists(runtime, TenantId(next(iter(tokens))))
    pages = {name: p95(values) for name, values in taken.items()}
    slowest = {name: max(values) for name, values in taken.items()}
    return Found(pages, slowest, errors, report, tasks, *lists, cpu)


def print_result(found: Found, count: int) -> int:
    """Print what was found and say whether it is enough."""
    for name, value in found.pages.items():
        print(f"{name:12} p95 {value:7.1f} ms   slowest {found.slowest[name]:7.1f} ms")
    print(f"one page of Customers {found.list_ms:.1f} ms; one row at a time {found.peer_ms:.1f} ms")
    facts = {key: value for key, value in asdict(found).items() if key.endswith("_seconds")}
    measured = {**found.pages, **{k.removesuffix("_seconds"): v for k, v in facts.items()}}
    missed = [name for name, bound in TARGETS.items() if measured[name] >= bound]
    print(f"targets: {TARGETS} at {PER_SECOND} requests/s; missed: {missed or 'none'}")
    print(
        f"RESULT keeper-pages today_p95_ms={found.pages['today']:.1f}"
        f" customers_p95_ms={found.pages['customers']:.1f}"
        f" report_seconds={found.report_seconds:.2f} tasks_seconds={found.tasks_seconds:.2f}"
        f" accounts={count + 1} requests_per_s={PER_SECOND} errors={found.errors}"
        f" cpu_ms_per_request={found.cpu_ms:.1f}"
        f" peer_ratio={found.peer_ms / found.list_ms:.2f}"
    )
    return 1 if missed or found.errors else 0


def main(argv: list[str] | None = None) -> int:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="10,000 accounts")
    parser.add_argument("--accounts", type=int, help="so many small accounts")
    chosen = parser.parse_args(argv)
    count = chosen.accounts or (9_999 if chosen.full else 1_000)
    logs.configure("bench", level="ERROR")
    with running_place() as place:
        return print_result(asyncio.run(measure(place, count)), count)


if __name__ == "__main__":
    sys.exit(main())
