"""Celery as the carrier of wake-ups: its settings, and sending job ids to workers.

A message holds the ids of one bundle, for one worker and one class, and may be lost or doubled
without harm: the row decides. Nothing is acknowledged late, because PostgreSQL redelivers and Redis
need not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from celery import Celery, uuid
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from myriad.kit.errors import UnavailableError
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
        # Order is that of the queues; priorities inside one would be three more lists to look at.
        "priority_steps": [0],
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


@dataclass(slots=True)
class Bundle:
    """Jobs that one worker runs in one slot, one after another.

    A member is [tenant, job, class, task]; with a fifth value, the number of its places, it is a
    slice that begins at that job. `jobs` counts both.
    """

    worker_name: str
    job_class: int
    members: list[list[Any]] = field(default_factory=list)
    jobs: int = 0
    seconds: float = 0.0


class Publisher:
    """Sends bundles to workers; blocks, so callers on a loop use a thread."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def publish(self, bundles: Sequence[Bundle]) -> None:
        """Send one message a bundle, many to a round trip.

        Raises UnavailableError when Redis is away; a part may have been sent then.
        """
        try:
            with self._app.producer_pool.acquire(block=True) as producer:
                self._send(bundles, producer)
        except _OUTAGES as error:
            raise UnavailableError(f"the broker cannot be reached: {error}") from error

    def _send(self, bundles: Sequence[Bundle], producer: Any) -> None:
        amqp: Any = self._app.amqp
        with producer.batch(PUBLISH_BATCH):
            for bundle in bundles:
                message = amqp.as_task_v2(
                    uuid(), RUN_JOB, args=[bundle.members], argsrepr="", kwargsrepr=""
                )
                # The nameless exchange leads to a queue by its name, without a binding to keep.
                producer.publish(
                    message.body,
                    exchange="",
                    routing_key=queue_name(bundle.worker_name, bundle.job_class),
                    headers=message.headers,
                    serializer="json",
                    delivery_mode="transient",
                    **message.properties,
                )

    def lengths(self, worker_names: Iterable[str]) -> dict[str, int]:
        """Return how many bundles wait for each worker, or raise UnavailableError."""
        names = list(worker_names)
        try:
            with self._app.connection_for_read() as connection, connection.channel() as opened:
                channel: Any = opened
                return {name: self._length(channel, name) for name in names}
        except _OUTAGES as error:
            raise UnavailableError(f"the broker cannot be reached: {error}") from error

    def _length(self, channel: Any, worker_name: str) -> int:
        ranks = range(len(CLASSES))
        return sum(int(channel._size(queue_name(worker_name, rank))) for rank in ranks)  # noqa: SLF001 - a passive declare would create the queue

    def forget(self, worker_names: Iterable[str]) -> None:
        """Delete the queues and bindings of workers that are gone, or raise UnavailableError."""
        try:
            with self._app.connection_for_write() as connection, connection.channel() as opened:
                channel: Any = opened
                for worker_name in worker_names:
                    for rank in range(len(CLASSES)):
                        # queue_delete knows only what this process has declared.
                        name = queue_name(worker_name, rank)
                        channel._delete(name, QUEUE, QUEUE, None)  # noqa: SLF001
        except _OUTAGES as error:
            raise UnavailableError(f"the broker cannot be reached: {error}") from error

    def close(self) -> None:
        """Close the connections."""
        self._app.close()
