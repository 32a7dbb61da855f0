"""How hard Keeper may call Square: one limiter and one breaker for each cache of a process."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from myriad.products.keeper.square.transport import APPLICATION_KEY
from myriad.scale.limits import AimdLimiter, AimdPolicy, Breaker

# Square publishes no limits. A seller's rate starts where a first sync is quick and never falls
# below five a second, a rate that one seller's own devices produce on a busy day.
SELLER = AimdPolicy(start_rate=60, floor_rate=5, ceiling_rate=100, burst=30)
APPLICATION = AimdPolicy(start_rate=300, floor_rate=20, ceiling_rate=1000, burst=300)

_made: WeakKeyDictionary[Any, tuple[AimdLimiter, Breaker]] = WeakKeyDictionary()


def limits_of(cache: Any) -> tuple[AimdLimiter, Breaker]:
    """Return the limiter and breaker that share this cache connection."""
    if cache not in _made:
        _made[cache] = (
            AimdLimiter(cache, SELLER, policies={APPLICATION_KEY: APPLICATION}),
            Breaker(cache),
        )
    return _made[cache]
