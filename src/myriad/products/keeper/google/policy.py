"""How hard Keeper may call Google: one limiter and one breaker for each cache of a process.

A project has 300 requests a minute for Business Profile unless Google grants more, and ten edits a
minute for each profile (Google's "Usage limits" page).
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from myriad.scale.limits import AimdLimiter, AimdPolicy, Breaker

APPLICATION_KEY = "google:application"
ACCOUNT = AimdPolicy(start_rate=3, floor_rate=0.2, ceiling_rate=5, burst=20)
APPLICATION = AimdPolicy(start_rate=5, floor_rate=0.5, ceiling_rate=5, burst=60)

_made: WeakKeyDictionary[Any, tuple[AimdLimiter, Breaker]] = WeakKeyDictionary()


def limits_of(cache: Any) -> tuple[AimdLimiter, Breaker]:
    """Return the limiter and breaker that share this cache connection."""
    if cache not in _made:
        limiter = AimdLimiter(cache, ACCOUNT, policies={APPLICATION_KEY: APPLICATION})
        _made[cache] = (limiter, Breaker(cache))
    return _made[cache]
