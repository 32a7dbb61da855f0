"""Jobs: a queue of record in PostgreSQL; Celery and Redis only carry the wake-ups."""

from myriad.scale.jobs.enqueue import enqueue
from myriad.scale.jobs.errors import (
    JobIsLiveError,
    JobNotFoundError,
    LeaseLostError,
    PermanentJobError,
    RetryLaterError,
)
from myriad.scale.jobs.job import Job
from myriad.scale.jobs.registry import Payload, task
from myriad.scale.jobs.status import JobStatus, cancel, find_job, get_job, list_dead, replay

__all__ = [
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
    "find_job",
    "get_job",
    "list_dead",
    "replay",
    "task",
]
