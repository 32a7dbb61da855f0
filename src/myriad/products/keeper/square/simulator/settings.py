"""What a simulated Square may be told about itself."""

from __future__ import annotations

from dataclasses import dataclass

APPLICATION_ID = "sandbox-sq0idb-myriad-simulator"
APPLICATION_SECRET = "sandbox-sq0csb-myriad-simulator"  # noqa: S105 - the demo's own, opens nothing
WEBHOOK_KEY = "simulated-webhook-signature-key"
VERSION = "2025-08-20"


@dataclass(frozen=True)
class SimulatorSettings:
    """The application that the simulator knows, its limits and its habits.

    Rates are requests a second; Square publishes none, so callers must find them. `short_pages`
    is the share of list pages that are shorter than asked for although more follow, `lag_seconds`
    how long a new object stays out of lists (Square's lists are eventually consistent).
    """

    application_id: str = APPLICATION_ID
    application_secret: str = APPLICATION_SECRET
    webhook_url: str = ""
    webhook_key: str = WEBHOOK_KEY
    seed: int = 1
    seller_rate: float = 40.0
    seller_burst: float = 80.0
    application_rate: float = 200.0
    application_burst: float = 400.0
    cursor_life_seconds: float = 300.0
    code_life_seconds: float = 300.0
    token_life_seconds: float = 30 * 86_400.0
    short_pages: float = 0.1
    empty_pages: float = 0.02
    lag_seconds: float = 0.0
    webhook_first_retry_seconds: float = 1.0
    webhook_attempts: int = 8
