"""The transaction in which a sync works, ended and begun anew at every page."""

from __future__ import annotations

from typing import Protocol

from myriad.scale.data import Session
from myriad.scale.jobs.direct import DirectWork, direct_work
from myriad.scale.runtime import Runtime

__all__ = ["DirectWork", "Work", "direct_work"]


class Work(Protocol):
    """What a sync needs of its surroundings; a job of the queue has it."""

    @property
    def runtime(self) -> Runtime:
        """The resources of the process."""

    @property
    def session(self) -> Session:
        """The transaction in hand."""

    @property
    def attempt(self) -> int:
        """The number of this attempt at the work, from 1."""

    async def checkpoint(self) -> None:
        """Commit and begin the next transaction."""

    async def progress(
        self, done: int, total: int | None = None, message: str | None = None
    ) -> None:
        """Tell how far the work is."""
