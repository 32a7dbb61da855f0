"""Accounts for benches of Keeper: the simulator's spas written straight into PostgreSQL, then copied.

A few templates are drawn by the simulator's spa, each from a seed of its own, stored by the code
that stores Square's pages, and run by the agents for some days. Copies are made by SQL under new
tenants. What came in during the last day lies apart, so that a night can be measured as it is: the
state of yesterday, a day's news, and a run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from myriad.kit.ids import new_id
from myriad.products.keeper.repository.accounts import open_account
from myriad.products.keeper.runs import run_account
from myriad.products.keeper.square import storage
from myriad.products.keeper.square.mapping import Places
from myriad.products.keeper.square.simulator.spa import spa_seller
from myriad.products.keeper.square.simulator.world import Seller
from myriad.products.keeper.weekly import run_week
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

ZONE = "America/New_York"
PAGE = 2000
NEWS = ("customer", "payment", "refund", "sales_order", "order_line", "booking")
KINDS = ("team_member", "timecard", "customer", "payment", "refund", "order", "booking")
_TENANT = "INSERT INTO platform.tenant (id, slug, name, timezone) VALUES (%s, %s, %s, %s)"
_TABLES = """
SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum) AS columns
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'keeper'::regnamespace AND c.relkind = 'r' AND a.attgenerated = ''
GROUP BY c.relname
HAVING bool_or(a.attname = 'tenant_id')
"""
_PARENTS = """
SELECT r.conrelid::regclass::text AS child, r.confrelid::regclass::text AS parent
FROM pg_constraint r
WHERE r.contype = 'f' AND r.connamespace = 'keeper'::regnamespace AND r.conrelid <> r.confrelid
"""


@dataclass(frozen=True, slots=True)
class Template:
    """An account to copy: its state of yesterday, and the tenant that holds the day's news."""

    base: TenantId
    news: TenantId


async def make_templates(
    runtime: Runtime,
    crossing_url: str,
    count: int,
    customers: int,
    nights: Callable[[int], Sequence[int]] = lambda seed: (1,),
    name: str = "template",
) -> list[Template]:
    """Draw `count` spas; the agents run for the days `nights(seed)` before today."""
    now = datetime.now(UTC)
    templates = []
    for seed in range(1, count + 1):
        templates.append(
            await draw_template(runtime, crossing_url, seed, customers, now, f"{name}-{seed}")
        )
        for back in nights(seed):
            day = (now - timedelta(days=back)).date()
            await run_account(runtime, templates[-1].base, day)
    return templates


async def draw_template(
    runtime: Runtime, crossing_url: str, seed: int, customers: int, now: datetime, name: str
) -> Template:
    """Draw one spa and store it as it stood a day before `now`, and its last day apart."""
    made = Template(TenantId(new_id()), TenantId(new_id()))
    add_tenants(crossing_url, [made.base, made.news], name)
    seller = spa_seller(seed=seed, customers=customers, now=now)
    await _fill(runtime, made, seller, now - timedelta(days=1))
    _age(crossing_url, made.base)
    return made


async def make_phases(
    runtime: Runtime, copier: Copier, drawn: Sequence[Template], nights: Sequence[Sequence[int]]
) -> list[Template]:
    """Return a template for each of `nights`, copies of the `drawn` ones in turn.

    `nights` are days before today for which the agents run, the first night first; the week's
    search follows it. Two run at a time, for PostgreSQL and this process have a core each.
    """
    made = []
    for number, _ in enumerate(nights):
        source, phase = drawn[number % len(drawn)], Template(TenantId(new_id()), TenantId(new_id()))
        copier.copy(source, [phase.base], f"phase-{number}-base")
        copier.copy(Template(source.news, source.news), [phase.news], f"phase-{number}-news")
        made.append(phase)
    copier.analyze()
    turn = asyncio.Semaphore(2)
    await asyncio.gather(
        *(_live(runtime, one.base, own, turn) for one, own in zip(made, nights, strict=True))
    )
    return made


async def _live(
    runtime: Runtime, tenant: TenantId, nights: Sequence[int], turn: asyncio.Semaphore
) -> None:
    today = datetime.now(UTC).date()
    async with turn:
        for number, back in enumerate(nights):
            await run_account(runtime, tenant, today - timedelta(days=back))
            if number == 0:
                await run_week(runtime, tenant)


def add_tenants(crossing_url: str, ids: Iterable[TenantId], name: str) -> None:
    """Insert tenants."""
    rows = [(tenant, f"{name}-{number}", name, ZONE) for number, tenant in enumerate(ids)]
    with psycopg.connect(crossing_url) as connection, connection.cursor() as cursor:
        cursor.executemany(_TENANT, rows)


