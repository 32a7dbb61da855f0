"""Which handler runs a task: `@task("product.noun.verb")` on an async function."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from myriad.kit.errors import InvalidInputError
from myriad.scale.jobs.errors import DuplicateTaskError, UnknownTaskError

if TYPE_CHECKING:
    from myriad.scale.jobs.job import Job

Payload = dict[str, Any]
Handler = Callable[["Job", Payload], Awaitable[None]]

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){2,}")


@dataclass(frozen=True)
class Task:
    """A handler and its limits.

    A job is a dead letter after `max_attempts` attempts that failed or whose worker died. A worker
    that falls silent is replaced after `lease_seconds`. One attempt may take `timeout_seconds`.
    `permanent` are errors that no retry can cure.
    """

    name: str
    handler: Handler
    max_attempts: int = 10
    lease_seconds: float = 60.0
    timeout_seconds: float = 900.0
    permanent: tuple[type[BaseException], ...] = ()


class Registry:
    """The tasks of one process by name."""

    def __init__(self) -> None:
        self._tasks: dict[str, Task] = {}

    def add(self, task: Task) -> None:
        """Add `task`, or raise DuplicateTaskError; the same function again is no duplicate."""
        known = self._tasks.setdefault(task.name, task)
        if _origin(known.handler) != _origin(task.handler):
            raise DuplicateTaskError(f"task {task.name} is registered twice", task=task.name)

    def get(self, name: str) -> Task:
        """Return the task, or raise UnknownTaskError."""
        try:
            return self._tasks[name]
        except KeyError:
            raise UnknownTaskError(f"no task named {name!r} is registered", task=name) from None

    def find(self, name: str) -> Task | None:
        """Return the task or None."""
        return self._tasks.get(name)

    def all(self) -> Mapping[str, Task]:
        """Return every task by name."""
        return dict(self._tasks)


def _origin(handler: Handler) -> tuple[str | None, str | None]:
    return getattr(handler, "__module__", None), getattr(handler, "__qualname__", None)


REGISTRY = Registry()


def task(
    name: str,
    *,
    max_attempts: int = 10,
    lease_seconds: float = 60.0,
    timeout_seconds: float = 900.0,
    permanent: tuple[type[BaseException], ...] = (),
    registry: Registry = REGISTRY,
) -> Callable[[Handler], Handler]:
    """Register `async def handler(job: Job, payload: dict)` under `<product>.<noun>.<verb>`.

    A job may run more than once after a crash; what it writes through `job.session` counts once.
    Raises InvalidInputError for a malformed name, DuplicateTaskError for one in use.
    """
    if not _NAME.fullmatch(name):
        raise InvalidInputError(f"{name!r} is not of the form product.noun.verb", task=name)

    def register(handler: Handler) -> Handler:
        registry.add(Task(name, handler, max_attempts, lease_seconds, timeout_seconds, permanent))
        return handler

    return register
