"""How long the dispatcher waits until its next round, unless it hears of new work before."""

from __future__ import annotations

from dataclasses import dataclass

IDLE_SECONDS = 0.25
FULL_SECONDS = 0.02
LONGEST_FULL_SECONDS = 0.1


@dataclass
class Pauses:
    """The pauses between rounds.

    While work waits for a slot each round in vain doubles the pause, up to a tenth of a second:
    counting what is under way fifty times a second takes the time from jobs that use a whole core.
    What presses is looked after at the shortest pause.
    """

    _full_seconds: float = FULL_SECONDS

    def after(self, published: int, *, is_full: bool, is_pressing: bool) -> float:
        """Return the seconds to wait after a round that sent `published` jobs."""
        if published or is_pressing or not is_full:
            self._full_seconds = FULL_SECONDS
            return FULL_SECONDS if is_full else IDLE_SECONDS
        pause = self._full_seconds
        self._full_seconds = min(2 * pause, LONGEST_FULL_SECONDS)
        return pause
