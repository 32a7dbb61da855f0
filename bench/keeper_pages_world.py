"""Ten thousand accounts for the bench of pages, as a year of Keeper leaves them.

Whole accounts are the simulator's spas with some 300 customers, small ones spas with a few, both
worked through by the agents; the rest are copies that PostgreSQL makes by itself. One largest is
made by SQL. Secondary indexes and foreign keys are made after the rows, as any bulk load does it;
the keys of a copy are those of its template, in another tenant. Copies have only the tables that the
two screens and the peer read: what nobody reads, the team's days for one, takes time to write and
has no part in an answer.
Keeper's tables are without a write-ahead log here, which no read asks for; what the largest
account's agents write is some hundred rows, and they are timed without it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import UUID

import psycopg
from keeper_accounts import Copier, Template, make_templates
from keeper_pages_largest import STATEMENTS

from myriad.kit.ids import new_id
from myriad.scale.directory.tokens import hash_token
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

LARGEST = (20_000, 10)
BATCH, CORES = 100, 2
_SIGNED_IN = [
    f"platform.{name}" for name in ("tenant", "user_account", "membership", "login_session")
]
# What Today, Customers, the alerts above them and the peer read.
READ = frozenset(
    {
        "account",
        "agent_run",
        "anomaly",
        "booking",
        "call_assignment",
        "connection",
        "control_group",
        "customer",
        "day_total",
        "model_fit",
        "notice",
        "notice_delivery",
        "payment",
        "person",
        "person_metrics",
        "person_term",
        "preference",
        "quarantine",
        "sync_cursor",
        "task",
        "visit",
    }
)
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
_INDEXES = """
SELECT format('DROP INDEX keeper.%I', c.relname), pg_get_indexdef(c.oid)
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relnamespace = 'keeper'::regnamespace AND NOT i.indisunique
"""
# NOT VALID: rows that come later are held to it, and the copies need no second reading.
_FOREIGN_KEYS = """
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
       format('ALTER TABLE %s ADD CONSTRAINT %I %s NOT VALID', conrelid::regclass, conname,
              pg_get_constraintdef(oid))
FROM pg_constraint WHERE contype = 'f' AND connamespace = 'keeper'::regnamespace
"""
_LOGGED = """
SELECT c.oid::regclass::text FROM pg_class c
WHERE c.relnamespace = 'keeper'::regnamespace AND c.relkind = 'r' AND c.relpersistence = 'p'
"""
_TABLES = """
SELECT c.relname, greatest(c.reltuples, 0)::bigint, pg_total_relation_size(c.oid),
       (SELECT max(pg_relation_size(i.indexrelid)) FROM pg_index i WHERE i.indrelid = c.oid)
FROM pg_class c
WHERE c.relnamespace = 'keeper'::regnamespace AND c.relkind = 'r' AND c.reltuples > 0
ORDER BY 2 DESC
"""


@dataclass(frozen=True, slots=True)
class Size:
    """How many accounts of which size, and the customers of one."""

    whole: int
    small: int
    whole_customers: int = 300
    small_customers: int = 6

    @property
    def accounts(self) -> int:
        """All of them with the largest."""
        return self.whole + self.small + 1


@dataclass(frozen=True, slots=True)
class World:
    """The session tokens of the owners by account, and the seconds that loading took."""

    whole: dict[UUID, str]
    small: dict[UUID, str]
    largest: dict[UUID, str]
    seconds: float

    @property
    def largest_id(self) -> UUID:
        """The largest account."""
        return next(iter(self.largest))


async def make_world(runtime: Runtime, urls: ServerUrls, size: Size) -> World:
    """Make the accounts; ends with the planner's statistics."""
    began = time.perf_counter()
    whole, small = [
        await make_templates(runtime, urls.crossing_url, count, customers, name=f"spa-{customers}")
        for count, customers in ((1, size.whole_customers), (1, size.small_customers))
    ]
    copier = Copier(urls.crossing_url, urls.database_url, only=READ)
    with bulk_loading(urls.database_url):
        world = World(
            _copies(copier, urls, whole, size.whole, "whole"),
            _copies(copier, urls, small, size.small, "small"),
            _make_largest(urls),
            0.0,
        )
    tables = [f"keeper.{name}" for name in READ] + _SIGNED_IN
    _run_all(urls.database_url, [f"VACUUM (ANALYZE) {table}" for table in tables])
    return World(world.whole, world.small, world.largest, time.perf_counter() - began)


@contextlib.contextmanager
def bulk_loading(owner_url: str) -> Iterator[None]:
    """Let the tables be without secondary indexes and foreign keys while the block lasts."""
    with psycopg.connect(owner_url, autocommit=True) as owner:
        keys = owner.execute(_FOREIGN_KEYS).fetchall()
        indexes = owner.execute(_INDEXES).fetchall()
        for drop, _ in (*keys, *indexes):
            owner.execute(drop)
        for (table,) in owner.execute(_LOGGED).fetchall():
            owner.execute(f"ALTER TABLE {table} SET UNLOGGED")
        yield
        _run_all(owner_url, [make for _, make in indexes])
        for _, make in keys:
            owner.execute(make)


def _run_all(owner_url: str, statements: list[str]) -> None:
    """Run statements that do not wait for each other, as many at once as there are cores."""

    def run(statement: str) -> None:
        with psycopg.connect(owner_url, autocommit=True) as owner:
            owner.execute("SET maintenance_work_mem = '256MB'")
            owner.execute(statement)

    with ThreadPoolExecutor(CORES) as pool:
        list(pool.map(run, statements))


def _copies(
    copier: Copier, urls: ServerUrls, templates: list[Template], count: int, name: str
) -> dict[UUID, str]:
    def copy(first: int) -> dict[UUID, str]:
        ids = [TenantId(new_id()) for _ in range(min(BATCH, count - first))]
        copier.copy(templates[first // BATCH % len(templates)], ids, f"{name}-{first}")
        return _sign_in(urls.crossing_url, ids)

    tokens: dict[UUID, str] = {}
    with ThreadPoolExecutor(CORES) as pool:
        for made in pool.map(copy, range(0, count, BATCH)):
            tokens |= made
    return tokens


def _sign_in(crossing_url: str, ids: list[TenantId]) -> dict[UUID, str]:
    """Give every account an owner with a session of its own."""
    tokens: dict[UUID, str] = {tenant: f"bench-{tenant.hex}" for tenant in ids}
    given = {"ids": ids, "hashes": [hash_token(token) for token in tokens.values()]}
    with psycopg.connect(crossing_url) as connection:
        connection.execute(_OWNERS, given)
    return tokens


def _make_largest(urls: ServerUrls) -> dict[UUID, str]:
    people, visits = LARGEST
    largest = TenantId(new_id())
    with psycopg.connect(urls.crossing_url) as connection:
        for statement in STATEMENTS:
            connection.execute(statement, {"ids": [largest], "people": people, "visits": visits})
    return _sign_in(urls.crossing_url, [largest])


def print_tables(owner_url: str, rows: int = 12) -> None:
    """Print how much of each of the largest tables there is, and how deep its indexes go."""
    with psycopg.connect(owner_url) as owner:
        print(f"{'table':20} {'rows':>12} {'MB':>8} {'largest index MB':>18}")
        for name, count, size, index in owner.execute(_TABLES).fetchmany(rows):
            print(f"{name:20} {count:12,} {size / 1e6:8.0f} {(index or 0) / 1e6:18.0f}")
