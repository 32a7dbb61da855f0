"""Whether a rollup holds what its source does, and counting it anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from myriad.scale.data.database import Database
from myriad.scale.data.rollups.ddl import counted, fill_dml, lock_text
from myriad.scale.data.rollups.declaration import Rollup
from myriad.scale.tenancy import TenantId

_TENANT = "current_setting('app.tenant_id')"
_ARCHIVED = """
SELECT month FROM platform.partition_archive WHERE table_name = %(source)s
"""
_COMPARE = """
WITH raw AS ({raw}), kept AS (
    SELECT {columns} FROM {target} WHERE tenant_id = CAST(:tenant_id AS uuid) AND {live}
)
SELECT {keys}, {raw_measures}, {kept_measures} FROM raw FULL JOIN kept USING ({key_columns})
WHERE ({raw_plain}) IS DISTINCT FROM ({kept_plain})
ORDER BY {key_columns} LIMIT :most
"""


@dataclass(frozen=True)
class Difference:
    """One key of a rollup with what the rows say and what the rollup says, by measure."""

    keys: dict[str, Any]
    raw: dict[str, int]
    kept: dict[str, int]


async def compare(
    database: Database, rollup: Rollup, tenant_id: TenantId, *, most: int = 100
) -> list[Difference]:
    """Return where the rollup of a tenant differs from its rows, at most `most` keys.

    Rows and rollup are read in one statement, so that writers do not matter. A key that is missing
    and one that counts nothing are the same.
    """
    statement = text(_compare_sql(rollup))
    given = await _parameters(database, rollup, tenant_id)
    async with database.read_session(tenant_id) as session:
        rows = (await session.execute(statement, {**given, "most": most})).mappings().all()
    return [_difference(rollup, dict(row)) for row in rows]


async def rebuild(database: Database, rollup: Rollup, tenant_id: TenantId) -> int:
    """Count the rollup of a tenant anew and return its rows; writers of that tenant wait meanwhile."""
    given = await _parameters(database, rollup, tenant_id)
    lock = f"SELECT pg_advisory_xact_lock(hashtextextended({lock_text(rollup, _TENANT)}, 0))"
    gone = f"DELETE FROM {rollup.target} WHERE {_OF_TENANT} AND {_live(rollup)}"  # noqa: S608 - declared.
    async with database.session(tenant_id) as session:
        await session.execute(text(lock))
        await session.execute(text(gone), given)
        made = await session.execute(text(fill_dml(rollup, _OF_TENANT)), given)
        return int(getattr(made, "rowcount", 0))


_OF_TENANT = "tenant_id = CAST(:tenant_id AS uuid)"


async def _parameters(database: Database, rollup: Rollup, tenant_id: TenantId) -> dict[str, object]:
    if rollup.month_key is None:
        return {"tenant_id": str(tenant_id)}
    rows = await database.crossing_rows(
        "a rollup leaves archived months alone", _ARCHIVED, {"source": rollup.source}
    )
    return {"tenant_id": str(tenant_id), "archived": [row["month"] for row in rows]}


def _live(rollup: Rollup) -> str:
    if rollup.month_key is None:
        return "true"
    return f"date_trunc('month', {rollup.month_key}::timestamp)::date <> ALL(CAST(:archived AS date[]))"


def _compare_sql(rollup: Rollup) -> str:
    raw = [f"coalesce(raw.{one}, 0)" for one in rollup.measures]
    kept = [f"coalesce(kept.{one}, 0)" for one in rollup.measures]
    return _COMPARE.format(
        raw=counted(rollup, _OF_TENANT),
        columns=", ".join((*rollup.keys, *rollup.measures)),
        target=rollup.target,
        live=_live(rollup),
        keys=", ".join(rollup.keys),
        key_columns=", ".join(rollup.keys),
        raw_measures=", ".join(
            f"{one} AS raw_{name}" for one, name in zip(raw, rollup.measures, strict=True)
        ),
        kept_measures=", ".join(
            f"{one} AS kept_{name}" for one, name in zip(kept, rollup.measures, strict=True)
        ),
        raw_plain=", ".join(raw),
        kept_plain=", ".join(kept),
    )


def _difference(rollup: Rollup, row: dict[str, Any]) -> Difference:
    return Difference(
        {name: row[name] for name in rollup.keys if name != "tenant_id"},
        {name: row[f"raw_{name}"] for name in rollup.measures},
        {name: row[f"kept_{name}"] for name in rollup.measures},
    )
