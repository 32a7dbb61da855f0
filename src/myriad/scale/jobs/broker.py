"""Celery as the carrier of wake-ups: its settings, and sending job ids to workers.

A message holds ids only and may be lost or doubled without harm: the row decides. Messages are
acknowledged early, because PostgreSQL redelivers and Redis need not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from myriad.kit.errors import UnavailableError
from myriad.scale.jobs.choice import ChosenJob
from myriad.scale.jobs.store import CLASSES

QUEUE = "jobs"
RUN_JOB = "myriad.run_job"
PUBLISH_BATCH = 500
_SOCKET_SECONDS = 30
_OUTAGES = (OperationalError, RedisError, OSError)

# Prefetch is off so that a job waits in the shared queue, never inside a busy worker.
SETTINGS: dict[str, Any] = {
    "task_acks_late": False,
    "task_reject_on_worker_lost": False,
    "task_ignore_result": True,
    "task_default_queue": QUEUE,
    "task_serializer": "json",
    "accept_content": ["json"],
    "result_backend": None,
    "worker_prefetch_multiplier": 1,
    "worker_disable_prefetch": True,
    "worker_hijack_root_logger": False,
    "worker_redirect_stdouts": False,
    "worker_send_task_events": False,
    "worker_enable_remote_control": False,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "broker_transport_options": {
        "queue_order_strategy": "priority",
        "socket_timeout": _SOCKET_SECONDS,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 25,
        "global_keyprefix": "myriad:",
        "deadletter_queue": "undeliverable",
    },
}


def queue_name(worker_name: str, job_class: int) -> str:
    """Return the queue of one worker and one class; `job_class` is a rank, 0 is interactive."""
    return f"{QUEUE}.{worker_name}.{CLASSES[job_class]}"


def create_celery(broker_url: str) -> Celery:
    """Return a Celery application on the broker; `redis+unix` sockets are written redis+socket."""
    app = Celery("myriad", broker=broker_url, set_as_current=False)
    app.conf.update(SETTINGS)
    return app


class Publisher:
    """Sends the ids of dispatched jobs; blocks, so callers on a loop use a thread."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def publish(self, jobs: Sequence[ChosenJob]) -> None:
        """Send one message a job in one batch, or raise UnavailableError when Redis is away."""
        try:
            with self._app.producer_pool.acquire(block=True) as producer:
                self._send(jobs, producer)
        except _OUTAGES as error:
            raise UnavailableError(f"the broker cannot be reached: {error}") from error

    def _send(self, jobs: Sequence[ChosenJob], producer: Any) -> None:
        with producer.batch(PUBLISH_BATCH):
            for job in jobs:
                self._app.send_task(
                    RUN_JOB,
                    args=[str(job.tenant_id), str(job.job_id), job.task],
                    producer=producer,
                    retry=False,
                )

    def backlog(self) -> int:
        """Return how many messages wait in the queue, or raise UnavailableError."""
        try:
            with self._app.connection_for_read() as connection, connection.channel() as opened:
                channel: Any = opened
                return int(channel._size(QUEUE))  # noqa: SLF001 - a passive declare creates the queue
        except _OUTAGES as error:
            raise UnavailableError(f"the broker cannot be reached: {error}") from error

    def close(self) -> None:
        """Close the connections."""
        self._app.close()
