"""Following a move: writes carried over, or back, until somebody says that it is enough."""

from __future__ import annotations

import time
from collections.abc import Callable

from myriad.scale.data.migrate.moving import Move

_PAUSE_SECONDS = 0.1
_SHADOW_SECONDS = 60.0


def follow(move: Move, is_over: Callable[[], bool], *, shadows: bool = True) -> None:
    """Carry writes until `is_over` says so, and drop the entries that are no longer needed.

    While answers are compared (shadow_read, read_pg) the mapping's shadows are asked once a minute,
    unless `shadows` says no.
    """
    asked = time.monotonic()
    while not is_over():
        if shadows and time.monotonic() - asked >= _SHADOW_SECONDS:
            asked = time.monotonic()
            if move.phase in ("shadow_read", "read_pg"):
                move.shadow()
        if not move.carry():
            time.sleep(_PAUSE_SECONDS)
        elif not move.carrier.goes_back:
            move.carrier.source.prune(move.state.get()["applied_seq"])
