"""A ledger to do chaos on: what is ordered, what must then stand in the books, and what does.

The table of entries has no unique key, so that an effect which happens twice stands there twice.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from myriad.scale.data.migrations import create_schema, protect
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.jobs import Batch

ACCOUNTS = 20
OPENING_CENTS = 1_000_000
PACK_JOBS = 30
CHILDREN = 3
ITEMS = 4
BATCHING = Batch(max_items=10, max_wait_seconds=0.5)

TRANSFER = "ledger.transfer.do"
CHECKPOINT = "ledger.transfer.checkpoint"
STEPS = "ledger.transfer.steps"
LONG = "ledger.transfer.long"
FLAKY = "ledger.transfer.flaky"
LATER = "ledger.transfer.later"
DOOMED = "ledger.transfer.doomed"
PARENT = "ledger.transfer.parent"
SUM = "ledger.transfer.sum"
BATCH = "ledger.transfer.batch"
LIGHT = "ledger.note.light"
SWIFT = "ledger.transfer.swift"

_TABLES = (
    "CREATE TABLE ledger.account (tenant_id uuid, number int, cents bigint NOT NULL, "
    "PRIMARY KEY (tenant_id, number))",
    "CREATE TABLE ledger.entry (tenant_id uuid NOT NULL, label text NOT NULL, source int NOT NULL, "
    "target int NOT NULL, cents bigint NOT NULL, job_id uuid, worker text, "
    "id bigint GENERATED ALWAYS AS IDENTITY)",
    "CREATE INDEX ON ledger.entry (tenant_id, label)",
    "CREATE TABLE ledger.request (tenant_id uuid, number int, jobs int NOT NULL, "
    "PRIMARY KEY (tenant_id, number))",
    # However long they take here, the dispatcher shall think them short, and send them as slices.
    "CREATE FUNCTION ledger.call_swift() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN NEW.mean_seconds := 0.001; RETURN NEW; END $$",
    "CREATE TRIGGER call_swift BEFORE INSERT OR UPDATE ON platform.job_task FOR EACH ROW "
    f"WHEN (NEW.name = '{SWIFT}') EXECUTE FUNCTION ledger.call_swift()",
)


@dataclass(frozen=True)
class Transfer:
    """One movement of money; `label` says which, and must be found in the books once."""

    label: str
    source: int
    target: int
    cents: int

    @classmethod
    def of(cls, label: str) -> Transfer:
        """Return the movement that belongs to `label`, the same in every process."""
        dice = random.Random(label)
        source, target = dice.sample(range(ACCOUNTS), 2)
        return cls(label, source, target, dice.randrange(1, 10_000))

    @property
    def payload(self) -> dict[str, Any]:
        """The movement as a job's payload."""
        return asdict(self)


@dataclass(frozen=True)
class Order:
    """What one request asks for: jobs of one `kind`, and the labels that they leave behind."""

    number: int
    kind: str

    @property
    def labels(self) -> list[str]:
        """Return the labels of the movements that this order must cause."""
        names = _SUFFIXES.get(self.kind, ("",))
        return [f"{self.number}{name}" for name in names]

    @property
    def is_doomed(self) -> bool:
        """Say whether the order's job is meant to become a dead letter."""
        return self.kind == DOOMED


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(f".{n}" for n in range(count))


PACK, UNIQUE, GRAPH = "pack", "unique", "graph"
_SUFFIXES: dict[str, tuple[str, ...]] = {
    CHECKPOINT: (".a", ".b"),
    STEPS: (".a", ".b", ".c"),
    PARENT: ("", *_numbered(CHILDREN)),
    PACK: _numbered(PACK_JOBS),
    GRAPH: (".left", ".right", ".sum"),
    BATCH: _numbered(ITEMS),
    DOOMED: (),
    LIGHT: (),
    SWIFT: _numbered(PACK_JOBS),
}
# How often each kind is ordered, in parts.
KINDS: dict[str, int] = {
    TRANSFER: 8,
    CHECKPOINT: 2,
    STEPS: 3,
    LONG: 1,
    FLAKY: 2,
    LATER: 1,
    DOOMED: 1,
    PARENT: 2,
    PACK: 2,
    UNIQUE: 2,
    GRAPH: 3,
    BATCH: 2,
    LIGHT: 3,
    SWIFT: 2,
}


def orders(dice: random.Random, kinds: dict[str, int] | None = None) -> Iterator[Order]:
    """Yield orders for ever; each kind comes as often as it should."""
    names, weights = zip(*(kinds or KINDS).items(), strict=True)
    number = 0
    while True:
        yield Order(number, dice.choices(names, weights)[0])
        number += 1


