"""The proof: counts and digests of every chunk, rows where they differ, sums of the business."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from myriad.scale.data.migrate.applying import apply_writes, catch_up, make_alike
from myriad.scale.data.migrate.carrying import Carrier
from myriad.scale.data.migrate.errors import PhaseError
from myriad.scale.data.migrate.mapping import SumMap
from myriad.scale.data.migrate.returning import waiting_back, writers_waiting
from myriad.scale.data.migrate.target import digest_rows
from myriad.scale.data.migrate.ways import ways_back

MOST_SHOWN = 20


@dataclass(slots=True)
class Proof:
    """What a verification found. `lost` counts rows of SQLite that are neither here nor kept apart."""

    chunks: int = 0
    rows: int = 0
    refused: int = 0
    bad_chunks: int = 0
    lost: int = 0
    doubled: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether both sides are the same."""
        return not (self.bad_chunks or self.lost or self.doubled or self.examples)


@dataclass(slots=True)
class _Chunk:
    """A chunk as SQLite holds it now: converted rows behind their keys."""

    part: int
    low: int
    high: int
    keys: list[int] = field(default_factory=list)
    rows: list[Sequence[Any]] = field(default_factory=list)
    read: int = 0
    refused: int = 0

    def load(self, carrier: Carrier) -> None:
        """Read and convert its rows."""
        table, converter = carrier.mapping.tables[self.part], carrier.converters[self.part]
        for batch in carrier.source.between(table, self.low, self.high):
            done = converter.convert(batch)
            self.read += len(batch)
            self.refused += sum(one.is_refused for one in done.kept)
            self.keys.extend(done.keys)
            self.rows.extend(done.rows)


def verify_chunk(
    carrier: Carrier, part: int, before: datetime, proof: Proof, *, repair: bool
) -> bool:
    """Compare the next chunk of a part; False where none is left.

    What the outbox still holds is left out of the comparison: it differs because it must. Raises
    PhaseError where PostgreSQL has come to take the writes meanwhile and is to be mended.
    """
    with carrier.holding(alone=repair):
        if repair:
            require_sqlite_writes(carrier)
        claimed = carrier.state.claim(part, ["copied", "good", "bad"], before)
        if claimed is None:
            return False
        carrier.read_keys()
        carrier.load_refused_parents(part)
        chunk = _Chunk(part, claimed["low"], claimed["high"])
        chunk.load(carrier)
        ours, theirs = _digests(carrier, chunk)
        different = {} if ours == theirs else _differences(carrier, chunk)
        if repair and ours != theirs:
            _mend(carrier, chunk, different)
            different, theirs = {}, ours
        is_bad = bool(different) or (ours != theirs and carrier.mapping.tables[part].collapse)
        _note(carrier, chunk, different, proof, is_bad=is_bad)
        carrier.state.rows(
            "end_migration_chunk",
            part=part,
            low=chunk.low,
            state="bad" if is_bad else "good",
            rows_read=chunk.read,
            rows_refused=chunk.refused,
            source_digest=ours,
            target_digest=theirs,
        )
        return True


def require_sqlite_writes(carrier: Carrier) -> None:
    """Raise PhaseError where PostgreSQL takes the writes: mended from SQLite it would lose them."""
    if carrier.goes_back:
        raise PhaseError("PostgreSQL takes the writes, so nothing in it is mended from SQLite")


def _mend(carrier: Carrier, chunk: _Chunk, different: dict[int, str]) -> None:
    target = carrier.targets[chunk.part]
    if target.table.collapse:
        # The whole chunk still stands beside the table.
        target.merge()
    elif different:
        make_alike(carrier, {target.table.source: set(different)})


def _note(
    carrier: Carrier, chunk: _Chunk, different: dict[int, str], proof: Proof, *, is_bad: bool
) -> None:
    name = carrier.mapping.tables[chunk.part].target
    proof.bad_chunks += is_bad
    proof.lost += sum(why == "missing" for why in different.values())
    proof.doubled += sum(why == "not in SQLite" for why in different.values())
    shown = list(different.items())[: MOST_SHOWN - len(proof.examples)]
    proof.examples += [f"{name}: row {key} {why}" for key, why in shown]
    proof.chunks, proof.rows = proof.chunks + 1, proof.rows + chunk.read
    proof.refused += chunk.refused


def _digests(carrier: Carrier, chunk: _Chunk) -> tuple[bytes, bytes]:
    target = carrier.targets[chunk.part]
    if target.ordered and not target.table.collapse:
        ours = digest_rows(carrier.connection, target.types, chunk.rows)
        return ours, target.digest_of(target.range_out(chunk.low, chunk.high))
    carrier.use_stage(target)
    ours = target.copy_in([chunk.rows], stage=True)
    if target.table.collapse:
        return ours, b"" if target.uncovered() else ours
    return ours, target.digest_of(target.staged_out())


