"""Jobs of the register: the operator's folder is looked at, and what follows is taken."""

from __future__ import annotations

from typing import Any

from myriad.products.upswitch.queueing import REGISTER_TASK
from myriad.products.upswitch.registry.errors import RegistryBusyError
from myriad.products.upswitch.registry.kbo.errors import ExtractError
from myriad.products.upswitch.registry.kbo.folder import NoFolderError
from myriad.products.upswitch.registry.kbo.updating import update_from_folder
from myriad.products.upswitch.settings import UpswitchSettings
from myriad.scale.jobs import Job, RetryLaterError, task

_BUSY_SECONDS = 60.0
_SIX_HOURS = 6 * 3600.0


@task(
    REGISTER_TASK,
    max_attempts=4,
    lease_seconds=120,
    timeout_seconds=_SIX_HOURS,
    job_class="low",
    permanent=(ExtractError, NoFolderError),
)
async def update_register(job: Job, payload: dict[str, Any]) -> None:
    """Take the extracts of the folder that follow; the whole register once, then its updates."""
    folder = job.runtime.settings_of(UpswitchSettings).kbo_folder
    if folder is None:
        raise NoFolderError("No folder of extracts: set MYRIAD_UPSWITCH__KBO_FOLDER.")

    async def tell(done: int, total: int, message: str) -> None:
        await job.progress(done, total, message)

    try:
        updated = await update_from_folder(job.runtime.database, folder, tell)
    except RegistryBusyError as error:
        raise RetryLaterError(_BUSY_SECONDS, error.detail) from None
    await job.progress(updated.taken, updated.taken, f"extract {updated.last}")
