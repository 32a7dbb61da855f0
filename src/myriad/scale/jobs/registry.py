"""Which handler runs a task: `@task("product.noun.verb")` on an async function."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from myriad.kit.errors import InvalidInputError
from myriad.scale.jobs.errors import DuplicateTaskError, UnknownTaskError
from myriad.scale.jobs.store import rank_of

if TYPE_CHECKING:
    from myriad.scale.jobs.job import Job

Payload = dict[str, Any]
# What a handler returns is JSON and is kept as the job's result; None is no result.
Handler = Callable[["Job", Payload], Awaitable[Any]]

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){2,}")


@dataclass(frozen=True)
class Batch:
    """Many items to one run: at `max_items`, or `max_wait_seconds` after the first of them."""

    max_items: int = 100
    max_wait_seconds: float = 5.0

    def __post_init__(self) -> None:
        if self.max_items < 1 or self.max_wait_seconds < 0:
            raise InvalidInputError("a batch needs max_items >= 1 and max_wait_seconds >= 0")


@dataclass(frozen=True)
class Task:
    """A handler and its limits.

    A job is a dead letter after `max_attempts` attempts that failed or whose worker died. A worker
    that falls silent is replaced after `lease_seconds`. One attempt may take `timeout_seconds`.
    `permanent` are errors that no retry can cure. Jobs go to `job_class`, or to the class that
    `class_by_plan` names for the tenant's plan. `limits` are further concurrency keys, such as
    `provider:payments`. `cost_seconds` is the first guess of an attempt's length, until it is known.
    """

    name: str
    handler: Handler
    max_attempts: int = 10
    lease_seconds: float = 60.0
    timeout_seconds: float = 900.0
    permanent: tuple[type[BaseException], ...] = ()
    job_class: str = "default"
    class_by_plan: Mapping[str, str] = field(default_factory=dict)
    limits: tuple[str, ...] = ()
    batch: Batch | None = None
    cost_seconds: float | None = None

    def __post_init__(self) -> None:
        for name in (self.job_class, *self.class_by_plan.values()):
            rank_of(name)
        if self.cost_seconds is not None and self.cost_seconds <= 0:
            raise InvalidInputError("cost_seconds must be above zero", task=self.name)


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
    job_class: str = "default",
    class_by_plan: Mapping[str, str] | None = None,
    limits: tuple[str, ...] = (),
    batch: Batch | None = None,
    cost_seconds: float | None = None,
    registry: Registry = REGISTRY,
) -> Callable[[Handler], Handler]:
    """Register `async def handler(job: Job, payload: dict)` under `<product>.<noun>.<verb>`.

    The options are those of `Task`. A job may run more than once after a crash; what it writes
    through `job.session` counts once. Raises InvalidInputError for a malformed name or an unknown
    class, DuplicateTaskError for a name in use.
    """
    if not _NAME.fullmatch(name):
        raise InvalidInputError(f"{name!r} is not of the form product.noun.verb", task=name)

    def register(handler: Handler) -> Handler:
        known = Task(
            name,
            handler,
            max_attempts=max_attempts,
            lease_seconds=lease_seconds,
            timeout_seconds=timeout_seconds,
            permanent=permanent,
            job_class=job_class,
            class_by_plan=dict(class_by_plan or {}),
            limits=limits,
            batch=batch,
            cost_seconds=cost_seconds,
        )
        registry.add(known)
        return handler

    return register
