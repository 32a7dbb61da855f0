"""How hard Keeper may call Square: one limiter and one breaker for each cache of a process.

Square publishes no limits. A seller's rate starts where a first sync is quick and never falls below
five a second, a rate that one seller's own devices produce on a busy day.
"""

from __future__ import annotations

from myriad.products.keeper.square.errors import RateLimitedError, SquareUnavailableError
from myriad.scale.limits import AimdPolicy, Vendor
from myriad.scale.observe.metrics import Counter

SQUARE = Vendor(
    "Square",
    "square",
    account=AimdPolicy(start_rate=60, floor_rate=5, ceiling_rate=100, burst=30),
    application=AimdPolicy(start_rate=300, floor_rate=20, ceiling_rate=1000, burst=300),
    requests=Counter("myriad_keeper_square_requests_total", "Requests to Square.", ["outcome"]),
    unavailable=SquareUnavailableError,
    limited=RateLimitedError,
)
