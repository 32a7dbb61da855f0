"""How long things may be served from the cache: one frozen table, a row for every period there is.

A namespace (see `namespace`) takes one row. `sources` are the ids of the requirements that name the
period; where two requirements disagree the shorter one stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0


class Layer(Enum):
    """Where the longest copy of such an entry lives."""

    EDGE = "edge"
    SHARED = "shared"
    DATABASE = "database"
    BROWSER = "browser"


@dataclass(frozen=True, slots=True)
class Policy:
    """One row: times in seconds.

    An entry is fresh for `fresh_seconds`, ten per cent more or less. For `stale_seconds` longer it
    is served while one caller makes it anew, or when making it fails. `negative_seconds` is how
    long "there is none" holds. `local_seconds` is the rule for changes: after a generation was
    bumped, no process serves what was before for longer than that, with Redis or without.
    `most_seconds` bounds how long others wait for the one who makes the entry.
    """

    name: str
    fresh_seconds: float
    sources: tuple[str, ...]
    stale_seconds: float = 0.0
    negative_seconds: float = 0.0
    local_seconds: float = 1.0
    most_seconds: float = 5.0
    layer: Layer = Layer.SHARED


_ROWS = (
    Policy("edge", MINUTE, ("K-C edge",), layer=Layer.EDGE),
    Policy(
        "list",
        5 * MINUTE,
        ("K-C api", "M-C decorator default", "U-C api_responses", "C-C API responses"),
        stale_seconds=MINUTE,
        negative_seconds=30.0,
    ),
    Policy("page", 5 * MINUTE, ("M-C llm:mappings", "M-C transactions:user")),
    Policy("count", 30.0, ("M-C llm:queue:count",), stale_seconds=30.0),
    Policy("dashboard", 15 * MINUTE, ("M-C llm:dashboard",), stale_seconds=15 * MINUTE),
    Policy("analytics", HOUR, ("M-C llm:analytics",), stale_seconds=HOUR, negative_seconds=MINUTE),
    Policy("compute", HOUR, ("K-C compute",), stale_seconds=HOUR, most_seconds=30.0),
    Policy("rollup", DAY, ("K-C database",), layer=Layer.DATABASE),
    Policy("session", DAY, ("U-C user_sessions",)),
    Policy("result", HOUR, ("U-C valuation_results",)),
    Policy(
        "company",
        DAY,
        ("U-C company_data",),
        stale_seconds=7 * DAY,
        negative_seconds=5 * MINUTE,
        most_seconds=15.0,
    ),
    Policy("scan", HOUR, ("C-C scan results", "C-T12")),
    Policy("context", 10 * MINUTE, ("C-C brand context",), stale_seconds=5 * MINUTE),
    Policy("query", 30 * MINUTE, ("C-C query results",), stale_seconds=5 * MINUTE),
    Policy(
        "external",
        5 * MINUTE,
        ("C-C API responses",),
        stale_seconds=HOUR,
        negative_seconds=30.0,
        most_seconds=15.0,
    ),
    Policy("answer", DAY, ("U-F6",), stale_seconds=7 * DAY, most_seconds=60.0),
    Policy("once", DAY, ("http idempotency keys",)),
    Policy("asset", 365 * DAY, ("U-C browser static",), layer=Layer.BROWSER),
)

POLICIES: Mapping[str, Policy] = MappingProxyType({row.name: row for row in _ROWS})
