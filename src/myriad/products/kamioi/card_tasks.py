"""The job that takes a file of card transactions in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from myriad.products.kamioi.cards import IMPORT_TASK, import_cards
from myriad.products.kamioi.intake.lines import StatementFileError
from myriad.scale.jobs import Job, task


@task(
    IMPORT_TASK,
    job_class="low",
    # Each start of its worker is one, and a large file takes an hour.
    max_attempts=50,
    lease_seconds=60,
    timeout_seconds=3600,
    permanent=(StatementFileError,),
)
async def import_card_file(job: Job, payload: dict[str, Any]) -> dict[str, int]:
    """Take in a file of this machine, as `./myriad up --transactions` names it."""
    return await import_cards(job, Path(payload["path"]))