def _differences(carrier: Carrier, chunk: _Chunk) -> dict[int, str]:
    """Return the keys whose rows differ, each with how, but for those that the outbox names."""
    target = carrier.targets[chunk.part]
    if target.table.collapse:
        return {}
    query = target.range_out(chunk.low, chunk.high) if target.ordered else target.staged_out()
    places = [target.table.names.index(name) for name in target.table.key]
    theirs = {tuple(row[at] for at in places): row for row in target.rows_of(query)}
    compared = _compared(carrier, chunk.part)
    documents = {at for at, name in enumerate(target.types) if name == "jsonb"}
    found: dict[int, str] = {}
    for key, row in zip(chunk.keys, chunk.rows, strict=True):
        other = theirs.pop(tuple(row[at] for at in places), None)
        if other is None:
            found[key] = "missing"
        elif any(plain(row[at], is_document=at in documents) != other[at] for at in compared):
            found[key] = "differs"
    if target.ordered:
        at = target.table.names.index(target.ordered)
        found.update((row[at], "not in SQLite") for row in theirs.values())
    # What PostgreSQL itself refused is missing and known to be.
    refused = {row["row_id"] for row in carrier.state.rows("list_refused_keys", part=chunk.part)}
    waiting = _waiting(carrier, chunk.part)
    return {key: why for key, why in found.items() if key not in waiting | refused}


def _compared(carrier: Carrier, part: int) -> list[int]:
    """Return the places of the columns that must agree: those that go back, once rows do."""
    names = carrier.targets[part].table.names
    if not carrier.goes_back:
        return list(range(len(names)))
    way = next(one for one in ways_back(carrier) if one.part == part)
    return [names.index(name) for name in way.columns]


def _waiting(carrier: Carrier, part: int) -> set[int]:
    """Return the keys of rows whose last write is not carried yet, in whichever direction."""
    if carrier.goes_back:
        return waiting_back(carrier, part)
    return carrier.waiting_keys(carrier.targets[part].table.source)


def plain(value: Any, *, is_document: bool) -> Any:
    """Return a converted value as PostgreSQL gives it out; documents go in as text."""
    return json.loads(value) if is_document and value is not None else value


def settle(carrier: Carrier, proof: Proof, *, repair: bool) -> None:
    """End a verification: counts of whole tables and the sums, with nothing left to carry over."""
    if carrier.goes_back:
        with writers_waiting(carrier):
            _count_and_sum(carrier, proof)
        return
    apply_writes(carrier)
    if repair:
        retry_refused(carrier)
    with carrier.holding(alone=True):
        catch_up(carrier)
        _count_and_sum(carrier, proof)


def _count_and_sum(carrier: Carrier, proof: Proof) -> None:
    for part in range(len(carrier.targets)):
        _compare_counts(carrier, part, proof)
    carrier.list_kept_in_source()
    _, differing = compare(carrier, carrier.mapping.sums)
    proof.examples += [f"the sum {name!r} differs" for name in differing]
    carrier.state.rows("note_verification", is_clean=proof.is_clean)


def _compare_counts(carrier: Carrier, part: int, proof: Proof) -> None:
    target = carrier.targets[part]
    if target.table.collapse:
        return
    wanted = carrier.source.count(target.table)
    refused = len(carrier.state.rows("list_refused_keys", part=part))
    there = target.count()
    if there > wanted - refused:
        proof.doubled = max(proof.doubled, there - wanted + refused)
        proof.examples.append(f"{target.table.target} has {there - wanted + refused} rows too many")
    elif there < wanted - refused:
        proof.lost = max(proof.lost, wanted - refused - there)
        proof.examples.append(f"{target.table.target} lacks {wanted - refused - there} rows")


def retry_refused(carrier: Carrier) -> None:
    """Try rows kept apart once more: their parents may have come, or the mapping may know better."""
    with carrier.holding(alone=True):
        require_sqlite_writes(carrier)
        keys: dict[str, set[int]] = {}
        for part, table in enumerate(carrier.mapping.tables):
            found = {row["row_id"] for row in carrier.state.rows("list_refused_keys", part=part)}
            keys.setdefault(table.source, set()).update(found)
        if any(keys.values()):
            make_alike(carrier, {source: some for source, some in keys.items() if some})


def compare(carrier: Carrier, questions: Sequence[SumMap]) -> tuple[int, list[str]]:
    """Ask both databases; return how many questions were asked and the names of those that differ."""
    differing = []
    for one in questions:
        ours = [_counted(row) for row in carrier.source.rows(one.sqlite)]
        found = carrier.connection.execute(one.postgres.encode()).fetchall()
        if ours != [_counted(row) for row in found]:
            differing.append(one.name)
    return len(questions), differing


def _counted(row: Sequence[Any]) -> list[Any]:
    return [_number(value) for value in row]


def _number(value: Any) -> Any:
    if isinstance(value, float):
        # SQLite adds floats; what is left of that behind the sixth digit says nothing.
        return round(Decimal(repr(value)), 6)
    if isinstance(value, int | Decimal):
        return round(Decimal(int(value) if isinstance(value, bool) else value), 6)
    return value if value is None else str(value)
