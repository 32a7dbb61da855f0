"""The move of an old kamioi.db over HTTP: how it stands, on to the next phase, the way back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import BaseModel

from myriad.products.kamioi.legacy.asking import Phase, ask_for_phase, get_move_status
from myriad.products.kamioi.legacy.moves import NoLegacyFileError
from myriad.scale.http import CurrentRuntime, Owner, Router, TenantReadSession, TenantSession

router = Router()
_NOTHING: dict[int | str, dict[str, Any]] = {
    404: {"description": "Nothing is moved into this programme."}
}


class ChunkCount(BaseModel):
    """How many chunks of a table are in a state: waiting, copied, good or bad."""

    target: str
    state: str
    chunks: int
    rows_read: int
    rows_refused: int


class Checksum(BaseModel):
    """What the compared chunks of a table come to, on both sides."""

    target: str
    chunks: int
    sqlite: str
    postgres: str


class KeptRows(BaseModel):
    """Rows kept apart (`is_refused`) or taken with a loss, by reason; numbers in it read N."""

    target: str
    is_refused: bool
    reason: str
    rows: int


class MigrationStatus(BaseModel):
    """How the move stands; `obstacle` says why the way on is shut, null where it is open."""

    phase: str
    following: str | None
    obstacle: str | None
    lag_seconds: float
    clean_verifications: int
    shadow_compared: int
    shadow_differed: int
    waiting_back: int
    is_at_work: bool
    chunks: list[ChunkCount]
    checksums: list[Checksum]
    kept: list[KeptRows]


class AskedPhase(BaseModel):
    """The job that goes there; its end is told under /admin/tasks."""

    job_id: UUID


@router.get("/admin/migration/status", responses=_NOTHING)
async def read_migration(
    _caller: Owner, session: TenantReadSession, runtime: CurrentRuntime
) -> MigrationStatus:
    """Return how the move into the caller's programme stands."""
    view = await get_move_status(runtime.database, session)
    if view.legacy is None or not view.facts:
        raise NoLegacyFileError(view.fault or "nothing is moved into this programme")
    return MigrationStatus.model_validate(
        {**view.facts, "following": view.following, "is_at_work": view.is_at_work}
    )


@router.post("/admin/migration/{phase}", status_code=202, responses=_NOTHING)
async def go_to_phase(
    phase: Phase, caller: Owner, session: TenantSession, again: bool = False, repair: bool = False
) -> AskedPhase:
    """Bring the move to a phase: the next one, the present one's work once more, or `off`."""
    job_id = await ask_for_phase(session, caller, phase, again=again, repair=repair)
    return AskedPhase(job_id=job_id)
