"""`./myriad doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import psycopg
import typer

from myriad.apps.cli.checks import Finding, look_at_machine
from myriad.apps.cli.context import CliContext
from myriad.apps.cli.environment import embedded_names, overrides
from myriad.apps.products import migration_locations
from myriad.apps.settings import Settings, load_settings
from myriad.kit.errors import MyriadError
from myriad.scale.data.migrations import is_current
from myriad.scale.embedded.roles import OLDEST_VERSION
from myriad.scale.embedded.state import HomeState, read_state

app = typer.Typer(rich_markup_mode=None, add_completion=False)


def look_at_database(context: CliContext, state: HomeState) -> Iterator[Finding]:
    """Yield what only a running database can tell; an embedded one that is down is no fault."""
    is_ours = "postgres" in embedded_names()
    if is_ours and not (state.is_alive and state.urls):
        yield Finding("database", True, "not running; `up` starts and migrates it")
        return
    try:
        settings = load_settings(**(overrides(context.home, state.urls) if state.urls else {}))
        yield from _look_into(settings)
    except (MyriadError, psycopg.Error) as error:
        remedy = "see logs/postgres.log" if is_ours else "correct MYRIAD_DATABASE__URL"
        yield Finding("database", False, str(error).strip(), remedy)


def _look_into(settings: Settings) -> Iterator[Finding]:
    with psycopg.connect(settings.database.owner, connect_timeout=5) as connection:
        version = connection.info.server_version
        name = f"PostgreSQL {version // 10000}.{version % 10000}"
        yield Finding("database", version >= OLDEST_VERSION, name, "use PostgreSQL 18 or newer")
        row = connection.execute("SELECT current_setting('server_encoding')").fetchone()
        encoding = str(row[0]) if row else "unknown"
        yield Finding("encoding", encoding == "UTF8", encoding, "make the database with UTF8")
    current = is_current(settings.database.owner, migration_locations())
    saw = "current" if current else "behind"
    yield Finding("migrations", current, saw, "run ./myriad migrate, or restart ./myriad up")


@app.command(epilog="Example:  ./myriad doctor --json")
def command(ctx: typer.Context) -> None:
    """Look for what is wrong on this machine; exit code 1 when something is, with its remedy."""
    context: CliContext = ctx.obj
    state = read_state(context.home)
    findings = [*look_at_machine(context.home, state), *look_at_database(context, state)]
    healthy = all(finding.is_good for finding in findings)
    lines = [line for finding in findings for line in _lines(finding)]
    context.show({"healthy": healthy, "findings": [asdict(finding) for finding in findings]}, lines)
    raise typer.Exit(0 if healthy else 1)


def _lines(finding: Finding) -> Iterator[str]:
    yield f"  {'ok ' if finding.is_good else 'BAD'} {finding.name:<14} {finding.saw}"
    if not finding.is_good:
        yield f"      {'':<14} remedy: {finding.remedy}"
