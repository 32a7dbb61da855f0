"""The phases of a move and the way back.

off -> dual_write -> backfill -> verify -> shadow_read -> read_pg -> pg_primary -> done. Until read_pg
SQLite takes the writes, and the way back is to stop: nothing that the old program knows has changed.
In pg_primary PostgreSQL takes them, the file is closed, and every write is carried back into it, so
that the way back is to carry the rest and open it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from myriad.scale.data.migrate import closing, gates
from myriad.scale.data.migrate.applying import apply_writes, catch_up
from myriad.scale.data.migrate.errors import MappingError, PhaseError
from myriad.scale.data.migrate.place import Place, copy_part, copy_part_alone, spread, verify_part
from myriad.scale.data.migrate.returning import apply_back
from myriad.scale.data.migrate.source import OUTBOX
from myriad.scale.data.migrate.verifying import Proof, compare, require_sqlite_writes, settle
from myriad.scale.data.migrate.ways import list_one_way, ways_back

PHASES = (
    "off",
    "dual_write",
    "backfill",
    "verify",
    "shadow_read",
    "read_pg",
    "pg_primary",
    "done",
)


class Move:
    """One move, from a process that opens others for its chunks."""

    def __init__(self, place: Place, *, workers: int = 2) -> None:
        self.place = place
        self.workers = workers
        self.carrier = place.open()
        self.state = self.carrier.state

    def close(self) -> None:
        """Close both databases."""
        self.carrier.close()

    def begin(self) -> None:
        """off -> dual_write: the triggers stand from here on. Again changes nothing."""
        mapping = self.carrier.mapping
        self.carrier.check()
        self.state.rows("begin_migration", sha256=mapping.sha256)
        self._require_mapping()
        if self.phase == "off":
            # The triggers come first: a phase that says so without them would lose writes.
            self.carrier.source.install(mapping)
            self.state.rows("set_migration_phase", phase="dual_write")

    @property
    def phase(self) -> str:
        """The phase in which the move is."""
        return str(self.state.get()["phase"])

    def _require_mapping(self) -> None:
        if self.state.get()["mapping_sha256"] != self.carrier.mapping.sha256:
            raise MappingError(
                "the mapping file has changed since the move began; roll back, then begin again"
            )

    def _require(self, *phases: str) -> None:
        self._require_mapping()
        if self.phase not in phases:
            raise PhaseError(f"the move is in {self.phase}; this belongs to {' or '.join(phases)}")
        source = self.carrier.source
        if not source.is_installed(self.carrier.mapping) and not closing.is_closed(source):
            raise PhaseError(
                "triggers are missing from the SQLite file, so writes may have been missed: "
                "roll back and begin again"
            )

    def backfill(self) -> int:
        """Copy every chunk that waits, in so many processes; return the rows read."""
        self._require("dual_write", "backfill")
        if self.phase == "dual_write":
            self._plan()
        rows = 0
        for part in range(len(self.carrier.mapping.tables)):
            rows += sum(self._spread(copy_part, part, alone=copy_part_alone))
        self.set_sequences()
        return rows

    def _plan(self) -> None:
        mapping = self.carrier.mapping
        with self.carrier.connection.transaction():
            for part, table in enumerate(mapping.tables):
                bounds = self.carrier.source.bounds(table.source, mapping.chunk_rows)
                self._insert_chunks(part, bounds, "waiting")
            self.state.rows("set_migration_phase", phase="backfill")

    def _insert_chunks(self, part: int, bounds: Iterable[tuple[int, int]], state: str) -> None:
        facts = [{"part": part, "low": low, "high": high, "state": state} for low, high in bounds]
        self.state.each("insert_migration_chunk", facts)

    def _split_last_chunks(self) -> None:
        """Make chunks of the rows that came behind the last ones: each is compared in memory."""
        mapping = self.carrier.mapping
        with self.carrier.holding(alone=True):
            for part, table in enumerate(mapping.tables):
                low = self.state.rows("find_last_migration_chunk", part=part)[0]["low"]
                bounds = self.carrier.source.bounds(table.source, mapping.chunk_rows, low)
                (_, high), *others = bounds
                if others:
                    self.state.rows("set_migration_chunk_high", part=part, low=low, high=high)
                    self._insert_chunks(part, others, "copied")

    def _spread(
        self,
        work: Callable[..., Any],
        part: int,
        *more: Any,
        alone: Callable[..., Any] | None = None,
    ) -> list[Any]:
        arguments = (self.place, part, self.state.now(), *more)
        chunks = [one for one in self.state.rows("count_migration_chunks") if one["part"] == part]
        if self.workers == 1 or sum(one["chunks"] for one in chunks) == 1:
            return [work(*arguments)]
        return spread(self.workers, alone or work, arguments)

    def set_sequences(self) -> None:
        """Let the sequences of the new tables go on behind the highest keys."""
        for target in self.carrier.targets:
            if target.ordered:
                target.set_sequence()

    def verify(self, *, repair: bool = False) -> Proof:
        """Compare both sides; with `repair` first mend what differs, and try refused rows again.

        Raises PhaseError while chunks wait. In pg_primary it proves that SQLite has what can go back.
        """
        self._require("backfill", "verify", "shadow_read", "read_pg", "pg_primary")
        if repair:
            require_sqlite_writes(self.carrier)
        if any(one["state"] == "waiting" for one in self.state.rows("count_migration_chunks")):
            raise PhaseError("chunks wait to be copied: finish the backfill first")
        if self.phase == "backfill":
            self.state.rows("set_migration_phase", phase="verify")
        # Once: behind a program that never rests there is always something to carry over.
        self.carry()
        self._split_last_chunks()
        whole = Proof()
        for part in self._verified():
            for proof in self._spread(verify_part, part, repair):
                _add(whole, proof)
        settle(self.carrier, whole, repair=repair)
        return whole

    def _verified(self) -> list[int]:
        if self.carrier.goes_back:
            return [way.part for way in ways_back(self.carrier)]
        return list(range(len(self.carrier.mapping.tables)))

    def carry(self) -> int:
        """Carry writes over, or back while PostgreSQL takes them; return how many entries."""
        if self.phase == "pg_primary":
            return apply_back(self.carrier)
        return apply_writes(self.carrier)

    def shadow(self, *, again: bool = False) -> list[str]:
        """Ask both databases what the mapping's shadows ask; return the names of those that differ.

        With `again` the time of the shadow reads begins anew, without what differed before.
        """
        self._require("shadow_read", "read_pg")
        with self.carrier.holding(alone=True):
            catch_up(self.carrier)
            if again:
                self.state.rows("begin_shadow_again")
            self.carrier.list_kept_in_source()
            compared, differing = compare(self.carrier, self.carrier.mapping.shadows)
            self.state.rows("note_shadow", compared=compared, differed=len(differing))
        return differing

    def advance(self) -> str:
        """Go to the next phase where its gate is open; return it, else raise PhaseError.

        In done it removes what a step to there has left that was killed.
        """
        phase = self.phase
        if phase == "done":
            gates.clear(self)
            return phase
        self._require(phase)
        gates.check_gate(self)
        following = PHASES[PHASES.index(phase) + 1]
        if following == "pg_primary":
            gates.let_postgres_write(self)
        elif following == "done":
            gates.end(self)
        else:
            gates.enter(self, phase, following)
        return following

    def find_obstacle(self) -> str | None:
        """Return why the move cannot go on now; None where `advance` would go on."""
        try:
            self._require_mapping()
            gates.check_gate(self)
        except (PhaseError, MappingError) as error:
            return str(error)
        return None

    @property
    def owner_url(self) -> str:
        """The login that may put triggers on the new tables."""
        return self.place.owner_url or self.place.url

    def rollback(self) -> None:
        """Back to off from anywhere but done: SQLite takes the writes, rows in PostgreSQL stay."""
        if self.phase == "done":
            raise PhaseError("the move is done; SQLite no longer gets what is written")
        self.carrier.source.require_owner(self.carrier.mapping.name)
        gates.go_back(self)

    def lag_seconds(self) -> float:
        """Return for how long the oldest write has waited to be carried over, or back."""
        move = self.state.get()
        if move["phase"] == "pg_primary":
            return float(self.state.rows("count_migration_back")[0]["seconds"])
        if move["phase"] in ("off", "done") or not self.carrier.source.has_table(OUTBOX):
            return 0.0
        return self.carrier.source.oldest_wait_seconds(move["applied_seq"])

    def kept(self) -> list[dict[str, Any]]:
        """Return how many rows were kept apart, or taken with a loss, by table and reason."""
        return self._named(self.state.rows("count_migration_rows"))

    def _named(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        tables = self.carrier.mapping.tables
        return [{**row, "target": tables[row["part"]].target} for row in rows]

    def status(self) -> dict[str, Any]:
        """Return phase, lag, chunks, checksums, rows kept apart and shadow reads: all of a console."""
        source = self.carrier.source
        return {
            **self.state.get(),
            "lag_seconds": self.lag_seconds(),
            "triggers": source.is_installed(self.carrier.mapping),
            "is_closed": closing.is_closed(source),
            "chunks": self._named(self.state.rows("count_migration_chunks")),
            "checksums": self._named(self.state.rows("list_migration_checksums")),
            "kept": self.kept(),
            "carried_over": self.state.rows("count_dual_writes")[0],
            "waiting_back": self.state.rows("count_migration_back")[0]["waiting"],
            "one_way": list_one_way(self.carrier),
            "obstacle": self.find_obstacle(),
        }


def _add(whole: Proof, proof: Proof) -> None:
    for name in ("chunks", "rows", "refused", "bad_chunks", "lost", "doubled"):
        setattr(whole, name, getattr(whole, name) + getattr(proof, name))
    whole.examples += proof.examples