class _Statements:
    """Runs the statements of migrations on a plain connection."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def execute(self, sqltext: str, /) -> None:
        """Run one statement."""
        self._connection.execute(sqltext.encode())


def create_tables(urls: ServerUrls) -> None:
    """Make the ledger's tables, under row security as a product's are."""
    with psycopg.connect(urls.database_url) as connection:
        statements = _Statements(connection)
        create_schema(statements, "ledger")
        for statement in _TABLES:
            statements.execute(statement)
        for table in ("account", "entry", "request"):
            protect(statements, f"ledger.{table}")


def open_accounts(urls: ServerUrls, tenants: Sequence[UUID]) -> None:
    """Give each tenant its accounts, with the same money in each."""
    with psycopg.connect(urls.crossing_url) as connection:
        for tenant in tenants:
            connection.execute(
                "INSERT INTO ledger.account SELECT %s, n, %s FROM generate_series(0, %s) AS n",
                (tenant, OPENING_CENTS, ACCOUNTS - 1),
            )


@dataclass
class Books:
    """What stands in the database of one tenant."""

    entries: Counter[str]
    requests: set[int]
    cents: dict[int, int]
    moved: dict[int, int]
    jobs: dict[str, int]
    dead: Counter[str]
    finished_twice: int
    packs: int
    items: int

    @property
    def live(self) -> int:
        """How many jobs have not ended, packed ones and items counted by their rows."""
        live = sum(count for state, count in self.jobs.items() if state != "dead")
        return live + self.packs + self.items

    @property
    def wrong_accounts(self) -> list[int]:
        """The accounts whose balance is not what the entries make it."""
        return [
            number
            for number, cents in self.cents.items()
            if cents != OPENING_CENTS + self.moved.get(number, 0)
        ]


_MOVED = """
SELECT number, sum(cents)::bigint FROM (
    SELECT source AS number, -cents AS cents FROM ledger.entry WHERE tenant_id = %(tenant)s
    UNION ALL
    SELECT target, cents FROM ledger.entry WHERE tenant_id = %(tenant)s) AS legs
GROUP BY number
"""
_TWICE = """
SELECT count(*) FROM (
    SELECT id FROM platform.job_finished WHERE tenant_id = %(tenant)s
    UNION ALL SELECT id FROM platform.job WHERE tenant_id = %(tenant)s) AS known
"""
_ONCE = _TWICE.replace("count(*)", "count(DISTINCT id)")
_DEAD = """
SELECT task.name || ' ' || coalesce(job.error ->> 'code', job.error ->> 'type', '?'), count(*)
FROM platform.job JOIN platform.job_task AS task ON task.id = job.task_id
WHERE job.tenant_id = %(tenant)s AND job.state = 'dead' GROUP BY 1
"""
_QUERIES: dict[str, LiteralString] = {
    "entries": "SELECT label, count(*) FROM ledger.entry WHERE tenant_id = %(tenant)s GROUP BY 1",
    "requests": "SELECT number, jobs FROM ledger.request WHERE tenant_id = %(tenant)s",
    "cents": "SELECT number, cents FROM ledger.account WHERE tenant_id = %(tenant)s",
    "moved": _MOVED,
    "jobs": "SELECT state::text, count(*) FROM platform.job WHERE tenant_id = %(tenant)s GROUP BY 1",
    "dead": _DEAD,
    "twice": f"SELECT 'n', ({_TWICE}) - ({_ONCE})",
    "packs": "SELECT 'n', (SELECT count(*) FROM platform.job_pack WHERE tenant_id = %(tenant)s) + "
    "(SELECT count(*) FROM platform.job_slice WHERE tenant_id = %(tenant)s)",
    "items": "SELECT 'n', count(*) FROM platform.job_item WHERE tenant_id = %(tenant)s",
}


def read_books(urls: ServerUrls, tenant: UUID) -> Books:
    """Return what stands in the books of `tenant`, all of one moment."""
    with psycopg.connect(urls.crossing_url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        found: dict[str, dict[Any, Any]] = {
            name: dict(connection.execute(query, {"tenant": tenant}).fetchall())
            for name, query in _QUERIES.items()
        }
    return Books(
        entries=Counter(found["entries"]),
        requests=set(found["requests"]),
        cents=found["cents"],
        moved=found["moved"],
        jobs=found["jobs"],
        dead=Counter(found["dead"]),
        finished_twice=found["twice"]["n"],
        packs=found["packs"]["n"],
        items=found["items"]["n"],
    )


@dataclass
class Verdict:
    """How the books of a tenant compare with what was ordered."""

    jobs: int = 0
    expected: int = 0
    effects: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __add__(self, other: Verdict) -> Verdict:
        return Verdict(
            self.jobs + other.jobs,
            self.expected + other.expected,
            self.effects + other.effects,
            self.lost + other.lost,
            self.doubled + other.doubled,
            self.faults + other.faults,
        )

    @property
    def is_clean(self) -> bool:
        """Say whether nothing is lost, doubled or otherwise wrong."""
        return not (self.lost or self.doubled or self.faults)


def judge(books: Books, ordered: Sequence[Order], acknowledged: set[int]) -> Verdict:
    """Compare the books with the orders.

    An acknowledged order must be there; any other one is wholly there or leaves no trace. What is
    there has each of its effects once, and nothing else stands in the books.
    """
    there = [order for order in ordered if order.number in books.requests]
    expected = Counter(label for order in there for label in order.labels)
    verdict = Verdict(len(there), expected.total(), books.entries.total())
    verdict.lost += [f"order {number}" for number in sorted(acknowledged - books.requests)]
    verdict.lost += sorted((expected - books.entries).elements())
    verdict.doubled += sorted((books.entries - expected).elements())
    planned = sum(order.is_doomed for order in there)
    verdict.faults += list(_faults(books, planned))
    return verdict


def _faults(books: Books, planned_dead: int) -> Iterator[str]:
    if books.live:
        yield f"live: {books.jobs}, packs {books.packs}, items {books.items}"
    if books.jobs.get("dead", 0) != planned_dead or any(DOOMED not in name for name in books.dead):
        yield f"{planned_dead} dead letters were planned: {dict(books.dead)}"
    if books.finished_twice:
        yield f"{books.finished_twice} jobs ended twice"
    if books.wrong_accounts or sum(books.cents.values()) != OPENING_CENTS * ACCOUNTS:
        yield f"accounts {books.wrong_accounts} do not add up"
