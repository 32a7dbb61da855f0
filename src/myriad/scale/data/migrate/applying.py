"""Writes carried over: what the outbox names is made in PostgreSQL as it is in SQLite."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import psycopg

from myriad.scale.data.migrate.carrying import Carrier, Change, Pair
from myriad.scale.data.migrate.rows import Kept

# Memory holds so many rows, and chunks wait for so long.
MOST_ENTRIES = 20_000
_CARRIED_IN = ("dual_write", "backfill", "verify", "shadow_read", "read_pg")


def apply_writes(carrier: Carrier) -> int:
    """Carry over what has been written since the last time; return how many entries.

    So many at a time, each time one view of SQLite and one transaction of PostgreSQL, which notes
    how far it came: killed anywhere, the next call does the same again from the same place. While
    neither database notes anything (off, done) there is nothing to carry.
    """
    entries, found = 0, MOST_ENTRIES
    while found >= MOST_ENTRIES:
        with carrier.holding(alone=True):
            found = _carry(carrier)
        entries += found
    return entries


def catch_up(carrier: Carrier) -> None:
    """Carry over all that the caller's view of SQLite shows, within its hold on the move."""
    while _carry(carrier) >= MOST_ENTRIES:
        pass


def _carry(carrier: Carrier) -> int:
    """Carry over the next entries; return how many.

    A row is read as it is by now, which may refer to what later entries bring: it is refused then,
    and written with its own last entry, which stands behind those.
    """
    move = carrier.state.get()
    # Asked behind the lock: whoever held it may have ended the move, and taken the outbox away.
    if move["phase"] not in _CARRIED_IN:
        return 0
    seq = move["applied_seq"]
    entries = carrier.source.waiting(seq, MOST_ENTRIES)
    if not entries:
        carrier.state.rows("set_migration_applied", seq=seq)
        return 0
    keys: dict[str, set[int]] = {}
    for _, source, key in entries:
        keys.setdefault(source, set()).add(key)
    written, removed, refused = make_alike(carrier, keys)
    first, last = entries[0][0], entries[-1][0]
    facts = {"written": written, "removed": removed, "refused": refused}
    carrier.state.rows("insert_dual_write", first=first, last=last, **facts)
    carrier.state.rows("prune_dual_write")
    carrier.state.rows("set_migration_applied", seq=last)
    return len(entries)


def make_alike(carrier: Carrier, keys: dict[str, set[int]]) -> tuple[int, int, int]:
    """Bring rows, by source and key, to what they are in SQLite; return written, removed, refused.

    Parents are refused or not before their children are looked at, so parts go in their order.
    """
    changes: dict[int, Change] = {}
    for part, table in enumerate(carrier.mapping.tables):
        if table.source in keys:
            found = sorted(keys[table.source])
            change = changes[part] = carrier.change_of(part, found)
            carrier.state.rows("clear_migration_rows_of", part=part, keys=found)
            carrier.state.keep(part, change.kept)
    if not _tried(carrier, changes, _remove_first) and not _tried(carrier, changes, _write_first):
        _one_by_one(carrier, changes)
    counts = [
        (len(c.pairs), len(c.gone), sum(k.is_refused for k in c.kept)) for c in changes.values()
    ]
    written, removed, refused = (sum(column) for column in zip(*counts, strict=True))
    return written, removed, refused


def _tried(
    carrier: Carrier,
    changes: dict[int, Change],
    order: Callable[[Carrier, dict[int, Change]], None],
) -> bool:
    try:
        with carrier.connection.transaction():
            order(carrier, changes)
    except (psycopg.IntegrityError, psycopg.DataError):
        for target in carrier.targets:
            target.drop_stage()
        return False
    return True


def _remove_first(carrier: Carrier, changes: dict[int, Change]) -> None:
    """A value that must be unique may have moved from a removed row to a new one."""
    for part, change in reversed(changes.items()):
        carrier.remove(part, change.gone)
    for part, change in changes.items():
        carrier.write_all(part, change.pairs)


def _write_first(carrier: Carrier, changes: dict[int, Change]) -> None:
    """A child may have been given another parent before its old one was removed."""
    for part, change in changes.items():
        carrier.write_all(part, change.pairs)
    for part, change in reversed(changes.items()):
        carrier.remove(part, change.gone)


def _one_by_one(carrier: Carrier, changes: dict[int, Change]) -> None:
    for part, change in changes.items():
        before = len(change.kept)
        carrier.write(part, change)
        carrier.state.keep(part, change.kept[before:])
        _forget(change.pairs, change.kept[before:])
    for part, change in reversed(changes.items()):
        for key in change.gone:
            try:
                carrier.remove(part, [key])
            except psycopg.IntegrityError as error:
                reason = f"PostgreSQL does not let it go: {error.diag.message_primary}"
                carrier.state.keep(part, [Kept(key, True, reason, "[]")])


def _forget(pairs: list[Pair], kept: Sequence[Kept]) -> None:
    refused = {one.row_id for one in kept}
    pairs[:] = [pair for pair in pairs if pair[0] not in refused]
