"""What must hold before a move goes on, and what is done as it does."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from myriad.scale.data.migrate import closing
from myriad.scale.data.migrate.applying import apply_writes
from myriad.scale.data.migrate.collating import list_differences
from myriad.scale.data.migrate.errors import PhaseError
from myriad.scale.data.migrate.noting import note_writes, stop_noting
from myriad.scale.data.migrate.returning import (
    MOST_ENTRIES,
    apply_back,
    remember_keys,
    writers_waiting,
)

if TYPE_CHECKING:
    from myriad.scale.data.migrate.moving import Move

CLEAN_VERIFICATIONS = 2
MOST_LAG_SECONDS = 1.0
MOST_DIFFERING = 1e-6
_STEPS = {
    "off": "`begin`",
    "dual_write": "`backfill`",
    "backfill": "`verify`, once `backfill` has gone through to its end",
}


def check_gate(move: Move) -> None:
    """Raise PhaseError where the gate out of the present phase is shut; `advance` asks it too."""
    checks = {
        "verify": _may_shadow,
        "shadow_read": _may_read,
        "read_pg": _require_small_lag,
        "pg_primary": _require_small_lag,
    }
    check = checks.get(move.phase)
    if move.phase == "done":
        raise PhaseError("the move is done")
    if check is None:
        raise PhaseError(f"the way on from {move.phase} is the step {_STEPS[move.phase]}")
    check(move)


def _may_shadow(move: Move) -> None:
    clean = move.state.get()["clean_verifications"]
    if clean < CLEAN_VERIFICATIONS:
        raise PhaseError(f"clean verifications in a row: {clean}; {CLEAN_VERIFICATIONS} are wanted")
    _require_small_lag(move)
    if found := list_differences(move.carrier):
        raise PhaseError(
            f'{"; ".join(found)}: set another collation, or `collation = "accepted"` in the mapping'
        )


def _may_read(move: Move) -> None:
    facts, wanted = move.state.get(), move.carrier.mapping.shadow_seconds
    since = (dt.datetime.now(dt.UTC) - facts["shadow_since"]).total_seconds()
    if since < wanted:
        raise PhaseError(f"shadow reads have run for {since:.0f} s; {wanted} s are wanted")
    if not facts["shadow_compared"]:
        raise PhaseError("no shadow read has been compared yet")
    if facts["shadow_differed"] / facts["shadow_compared"] >= MOST_DIFFERING:
        raise PhaseError(
            f"{facts['shadow_differed']} shadow reads differed: mend the cause, then begin their "
            "time again by `shadow --again`"
        )
    _require_small_lag(move)


def _require_small_lag(move: Move) -> None:
    if move.phase == "read_pg" and closing.is_closed(move.carrier.source):
        # Whoever was killed on the way to pg_primary left what waits to the next.
        return
    lag = move.lag_seconds()
    if lag >= MOST_LAG_SECONDS:
        behind = "SQLite" if move.phase == "pg_primary" else "PostgreSQL"
        raise PhaseError(f"{behind} is {lag:.1f} s behind; less than 1 s is wanted")


def let_postgres_write(move: Move) -> None:
    """read_pg -> pg_primary: the file is closed first, so that no moment has two that take writes.

    Killed anywhere, nothing is lost: a closed file takes no writes, and the next call goes on.
    """
    note_writes(move.carrier, move.owner_url)
    closing.close(move.carrier.source, move.carrier.mapping)
    remember_keys(move.carrier)
    while apply_writes(move.carrier):
        pass
    move.set_sequences()
    enter(move, "read_pg", "pg_primary")


def end(move: Move) -> None:
    """pg_primary -> done: nothing is carried back any more; the file stays closed."""
    with writers_waiting(move.carrier):
        _require_phase(move, "pg_primary")
        move.state.rows("set_migration_phase", phase="done")
    clear(move)


def clear(move: Move) -> None:
    """Remove what both databases have noted for each other; again changes nothing."""
    stop_noting(move.carrier, move.owner_url)
    move.state.rows("clear_migration_back")
    move.carrier.source.remove()


def enter(move: Move, before: str, phase: str) -> None:
    """Go from one phase to the next; raise PhaseError where somebody has gone elsewhere meanwhile."""
    with move.carrier.connection.transaction():
        move.state.rows("hold_migration")
        _require_phase(move, before)
        move.state.rows("set_migration_phase", phase=phase)


def _require_phase(move: Move, wanted: str) -> None:
    if move.phase != wanted:
        raise PhaseError(f"somebody has brought the move from {wanted} to {move.phase} meanwhile")


def go_back(move: Move) -> None:
    """Back to off: SQLite takes the writes again, with everything that PostgreSQL was told.

    Rows in PostgreSQL stay. A new backfill writes over them; what was deleted meanwhile shows in
    its verification.
    """
    phase = move.phase
    if phase == "pg_primary":
        # Whoever was killed on this way may have left it open.
        closing.close(move.carrier.source, move.carrier.mapping)
        # Writers of the new program wait for the rest alone.
        while apply_back(move.carrier) >= MOST_ENTRIES:
            pass
        with writers_waiting(move.carrier):
            _require_phase(move, phase)
            closing.reopen(move.carrier.source)
            _forget(move)
    else:
        with move.carrier.connection.transaction():
            move.state.rows("hold_migration")
            _require_phase(move, phase)
            if phase != "off":
                closing.reopen(move.carrier.source)
            _forget(move)
    clear(move)


def _forget(move: Move) -> None:
    for query in ("chunks", "rows", "log"):
        move.state.rows(f"clear_migration_{query}")
    move.state.rows("reset_migration")
