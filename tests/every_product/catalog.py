"""What PostgreSQL itself says about our tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.rows import dict_row

_OURS = """
    n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
"""
_TABLES = f"""
SELECT c.oid, n.nspname || '.' || c.relname AS name, c.relrowsecurity, c.relforcerowsecurity,
       pg_get_userbyid(c.relowner) AS owner, c.relkind::text AS kind,
       coalesce(c.reloptions, ARRAY[]::text[]) AS options
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition AND {_OURS} ORDER BY 2
"""
_OPEN_PARTITIONS = f"""
SELECT n.nspname || '.' || c.relname AS name
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relispartition AND c.relkind IN ('r', 'p') AND {_OURS}
    AND (NOT c.relrowsecurity OR NOT c.relforcerowsecurity OR EXISTS (
        SELECT FROM aclexplode(c.relacl) AS granted WHERE granted.grantee <> c.relowner))
ORDER BY 1
"""
_COLUMNS = """
SELECT a.attrelid AS oid, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
       a.attnotnull AS is_required, a.atthasdef AS has_default
FROM pg_attribute a WHERE a.attrelid = ANY(%s) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
"""
_CONSTRAINTS = """
SELECT c.conrelid AS oid, c.conname AS name, c.contype::text AS kind,
       pg_get_constraintdef(c.oid) AS definition,
       (SELECT array_agg(a.attname::text ORDER BY k.n) FROM unnest(c.conkey) WITH ORDINALITY k(num, n)
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.num) AS columns,
       c.confrelid AS target,
       (SELECT array_agg(a.attname::text ORDER BY k.n)
        FROM unnest(c.confkey) WITH ORDINALITY k(num, n)
        JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.num) AS target_columns
FROM pg_constraint c WHERE c.conrelid = ANY(%s)
"""
_INDEXES = """
SELECT i.indrelid AS oid, n.nspname || '.' || c.relname AS name, i.indisprimary AS is_primary,
       (SELECT a.attname::text FROM pg_attribute a
        WHERE a.attrelid = i.indrelid AND a.attnum = i.indkey[0]) AS leading
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE i.indrelid = ANY(%s)
"""
_POLICIES = """
SELECT p.polrelid AS oid, p.polname AS name, pg_get_expr(p.polqual, p.polrelid) AS using,
       pg_get_expr(p.polwithcheck, p.polrelid) AS with_check, p.polcmd::text AS command,
       p.polpermissive AS is_permissive,
       ARRAY(SELECT r.rolname::text FROM pg_roles r WHERE r.oid = ANY(p.polroles)) AS roles
FROM pg_policy p WHERE p.polrelid = ANY(%s)
"""


@dataclass
class Table:
    """One relation with everything that the suite asks about it."""

    oid: int
    name: str
    kind: str
    owner: str
    has_row_security: bool
    is_forced: bool
    options: list[str]
    columns: list[dict[str, Any]] = field(default_factory=list)
    constraints: list[dict[str, Any]] = field(default_factory=list)
    indexes: list[dict[str, Any]] = field(default_factory=list)
    policies: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_of_tenants(self) -> bool:
        """Whether each row belongs to a tenant."""
        return any(column["name"] == "tenant_id" for column in self.columns)

    @property
    def is_stored(self) -> bool:
        """Whether this is a table and not a view."""
        return self.kind in ("r", "p")


def read_catalog(url: str) -> dict[str, Table]:
    """Return every relation of our schemas by its qualified name."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        tables = {row["oid"]: _table(row) for row in connection.execute(_TABLES)}
        oids = list(tables)
        for query, attribute in (
            (_COLUMNS, "columns"),
            (_CONSTRAINTS, "constraints"),
            (_INDEXES, "indexes"),
            (_POLICIES, "policies"),
        ):
            for row in connection.execute(query, [oids]):
                getattr(tables[row["oid"]], attribute).append(row)
    return {table.name: table for table in tables.values()}


def read_open_partitions(url: str) -> list[str]:
    """Return the partitions that a role but the owner could read past their table's policies."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        return [row["name"] for row in connection.execute(_OPEN_PARTITIONS)]


def _table(row: dict[str, Any]) -> Table:
    return Table(
        oid=row["oid"],
        name=row["name"],
        kind=row["kind"],
        owner=row["owner"],
        has_row_security=row["relrowsecurity"],
        is_forced=row["relforcerowsecurity"],
        options=row["options"],
    )
