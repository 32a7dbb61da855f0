"""The operator's page of the database: what is wrong, backups, sizes, slow statements."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from myriad.apps.accepted_findings import ACCEPTED_FINDINGS
from myriad.kit.clock import utc_now
from myriad.scale.data.backup import BackupHealth, BackupSettings, read_health
from myriad.scale.data.lint import (
    RULES,
    Finding,
    Level,
    Report,
    Rule,
    SlowStatements,
    TableSize,
    examine,
    find_slow,
    list_sizes,
    logins_of,
    size_text,
)
from myriad.scale.http import CurrentRuntime, Operator, Router
from myriad.scale.runtime import Runtime
from myriad.scale.ui import Renderer
from myriad.scale.ui.filters import plural
from myriad.scale.ui.page import OperatorPage

DATABASE = "/database"
LOOK_SECONDS = 3
_TABLES, _STATEMENTS = 15, 15
_KINDS = {Level.ERROR: "bad", Level.WARNING: "warn", Level.NOTE: ""}

router = Router(tags=["database"])
_renderer = Renderer(Path(__file__).parent / "templates")

Look = Annotated[bool, Query(description="Watch for a while what runs.")]


@dataclass(frozen=True)
class DatabaseView:
    """What the page tells of the database."""

    report: Report
    sizes: Sequence[TableSize]
    slow: SlowStatements
    has_looked: bool
    backups: BackupHealth

    @property
    def answer(self) -> str:
        """The page's first line; what could be lost goes before what is untidy."""
        if self.backups.troubles:
            return self.backups.troubles[0].said
        if not self.report.findings:
            return "Nothing is wrong with the database"
        counts = [
            plural(len(found), level.value)
            for level, found in self.report.by_level.items()
            if found
        ]
        return f"The database has {' and '.join(counts)}"

    @property
    def lead(self) -> str:
        """The second line."""
        asked = plural(len(RULES) - len(self.report.unasked), "rule")
        meant = plural(len(self.report.accepted), "finding")
        return (
            f"{asked} asked, {meant} meant as they are; {size_text(self.bytes)} in "
            f"{plural(len(self.sizes), 'table')}."
        )

    @property
    def by_rule(self) -> Iterator[tuple[Rule, str, list[Finding]]]:
        """Each broken rule with the kind of its mark and its findings, the worst first."""
        ordered = [one for found in self.report.by_level.values() for one in found]
        for rule, findings in groupby(ordered, key=lambda one: one.rule):
            yield rule, _KINDS[rule.level], list(findings)

    @property
    def bytes(self) -> int:
        """What all tables and their indexes take."""
        return sum(one.bytes for one in self.sizes)

    @property
    def largest(self) -> Sequence[TableSize]:
        """The tables that take most."""
        return self.sizes[:_TABLES]

    @property
    def slowest(self) -> Sequence[object]:
        """The statements that take longest."""
        return self.slow.statements[:_STATEMENTS]


async def look_at_database(runtime: Runtime, *, look: bool = False) -> DatabaseView:
    """Return what operators see; with `look` the running statements are watched for a while."""
    logins = logins_of(runtime.database)
    return DatabaseView(
        report=await examine(logins, accepted=ACCEPTED_FINDINGS),
        sizes=await list_sizes(logins[0]),
        slow=await find_slow(logins, seconds=LOOK_SECONDS if look else 0),
        has_looked=look,
        backups=await asyncio.to_thread(_look_at_backups, runtime.settings_of(BackupSettings)),
    )


def _look_at_backups(settings: BackupSettings) -> BackupHealth:
    """Read how backups go, as far as this process may: it has no login for them."""
    store = settings.store_within(Path())
    return read_health(store, is_scheduled=settings.is_scheduled, now=utc_now())


@router.get(DATABASE)
async def show_database(
    _caller: Operator, page: OperatorPage, runtime: CurrentRuntime, look: Look = False
) -> Response:
    """Show what is wrong with the database and what mends it, for operators."""
    view = await look_at_database(runtime, look=look)
    return _renderer.respond(
        page, "console/database.html", view=view, size_text=size_text, seconds=LOOK_SECONDS
    )
