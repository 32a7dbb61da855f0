"""Celery's thread pool, with one thing added: a thread that becomes free says so.

With prefetch off, Celery 5.7 asks Redis for a message only while a thread is free, and looks
whether one is once a second. That caps a worker at as many jobs a second as it has slots: 8 slots
did 8 short jobs a second. Waking the loop whenever a job ends removes the cap.
"""

from __future__ import annotations

from typing import Any

from celery.concurrency.thread import TaskPool


class WakingThreadPool(TaskPool):
    """A thread pool whose loop looks for the next message as soon as a job has ended."""

    _hub: Any = None

    def register_with_event_loop(self, hub: Any) -> None:
        """Remember the loop that fetches messages."""
        self._hub = hub

    def on_apply(self, *args: Any, **kwargs: Any) -> Any:
        """Run a message in a thread and wake the loop when it has ended."""
        result: Any = super().on_apply(*args, **kwargs)
        if self._hub is not None:
            result.f.add_done_callback(lambda _: self._hub.call_soon(_look_again))
        return result


def _look_again() -> None:
    """Do nothing: being called is what makes the loop go round."""
