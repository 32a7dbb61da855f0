"""Positions in the write-ahead log, and since when a standby has what its primary had."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

_PAGE_BYTES = 8192
# An insert position just behind the header of a new page names the same place as the page's start.
_HEADERS = (24, 40)
_SAMPLES = 256


@dataclass(frozen=True)
class Position:
    """A place in the log of one timeline; another timeline is another history."""

    timeline: int
    offset: int

    @classmethod
    def parse(cls, timeline: int, text: str) -> Position:
        """Read PostgreSQL's form of a position, such as `1/7F00A0`."""
        high, low = (int(part, 16) for part in text.split("/"))
        return cls(timeline, (high << 32) + low)

    def has(self, written: Position) -> bool:
        """Say whether a server that replayed up to here has all up to `written`."""
        if self.timeline != written.timeline:
            return False
        missing = written.offset - self.offset
        return missing <= 0 or (self.offset % _PAGE_BYTES == 0 and missing in _HEADERS)


class Samples:
    """What the primary had written, and when it was asked."""

    def __init__(self) -> None:
        self._taken: deque[tuple[float, Position]] = deque(maxlen=_SAMPLES)

    def add(self, asked_at: float, written: Position) -> None:
        """Add an answer; a log that goes back or changes its timeline begins a new history."""
        if self._taken and not written.has(self._taken[-1][1]):
            self._taken.clear()
        self._taken.append((asked_at, written))

    def clear(self) -> None:
        """Forget everything: the primary cannot be asked, and may be another one next time."""
        self._taken.clear()

    def fresh_as_of(self, replayed: Position) -> float:
        """Return the latest moment of which every commit is replayed, or minus infinity."""
        for asked_at, written in reversed(self._taken):
            if replayed.has(written):
                return asked_at
        return -math.inf