async def _fill(runtime: Runtime, template: Template, seller: Seller, until: datetime) -> None:
    known = until.timestamp()
    for tenant, is_news in ((template.base, False), (template.news, True)):
        async with runtime.database.session(tenant) as session:
            await open_account(session)
            await storage.store(session, "location", seller.locations, Places())
            places = await storage.load_places(session)
            for kind in KINDS:
                records = seller.tables[kind].records.values()
                bodies = [
                    record.decode()
                    for record in records
                    if (record.times.get("created_at", 0.0) > known) is is_news
                ]
                for page in batched_list(bodies):
                    await storage.store(session, kind, page, places)


def _age(crossing_url: str, tenant: TenantId) -> None:
    """Let a template look as if it had been read a day ago."""
    with psycopg.connect(crossing_url) as connection:
        for table in (*NEWS, "team_member", "timecard", "location"):
            text = sql.SQL(
                "UPDATE keeper.{} SET created_at = created_at - interval '1 day', "
                "updated_at = updated_at - interval '1 day' WHERE tenant_id = %s"
            )
            connection.execute(text.format(sql.Identifier(table)), (tenant,))


def batched_list(bodies: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield pages of Square objects."""
    for first in range(0, len(bodies), PAGE):
        yield bodies[first : first + PAGE]


class Copier:
    """Copies accounts between tenants, in the order that foreign keys ask for; `only` some tables."""

    def __init__(
        self, crossing_url: str, owner_url: str, only: Collection[str] | None = None
    ) -> None:
        self._url = crossing_url
        self._owner_url = owner_url
        with psycopg.connect(owner_url) as connection:
            tables = {
                str(name): list(columns)
                for name, columns in connection.execute(_TABLES)
                if only is None or name in only
            }
            pairs = [(_bare(a), _bare(b)) for a, b in connection.execute(_PARENTS)]
        self._order = [(name, tables[name]) for name in ordered(set(tables), pairs)]

    def copy(self, template: Template, tenants: list[TenantId], name: str) -> None:
        """Make `tenants` copies of the template's state of yesterday."""
        add_tenants(self._url, tenants, name)
        with psycopg.connect(self._url) as connection:
            for table, columns in self._order:
                connection.execute(_copy_sql(table, columns, ""), (tenants, template.base))

    def analyze(self) -> None:
        """Tidy up after copying, so that no upkeep falls into what is measured next."""
        with psycopg.connect(self._owner_url, autocommit=True) as owner:
            owner.execute("VACUUM ANALYZE")

    def add_news(self, template: Template, tenants: list[TenantId]) -> None:
        """Bring the day's news to the copies."""
        with psycopg.connect(self._url) as connection:
            for table, columns in self._order:
                if table in (
                    "customer",
                    "payment",
                    "refund",
                    "sales_order",
                    "order_line",
                    "booking",
                ):
                    text = _copy_sql(table, columns, "ON CONFLICT DO NOTHING")
                    connection.execute(text, (tenants, template.news))


def ordered(tables: set[str], pairs: list[tuple[str, str]]) -> list[str]:
    """Return the tables so that each stands after those it refers to."""
    waiting, done = dict.fromkeys(sorted(tables)), []
    while waiting:
        ready = [t for t in waiting if not any(c == t and p in waiting for c, p in pairs)]
        for table in ready:
            del waiting[table]
        done += ready
        if not ready:
            raise RuntimeError(f"tables refer to each other in a circle: {sorted(waiting)}")
    return done


def _bare(name: str) -> str:
    return name.removeprefix("keeper.")


def _copy_sql(table: str, columns: list[str], conflict: str) -> sql.Composed:
    names = sql.SQL(", ").join(sql.Identifier(column) for column in columns)
    others = sql.SQL(", ").join(_value(column, bool(conflict)) for column in columns)
    return sql.SQL(
        "INSERT INTO keeper.{table} ({names}) SELECT {others} FROM keeper.{table} t "
        "CROSS JOIN unnest(%s::uuid[]) AS w (id) WHERE t.tenant_id = %s {conflict}"
    ).format(table=sql.Identifier(table), names=names, others=others, conflict=sql.SQL(conflict))


def _value(column: str, is_news: bool) -> sql.Composable:
    if column == "tenant_id":
        return sql.SQL("w.id")
    if is_news and column in ("created_at", "updated_at"):
        return sql.SQL("now()")
    return sql.SQL("t.") + sql.Identifier(column)
