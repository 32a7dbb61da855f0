"""How hard Keeper may call Google: one limiter and one breaker for each cache of a process.

A project has 300 requests a minute for Business Profile unless Google grants more, and ten edits a
minute for each profile (Google's "Usage limits" page).
"""

from __future__ import annotations

from myriad.products.keeper.google.errors import GoogleRateLimitedError, GoogleUnavailableError
from myriad.scale.limits import AimdPolicy, Vendor
from myriad.scale.observe.metrics import Counter

GOOGLE = Vendor(
    "Google",
    "google",
    account=AimdPolicy(start_rate=3, floor_rate=0.2, ceiling_rate=5, burst=20),
    application=AimdPolicy(start_rate=5, floor_rate=0.5, ceiling_rate=5, burst=60),
    requests=Counter("myriad_keeper_google_requests_total", "Requests to Google.", ["outcome"]),
    unavailable=GoogleUnavailableError,
    limited=GoogleRateLimitedError,
)
