"""Slow statements: as PostgreSQL has counted them, else as they are seen running."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg

from myriad.scale.data.lint.examining import QUERIES, Ask
from myriad.scale.data.lint.literals import without_literals

_COUNTED = (
    "SELECT query, calls::bigint AS calls, total_exec_time / 1000 AS seconds, "
    "max_exec_time / 1000 AS longest_seconds FROM {space}.pg_stat_statements "
    "WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND query <> '<insufficient privilege>' ORDER BY total_exec_time DESC LIMIT 200"
)
EVERY_SECONDS = 0.05


@dataclass
class Statement:
    """One statement without its values: how often, how long together, how long at most (s)."""

    text: str
    calls: int = 0
    seconds: float = 0.0
    longest_seconds: float = 0.0


@dataclass(frozen=True)
class SlowStatements:
    """The statements that cost most, and how that is known.

    `sampled_seconds` is None where pg_stat_statements has counted every call; else calls and
    seconds are what was seen in so many seconds of looking, and short statements are missed.
    """

    statements: Sequence[Statement]
    sampled_seconds: float | None = None
    why_sampled: str = ""


@dataclass
class Sampler:
    """What was seen running, by its text without values."""

    found: dict[str, Statement] = field(default_factory=dict)
    _seen: set[tuple[int, datetime]] = field(default_factory=set)

    def note(self, rows: Iterable[dict[str, Any]], seconds: float) -> None:
        """Count what runs now; each look stands for `seconds`."""
        for row in rows:
            text = without_literals(row["query"])
            one = self.found.setdefault(text, Statement(text))
            one.seconds += seconds
            one.longest_seconds = max(one.longest_seconds, row["seconds"])
            if (row["pid"], row["began_at"]) not in self._seen:
                self._seen.add((row["pid"], row["began_at"]))
                one.calls += 1

    @property
    def worst(self) -> list[Statement]:
        """The statements, those first that were seen longest."""
        return sorted(self.found.values(), key=lambda one: -one.seconds)


async def find_slow(logins: Sequence[Ask], *, seconds: float) -> SlowStatements:
    """Return the slowest statements of our logins; looks for `seconds` where nobody has counted."""
    counted, why = await _counted(logins)
    if counted is not None:
        return SlowStatements(counted)
    sampler, end = Sampler(), time.monotonic() + seconds
    last = time.monotonic()
    while time.monotonic() < end:
        rows = [row for ask in logins for row in await ask(QUERIES["list_running_statements"], {})]
        now = time.monotonic()
        sampler.note(rows, now - last)
        last = now
        await asyncio.sleep(EVERY_SECONDS)
    return SlowStatements(sampler.worst, seconds, why)


async def _counted(logins: Sequence[Ask]) -> tuple[list[Statement] | None, str]:
    places = await logins[0](QUERIES["find_statement_statistics"], {})
    if not places:
        return None, "the extension pg_stat_statements is not installed in this database"
    try:
        rows = [row for ask in logins for row in await ask(_COUNTED.format(**places[0]), {})]
    except psycopg.Error as error:
        return None, f"pg_stat_statements does not answer: {str(error).strip().splitlines()[0]}"
    return merge(rows), ""


def merge(rows: Iterable[dict[str, Any]]) -> list[Statement]:
    """Return counted statements, one for those that differ by values only, the dearest first."""
    found: dict[str, Statement] = {}
    for row in rows:
        text = without_literals(row["query"])
        one = found.setdefault(text, Statement(text))
        one.calls += row["calls"]
        one.seconds += row["seconds"]
        one.longest_seconds = max(one.longest_seconds, row["longest_seconds"])
    return sorted(found.values(), key=lambda one: -one.seconds)
