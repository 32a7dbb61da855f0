"""Celery 5.7 on Redis. LATE takes acks_late, which loses the least when workers die."""

from __future__ import annotations

import time
from typing import Any

from celery import Celery

from job_peers import marks

LATE: dict[str, Any] = {
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
}
RECOVERY: dict[str, Any] = {
    "visibility_timeout": marks.SILENT_SECONDS,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    "unacked_mutex_expire": marks.SILENT_SECONDS,
}

app = Celery("peer", broker=marks.BROKER)
app.conf.update(
    task_ignore_result=True,
    result_backend=None,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options=RECOVERY if marks.DIES else {},
    **(LATE if marks.LATE else {}),
)


def pause() -> None:
    """Wait as for a provider, then leave the byte; Celery has no asynchronous tasks."""
    time.sleep(marks.WAIT_SECONDS)
    marks.touch()


TASKS: dict[str, Any] = {
    function.__name__: app.task(name=function.__name__)(function)
    for function in (marks.touch, marks.record, pause)
}


def main() -> None:
    """Enqueue in batches, or one by one with a pause after each."""
    name, numbers, rest = marks.asked()
    size = 1 if rest else 500
    producer: Any
    with app.producer_pool.acquire(block=True) as producer:
        for start in range(numbers.start, numbers.stop, size):
            with producer.batch(size):
                for number in range(start, min(start + size, numbers.stop)):
                    arguments = [number] if name == "record" else []
                    TASKS[name].apply_async(arguments, producer=producer)
            time.sleep(rest)


if __name__ == "__main__":
    main()
