"""Asking for a phase of a move, and how it stands: for the screen and the API alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args
from uuid import UUID

from myriad.products.kamioi.legacy.moves import (
    LegacyFile,
    find_legacy_file,
    get_legacy_file,
    take_step,
)
from myriad.scale.data import Database, ReadSession, Session
from myriad.scale.data.migrate import MappingError, MigrationMissingError
from myriad.scale.data.migrate.steps import Asked, following
from myriad.scale.directory import Principal
from myriad.scale.directory.audit import record_event
from myriad.scale.jobs.enqueue import enqueue
from myriad.scale.jobs.status import JobStatus, list_jobs

MOVE_TASK = "kamioi.migration.move"
Phase = Literal[
    "off", "dual_write", "backfill", "verify", "shadow_read", "read_pg", "pg_primary", "done"
]
PHASE_NAMES: tuple[Phase, ...] = get_args(Phase)


@dataclass(frozen=True)
class MoveStatus:
    """How a move stands: the file, what the move itself tells, its last jobs.

    `fault` says why the move cannot be looked at: its file is gone, or is another.
    """

    legacy: LegacyFile | None
    facts: dict[str, Any]
    jobs: Sequence[JobStatus]
    fault: str = ""

    @property
    def phase(self) -> str:
        """The phase in which the move is."""
        return str(self.facts.get("phase", "off"))

    @property
    def following(self) -> str | None:
        """The phase that comes next; None behind the last."""
        return following(self.phase)

    @property
    def obstacle(self) -> str | None:
        """Why the way on is shut; None where it is open, or goes through work and no gate."""
        is_gated = self.phase in ("verify", "shadow_read", "read_pg", "pg_primary")
        return self.facts["obstacle"] if is_gated else None

    @property
    def checksums(self) -> Sequence[dict[str, Any]]:
        """What the compared chunks of each table come to, on both sides."""
        found: Sequence[dict[str, Any]] = self.facts.get("checksums", ())
        return found

    @property
    def kept(self) -> Sequence[dict[str, Any]]:
        """Rows kept apart or taken with a loss, by table and reason."""
        found: Sequence[dict[str, Any]] = self.facts.get("kept", ())
        return found

    @property
    def is_at_work(self) -> bool:
        """Whether a job of the move waits or runs."""
        return any(job.is_live for job in self.jobs)

    @property
    def chunks(self) -> int:
        """How many chunks there are in all."""
        return sum(one["chunks"] for one in self.facts.get("chunks", ()))

    @property
    def chunks_copied(self) -> int:
        """How many of them were copied."""
        return sum(
            one["chunks"] for one in self.facts.get("chunks", ()) if one["state"] != "waiting"
        )


async def get_move_status(database: Database, session: ReadSession) -> MoveStatus:
    """Return how the move into the session's programme stands."""
    legacy = await find_legacy_file(session)
    jobs = await list_jobs(session, task=MOVE_TASK, limit=10)
    if legacy is None:
        return MoveStatus(None, {}, jobs)
    try:
        answer = await take_step(database, legacy, "status", Asked())
    except MigrationMissingError:
        return MoveStatus(legacy, {}, jobs)
    except MappingError as error:
        return MoveStatus(legacy, {}, jobs, str(error))
    return MoveStatus(legacy, answer.result, jobs)


async def ask_for_phase(
    session: Session, caller: Principal, phase: Phase, *, again: bool = False, repair: bool = False
) -> UUID:
    """Queue bringing the move to a phase; return the job. Asked twice at once it is one job.

    Raises NoLegacyFileError where nothing is moved into this programme.
    """
    legacy = await get_legacy_file(session)
    payload = {"phase": phase, "again": again, "repair": repair}
    job = await enqueue(session, MOVE_TASK, payload, dedup_key=f"{legacy.name}:{phase}")
    record_event(session, caller.tenant_id, "kamioi.migration_asked", actor=caller, subject=phase)
    return job
