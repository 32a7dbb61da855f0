"""Jobs: a queue of record in PostgreSQL; Celery and Redis only carry the wake-ups."""

from myriad.scale.jobs.capacity import BacklogFullError
from myriad.scale.jobs.enqueue import enqueue
from myriad.scale.jobs.errors import (
    BudgetExhaustedError,
    JobIsLiveError,
    JobNotFoundError,
    LeaseLostError,
    PermanentJobError,
    RetryLaterError,
)
from myriad.scale.jobs.job import Job
from myriad.scale.jobs.packs import enqueue_fan_out, enqueue_many
from myriad.scale.jobs.registry import Batch, Payload, task
from myriad.scale.jobs.status import (
    JobStatus,
    cancel,
    find_job,
    get_job,
    list_dead,
    list_jobs,
    replay,
)

__all__ = [
    "BacklogFullError",
    "Batch",
    "BudgetExhaustedError",
    "Job",
    "JobIsLiveError",
    "JobNotFoundError",
    "JobStatus",
    "LeaseLostError",
    "Payload",
    "PermanentJobError",
    "RetryLaterError",
    "cancel",
    "enqueue",
    "enqueue_fan_out",
    "enqueue_many",
    "find_job",
    "get_job",
    "list_dead",
    "list_jobs",
    "replay",
    "task",
]
