"""The table of a rollup, and the triggers that keep it equal to the rows it counts.

A statement's transition tables hold what it added and took away; one upsert brings that into the
rollup, in the order of its keys so that two statements lock its rows in one order. The function runs
as whoever writes, so that row security holds for the rollup as for its source. `specs/data.md` 3 has
the measurements: 10,000 new rows cost 40 to 90 ms, whatever the table's size.
"""

from __future__ import annotations

from myriad.scale.data.migrations import protect
from myriad.scale.data.migrations.operations import Executes
from myriad.scale.data.rollups.declaration import Rollup

_ADDED, _GONE = "added", "gone"
_FUNCTION = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
{insert}
    ELSIF TG_OP = 'DELETE' THEN
{delete}
    ELSE
{update}
    END IF;
    RETURN NULL;
END $$
"""
# A rebuild takes the same lock alone: it sees all rows of the statements before it, and those after
# it add to what it has written.
_LOCK = """
        PERFORM pg_advisory_xact_lock_shared(hashtextextended({lock}, 0))
        FROM (SELECT DISTINCT tenant_id FROM {rows} ORDER BY tenant_id) AS touched;"""
_UPSERT = """
        INSERT INTO {target} AS kept ({columns})
        SELECT {keys}, {measures} FROM {rows}
        WHERE {where} GROUP BY {key_numbers}{having} ORDER BY {key_numbers}
        ON CONFLICT ({key_columns}) DO UPDATE SET {additions};"""
_BOTH = "(SELECT 1 AS sign, added.* FROM added UNION ALL SELECT -1 AS sign, gone.* FROM gone) AS changed"
_REFERENCES = {
    "insert": f"NEW TABLE AS {_ADDED}",
    "delete": f"OLD TABLE AS {_GONE}",
    "update": f"OLD TABLE AS {_GONE} NEW TABLE AS {_ADDED}",
}


def create_rollup(op: Executes, rollup: Rollup) -> None:
    """Create the table of `rollup` under row security, fill it, and have it follow its source.

    The source is locked while it is counted, and in this transaction only its row security is not
    forced on its owner, who counts for all tenants.
    """
    op.execute(table_ddl(rollup))
    op.execute(f"ALTER TABLE {rollup.source} NO FORCE ROW LEVEL SECURITY")
    op.execute(fill_dml(rollup))
    op.execute(f"ALTER TABLE {rollup.source} FORCE ROW LEVEL SECURITY")
    required = [f"ALTER COLUMN {name} SET NOT NULL" for name in (*rollup.keys, *rollup.measures)]
    op.execute(f"ALTER TABLE {rollup.target} {', '.join(required)}")
    bare = rollup.target.split(".")[1]
    op.execute(
        f"ALTER TABLE {rollup.target} ADD CONSTRAINT pk_{bare} PRIMARY KEY "
        f"({', '.join(rollup.keys)})"
    )
    # An update of what is no key stays on its page when there is room.
    op.execute(f"ALTER TABLE {rollup.target} SET (fillfactor = 80)")
    protect(op, rollup.target)
    op.execute(function_ddl(rollup))
    for event in _REFERENCES:
        op.execute(trigger_ddl(rollup, event))


def drop_rollup(op: Executes, rollup: Rollup) -> None:
    """Drop the triggers, their function and the table of `rollup`."""
    bare = rollup.target.split(".")[1]
    for event in _REFERENCES:
        op.execute(f"DROP TRIGGER {bare}_{event} ON {rollup.source}")
    op.execute(f"DROP FUNCTION {rollup.target}_follow()")
    op.execute(f"DROP TABLE {rollup.target}")


def table_ddl(rollup: Rollup) -> str:
    """Return the statement that creates the table, its types taken from the source's columns."""
    keys = [f"{expression} AS {name}" for name, expression in rollup.keys.items()]
    sums = [f"{expression} AS {name}" for name, expression in rollup.sums.items()]
    columns = ", ".join([*keys, f"0::bigint AS {rollup.count}", *sums])
    return f"CREATE TABLE {rollup.target} AS SELECT {columns} FROM {rollup.source} WITH NO DATA"  # noqa: S608 - declared.


def fill_dml(rollup: Rollup, condition: str = "true") -> str:
    """Return the statement that counts those rows of the source that meet `condition`."""
    columns = ", ".join((*rollup.keys, *rollup.measures))
    return f"INSERT INTO {rollup.target} ({columns}) {counted(rollup, condition)}"


def counted(rollup: Rollup, condition: str = "true") -> str:
    """Return the query of what `rollup` must hold, from those rows that meet `condition`."""
    keys = [f"{expression} AS {name}" for name, expression in rollup.keys.items()]
    sums = [f"coalesce(sum({one}), 0) AS {name}" for name, one in rollup.sums.items()]
    columns = ", ".join([*keys, f"count(*) AS {rollup.count}", *sums])
    numbers = ", ".join(str(number + 1) for number in range(len(rollup.keys)))
    return (
        f"SELECT {columns} FROM {rollup.source} "  # noqa: S608 - declared.
        f"WHERE ({rollup.where}) AND ({condition}) GROUP BY {numbers}"
    )


def trigger_ddl(rollup: Rollup, event: str) -> str:
    """Return the statement that creates the trigger for "insert", "update" or "delete"."""
    bare = rollup.target.split(".")[1]
    return (
        f"CREATE TRIGGER {bare}_{event} AFTER {event.upper()} ON {rollup.source} "
        f"REFERENCING {_REFERENCES[event]} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {rollup.target}_follow()"
    )


def function_ddl(rollup: Rollup) -> str:
    """Return the statement that creates the function of the three triggers."""
    return _FUNCTION.format(
        name=f"{rollup.target}_follow",
        insert=_follow(rollup, _ADDED, _ADDED, "1"),
        delete=_follow(rollup, _GONE, _GONE, "-1"),
        update=_follow(rollup, _ADDED, _BOTH, "sign"),
    )


def lock_text(rollup: Rollup, tenant: str) -> str:
    """Return the SQL of the text whose hash is the lock of one tenant's part of a rollup."""
    return f"'rollup {rollup.target} ' || {tenant}::text"


def _follow(rollup: Rollup, touched: str, rows: str, sign: str) -> str:
    changes = [
        f"sum({sign})",
        *(f"coalesce(sum({sign} * ({one})), 0)" for one in rollup.sums.values()),
    ]
    lock = _LOCK.format(lock=lock_text(rollup, "tenant_id"), rows=touched)
    having = f" HAVING {' OR '.join(f'{one} <> 0' for one in changes)}" if sign == "sign" else ""
    upsert = _UPSERT.format(
        target=rollup.target,
        columns=", ".join((*rollup.keys, *rollup.measures)),
        keys=", ".join(rollup.keys.values()),
        measures=", ".join(changes),
        rows=rows,
        where=rollup.where,
        key_numbers=", ".join(str(number + 1) for number in range(len(rollup.keys))),
        key_columns=", ".join(rollup.keys),
        having=having,
        additions=", ".join(f"{one} = kept.{one} + excluded.{one}" for one in rollup.measures),
    )
    return (lock + upsert).strip("\n")
