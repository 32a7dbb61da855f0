"""The purchases of `data_dashboards`: members, strings and their counts, made in SQL by the owner."""

from __future__ import annotations

import time
from typing import Any

import psycopg

from myriad.products.kamioi.models import (
    DECISION_DAY,
    DESCRIPTOR_USE,
    MAPPING_STATE,
    PURCHASE_DAY,
)
from myriad.scale.data.rollups import Rollup
from myriad.scale.data.rollups.ddl import fill_dml
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.tenancy import TenantId

MONTHS, MEMBERS = 24, 20_000
STRINGS_A_PURCHASE = 1.5 / 14
COUNTED = [DESCRIPTOR_USE, PURCHASE_DAY]
DECIDED = [DECISION_DAY, MAPPING_STATE]
TABLES = ("member", "purchase", "descriptor", "mapping")

# Members and strings have ids that follow from their numbers, so that rows need no look-up.
MAKE_STRINGS = """
WITH made AS (
    INSERT INTO kamioi.descriptor (tenant_id, id, norm, raw_example, first_seen_on)
    SELECT %(tenant)s::uuid, md5('d' || %(tenant)s::text || n)::uuid, 'merchant ' || n, 'MERCHANT ' || n,
        current_date
    FROM generate_series(%(low)s::int, %(high)s::int - 1) AS n RETURNING tenant_id, id, norm
)
INSERT INTO kamioi.mapping (tenant_id, descriptor_id, version, confidence, method, state)
SELECT tenant_id, id, 1, 0.9, (ARRAY['rule', 'exact', 'prefix', 'llm'])[1 + length(norm) %% 4],
    CASE WHEN hashtext(norm) %% 50 = 0 THEN 'proposed' ELSE 'auto' END
FROM made
"""
MAKE_MEMBERS = """
INSERT INTO kamioi.member (tenant_id, id, name)
SELECT %(tenant)s::uuid, md5('m' || member)::uuid, 'Member ' || member
FROM generate_series(0, %(members)s::int) AS member ON CONFLICT DO NOTHING
"""
MAKE_PURCHASES = """
INSERT INTO kamioi.purchase (tenant_id, booked_on, member_id, account_id, external_id, state, kind,
    shown_on, amount_minor, currency, raw, descriptor_id, source)
SELECT %(tenant)s::uuid, day, md5('m' || member)::uuid, md5('m' || member)::uuid, 'p' || n,
    CASE WHEN n %% 100 = 0 THEN 'pending' ELSE 'posted' END,
    CASE WHEN n %% 12 = 0 THEN 'refund' ELSE 'purchase' END,
    day, 100 + (random() * 9000)::int, 'USD', 'MERCHANT ' || string,
    md5('d' || %(tenant)s::text || string)::uuid, 'plaid'
FROM (
    SELECT n, (current_date - (%(days)s::int * (1 - (n - %(low)s::bigint) / (%(high)s::bigint - %(low)s::bigint)::float8))::int)
        AS day, (random() * %(members)s::int)::int AS member,
        (CASE WHEN random() < 0.8 THEN least(1000, %(strings)s::int) * power(random(), 6)
            ELSE %(strings)s::int * random() END)::int AS string
    FROM generate_series(%(low)s::bigint, %(high)s::bigint - 1) AS n
) AS made
"""
_CONSTRAINTS = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = 'kamioi.purchase'::regclass AND contype = 'u'
"""
_INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = 'kamioi.purchase'::regclass AND NOT indisprimary
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""


class Owner:
    """The owner's connection, which for this bench sees the rows that it makes."""

    def __init__(self, urls: ServerUrls) -> None:
        self.connection = psycopg.connect(urls.database_url, autocommit=True)

    def run(self, sql: str, given: dict[str, Any] | None = None) -> float:
        """Run `sql` and return its milliseconds."""
        began = time.perf_counter()
        self.connection.execute(sql.encode(), given)
        return (time.perf_counter() - began) * 1000


def prepare(owner: Owner) -> None:
    """Make the months and let the owner see what it makes."""
    owner.run(
        "SELECT platform.ensure_months('kamioi.purchase', "
        f"(current_date - interval '{MONTHS} months')::date, current_date)"
    )
    for table in (*TABLES, *(bare_name(one) for one in (*COUNTED, *DECIDED))):
        owner.run(f"ALTER TABLE kamioi.{table} NO FORCE ROW LEVEL SECURITY")


def grow(owner: Owner, tenants: list[TenantId], before: int, size: int) -> None:
    """Bring the first tenant to `size` purchases and the second to a tenth of them."""
    set_triggers(owner, "DISABLE")
    rebuilding = _drop_indexes(owner)
    for tenant, share in zip(tenants, (1, 10), strict=True):
        strings = [int(count * STRINGS_A_PURCHASE / share) for count in (before, size)]
        given = {"tenant": str(tenant), "low": strings[0], "high": strings[1]}
        owner.run(MAKE_STRINGS, given)
        owner.run(MAKE_MEMBERS, {"tenant": str(tenant), "members": MEMBERS // share})
        owner.run(
            MAKE_PURCHASES,
            {
                "tenant": str(tenant),
                "low": before // share,
                "high": size // share,
                "days": 30 * (MONTHS - 1),
                "members": MEMBERS // share,
                "strings": strings[1] - 1,
            },
        )
    for statement in rebuilding:
        owner.run(statement)
    for rollup in (*COUNTED, *DECIDED):
        owner.run(f"TRUNCATE {rollup.target}")
        owner.run(fill_dml(rollup))
    set_triggers(owner, "ENABLE")
    for table in (*TABLES, *(bare_name(one) for one in COUNTED)):
        owner.run(f"VACUUM (ANALYZE) kamioi.{table}")


def _drop_indexes(owner: Owner) -> list[str]:
    """Drop the indexes of purchases but for the key, and return the statements that make them."""
    indexes = owner.connection.execute(_INDEXES).fetchall()
    constraints = owner.connection.execute(_CONSTRAINTS).fetchall()
    for name, _ in constraints:
        owner.run(f"ALTER TABLE kamioi.purchase DROP CONSTRAINT {name}")
    for name, _ in indexes:
        owner.run(f"DROP INDEX {name}")
    return [
        *(definition.replace(" ON ONLY ", " ON ") for _, definition in indexes),
        *(
            f"ALTER TABLE kamioi.purchase ADD CONSTRAINT {name} {text}"
            for name, text in constraints
        ),
    ]


def set_triggers(owner: Owner, word: str) -> None:
    """ENABLE or DISABLE the triggers that keep the counts."""
    for rollup in (*COUNTED, *DECIDED):
        for event in ("insert", "update", "delete"):
            owner.run(f"ALTER TABLE {rollup.source} {word} TRIGGER {bare_name(rollup)}_{event}")


def bare_name(rollup: Rollup) -> str:
    """Return the name of a rollup's table without its schema."""
    return rollup.target.split(".")[1]
