"""The job of a move: one phase, in a worker."""

from __future__ import annotations

from typing import Any

from myriad.kit.errors import ConflictError, InvalidInputError, NotFoundError
from myriad.products.kamioi.legacy.asking import MOVE_TASK
from myriad.products.kamioi.legacy.moves import bring_to, get_legacy_file
from myriad.scale.data.migrate.steps import Asked
from myriad.scale.jobs import Job, task

_LONGEST_MESSAGE = 400


@task(
    MOVE_TASK,
    max_attempts=3,
    lease_seconds=60,
    timeout_seconds=6 * 3600,
    job_class="default",
    permanent=(ConflictError, InvalidInputError, NotFoundError),
)
async def move(job: Job, payload: dict[str, Any]) -> dict[str, Any]:
    """Bring the programme's move to a phase, and tell what that found."""
    legacy = await get_legacy_file(job.session)
    await job.checkpoint()
    asked = Asked(again=payload["again"], repair=payload["repair"])
    answer = await bring_to(job.runtime.database, legacy, payload["phase"], asked)
    told = answer.lines[:1] if answer.is_right else answer.lines
    message = " ".join(told)[:_LONGEST_MESSAGE]
    await job.progress(1, 1, message, stage=payload["phase"])
    return {"is_right": answer.is_right}
