"""`./myriad keeper run`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

import typer
from rich.table import Table

from myriad.products.keeper.agents.context import AgentReport
from myriad.products.keeper.agents.graph import run_graph
from myriad.products.keeper.commands.choosing import (
    AccountOption,
    AsOfOption,
    choose_account,
    parse_day,
)
from myriad.products.keeper.runs import open_context
from myriad.scale.commands import CommandContext, context_of, progress_bar, run_async, show
from myriad.scale.tenancy import TenantId

EPILOG = """
Examples:

  ./myriad keeper run

  ./myriad keeper run --as-of 1997-09-30 --account cdnow-sample
"""


def command(
    ctx: typer.Context,
    as_of: str | None = AsOfOption,
    account: str | None = AccountOption,
    again: bool = typer.Option(False, "--again", help="Repeat work on unchanged inputs as well."),
) -> None:
    """Run the agents: visits, matching, retention, tasks, insights, reports."""
    context = context_of(ctx)
    day, reports = run_async(_run(context, account, parse_day(as_of), again))
    failed = [report.agent for report in reports if report.state == "failed"]
    context.console.print(_table(day, reports))
    shown = {"business_date": day.isoformat(), "agents": [asdict(report) for report in reports]}
    lines = [f"{len(reports) - len(failed)} of {len(reports)} agents ended well for {day}"]
    show(context, shown, lines)
    if failed:
        raise typer.Exit(1)


async def _run(
    context: CommandContext, slug: str | None, wanted: date | None, again: bool
) -> tuple[date, tuple[AgentReport, ...]]:
    async with context.runtime() as runtime:
        account = await choose_account(runtime, slug)
        opened = await open_context(runtime, TenantId(account.tenant_id), wanted)
        with progress_bar(context.console) as bar:
            line = bar.add_task("starting", total=None)

            async def tell(done: int, total: int, message: str) -> None:
                bar.update(line, completed=done, total=total, description=message)

            report = await run_graph(opened, again=again, progress=tell)
        return opened.day, report.agents


def _table(day: date, reports: tuple[AgentReport, ...]) -> Table:
    table = Table("agent", "state", "ms", "rows in", "rows out", "note", title=f"{day}", box=None)
    for report in reports:
        table.add_row(
            report.agent,
            "unchanged" if report.unchanged else report.state,
            f"{report.duration_ms:,}",
            _count(report.rows_in),
            _count(report.rows_out),
            report.error or "",
        )
    return table


def _count(rows: int | None) -> str:
    return "" if rows is None else f"{rows:,}"
