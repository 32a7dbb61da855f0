"""What is read off one figure, measured or shown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is read off one figure of one member; nothing of it while the figure is hidden.

    `shrunk`, `lo`, `hi` are the shrunk value with its interval; `ratio` observed over expected by
    service mix; `peer` the team's mean with the band in which nine of ten members lie; `peers` how
    many members are shown.
    """

    value: float | None = None
    shrunk: float | None = None
    lo: float | None = None
    hi: float | None = None
    expected: float | None = None
    ratio: float | None = None
    ratio_lo: float | None = None
    ratio_hi: float | None = None
    peer: float | None = None
    peer_lo: float | None = None
    peer_hi: float | None = None
    peers: int = 0
