"""What PostgreSQL takes as JSON is cast in the SQL: `TenantQueries` sends nothing else as JSON."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import psycopg

import myriad
from myriad.scale.data import NamedQueries
from myriad.scale.data.tenant_queries import documents_of
from myriad.scale.embedded.servers import ServerUrls

_LOADED = re.compile(r'TenantQueries\.load\("(?P<package>[\w.]+)"\)')
_PARAMETER = re.compile(r"%\((\w+)\)s")
_TYPES = "SELECT parameter_types::text[] FROM pg_prepared_statements WHERE name = 'asked'"


def _packages() -> set[str]:
    """Return the packages whose SQL `TenantQueries` runs."""
    sources = Path(str(files(myriad))).rglob("*.py")
    return {name for file in sources for name in _LOADED.findall(file.read_text(encoding="utf-8"))}


def _types_of(connection: psycopg.Connection, sql: str) -> dict[str, str] | None:
    """Return parameters' types as PostgreSQL infers them; None for a part of a query."""
    places: dict[str, int] = {}
    text = _PARAMETER.sub(lambda at: f"${places.setdefault(at[1], len(places) + 1)}", sql)
    try:
        connection.execute(f"PREPARE asked AS {text.replace('%%', '%').rstrip('; ')}".encode())
    except psycopg.Error:
        return None
    found = connection.execute(_TYPES).fetchone()
    connection.execute("DEALLOCATE asked")
    return {name: found[0][place - 1] for name, place in places.items()} if found else None


def test_every_parameter_that_postgresql_takes_as_json_is_cast(database_urls: ServerUrls) -> None:
    undeclared, understood = [], 0
    with psycopg.connect(database_urls.database_url, autocommit=True) as connection:
        for package in sorted(_packages()):
            queries = NamedQueries.load(package)
            for name in queries:
                types = _types_of(connection, queries[name])
                understood += types is not None
                wanted = {key for key, kind in (types or {}).items() if kind in {"json", "jsonb"}}
                missing = sorted(wanted - set(documents_of(queries[name])))
                undeclared += [f"{package} {name}: write %({key})s::jsonb" for key in missing]
    assert not undeclared
    assert understood > 200
