"""PostgreSQL's own outbox: triggers on the moved tables enter every row that the new program writes."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg
from psycopg import sql

from myriad.scale.data.migrate.carrying import Carrier
from myriad.scale.data.migrate.errors import PhaseError
from myriad.scale.data.migrate.state import connect
from myriad.scale.data.migrate.ways import WayBack, ways_back

_REFERENCES = {
    "INSERT": "NEW TABLE AS written",
    "UPDATE": "OLD TABLE AS gone NEW TABLE AS written",
    "DELETE": "OLD TABLE AS written",
}


def note_writes(carrier: Carrier, owner_url: str) -> None:
    """Enter from here on what is written; again changes nothing. Raises PhaseError without the right."""
    statements = [one for way in ways_back(carrier) for one in _triggers(carrier.mapping.name, way)]
    _as_owner(owner_url, statements)


def stop_noting(carrier: Carrier, owner_url: str) -> None:
    """Drop the triggers where there are any, which none but their owner may."""
    name = carrier.mapping.name
    wanted = [
        (way, _trigger_name(name, way, one)) for way in ways_back(carrier) for one in _REFERENCES
    ]
    found = carrier.connection.execute(
        "SELECT tgname FROM pg_trigger WHERE tgname = ANY(%s)", [[one for _, one in wanted]]
    ).fetchall()
    there = {row[0] for row in found}
    drop = sql.SQL("DROP TRIGGER IF EXISTS {} ON {}")
    statements = [
        drop.format(sql.Identifier(one), way.target.name) for way, one in wanted if one in there
    ]
    if statements:
        _as_owner(owner_url, statements)


def _as_owner(url: str, statements: list[sql.Composed]) -> None:
    owner = connect(url)
    try:
        with owner.transaction():
            owner.execute("SET LOCAL lock_timeout = '10s'")
            for statement in statements:
                owner.execute(statement)
    except psycopg.errors.InsufficientPrivilege:
        raise PhaseError(
            "triggers on the new tables need their owner: give the owner's login as --owner-url"
        ) from None
    finally:
        owner.close()


def _trigger_name(name: str, way: WayBack, event: str) -> str:
    return f"myriad_back_{name}_{way.part}_{event.lower()}"


def _triggers(name: str, way: WayBack) -> Iterator[sql.Composed]:
    table = way.target.table
    constants = {
        one: table.columns[one].fixed()
        for one in way.target.identity
        if not table.columns[one].source
    }
    # A number must stay one: the function compares documents, in which 5 is not "5".
    said = json.dumps(constants, default=str)
    facts = [name, str(way.part), said, *way.target.identity]
    for event, reference in _REFERENCES.items():
        yield sql.SQL(
            "CREATE OR REPLACE TRIGGER {} AFTER {} ON {} REFERENCING {} FOR EACH STATEMENT "
            "EXECUTE FUNCTION platform.note_migrated_write({})"
        ).format(
            sql.Identifier(_trigger_name(name, way, event)),
            sql.SQL(event),
            way.target.name,
            sql.SQL(reference),
            sql.SQL(", ").join(map(sql.Literal, facts)),
        )
