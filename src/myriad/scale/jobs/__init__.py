"""Jobs: a queue of record in PostgreSQL; Celery and Redis only carry the wake-ups."""

from myriad.scale.jobs.batches import enqueue_item, enqueue_items
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
from myriad.scale.jobs.graph import Graph, Node, cancel_graph, enqueue_graph
from myriad.scale.jobs.job import Job
from myriad.scale.jobs.packs import enqueue_fan_out, enqueue_many
from myriad.scale.jobs.registry import Batch, Payload, task
from myriad.scale.jobs.status import (
    JobStatus,
    cancel,
    cancel_many,
    find_job,
    get_job,
    list_dead,
    list_jobs,
    replay,
    replay_many,
)

__all__ = [
    "BacklogFullError",
    "Batch",
    "BudgetExhaustedError",
    "Graph",
    "Job",
    "JobIsLiveError",
    "JobNotFoundError",
    "JobStatus",
    "LeaseLostError",
    "Node",
    "Payload",
    "PermanentJobError",
    "RetryLaterError",
    "cancel",
    "cancel_graph",
    "cancel_many",
    "enqueue",
    "enqueue_fan_out",
    "enqueue_graph",
    "enqueue_item",
    "enqueue_items",
    "enqueue_many",
    "find_job",
    "get_job",
    "list_dead",
    "list_jobs",
    "replay",
    "replay_many",
    "task",
]
