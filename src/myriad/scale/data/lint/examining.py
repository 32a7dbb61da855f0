"""Looking a database over: every rule is asked, and what it finds is told with its remedy."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import psycopg

from myriad.scale.data.database import NOBODY, Database
from myriad.scale.data.lint.rules import RULES, Level, Limits, Rule
from myriad.scale.data.queries import NamedQueries
from myriad.scale.data.reader import Reader

QUERIES = NamedQueries.load("myriad.scale.data.lint")
_EXISTS = "SELECT to_regclass(%(name)s::text) IS NOT NULL AS is_there"
# One login: it runs read-only SQL with parameters and returns the rows.
Ask = Callable[[str, Mapping[str, Any]], Awaitable[list[dict[str, Any]]]]
# Why something is as it is meant, by rule and subject.
Accepted = Mapping[tuple[str, str], str]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: where, what, and the SQL or command that mends it."""

    rule: Rule
    subject: str
    found: str
    remedy: str

    @property
    def key(self) -> tuple[str, str]:
        """By what an exception names it."""
        return self.rule.name, self.subject


@dataclass(frozen=True)
class Report:
    """What a look at a database found; `accepted` are findings that are meant, with the reason.

    `unasked` says of each rule that could not be asked what PostgreSQL answered.
    """

    findings: Sequence[Finding]
    accepted: Sequence[tuple[Finding, str]] = ()
    unasked: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def by_level(self) -> dict[Level, list[Finding]]:
        """The findings of each level, the worst level first."""
        return {level: [one for one in self.findings if one.rule.level is level] for level in Level}

    def has_at_least(self, level: Level) -> bool:
        """Say whether something of this level or a worse one was found, or could not be asked."""
        order = list(Level)
        bound = order.index(level)
        return bool(self.unasked) or any(
            order.index(one.rule.level) <= bound for one in self.findings
        )


def logins_of(database: Database) -> tuple[Ask, ...]:
    """Return the ways to ask that every process has; the first sees every tenant."""

    async def as_crossing(sql: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        return await database.crossing_rows("the database is examined", sql, parameters)

    async def as_application(sql: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        return await database.reader.rows(NOBODY, sql, parameters)

    return as_crossing, as_application


@asynccontextmanager
async def owner_login(database: Database) -> AsyncIterator[Ask]:
    """Yield the schema's owner as one login more, which commands have and processes do not."""
    reader = Reader(database.settings.owner, 1)
    await reader.open()

    async def as_owner(sql: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        return await reader.rows(NOBODY, sql, parameters)

    try:
        yield as_owner
    finally:
        await reader.close()


async def examine(
    logins: Sequence[Ask],
    *,
    accepted: Accepted = MappingProxyType({}),
    limits: Limits | None = None,
    rules: Sequence[Rule] = RULES,
) -> Report:
    """Ask every rule over `logins`, the first of which sees every tenant."""
    parameters = asdict(limits or Limits())
    findings: list[Finding] = []
    unasked: dict[str, str] = {}
    for rule in rules:
        try:
            findings += await _ask(rule, logins, parameters)
        except psycopg.Error as error:
            unasked[rule.name] = str(error).strip().splitlines()[0]
    meant = [(one, accepted[one.key]) for one in findings if one.key in accepted]
    return Report([one for one in findings if one.key not in accepted], meant, unasked)


async def _ask(rule: Rule, logins: Sequence[Ask], parameters: Mapping[str, Any]) -> list[Finding]:
    if rule.needs and not (await logins[0](_EXISTS, {"name": rule.needs}))[0]["is_there"]:
        return []
    found: dict[str, Finding] = {}
    for ask in logins if rule.every_login else logins[:1]:
        for row in await ask(QUERIES[f"lint_{rule.name}"], parameters):
            found.setdefault(row["subject"], Finding(rule, **row))
    return list(found.values())
