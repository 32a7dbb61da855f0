"""`./myriad keeper sync`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import typer
from rich.progress import Progress, TaskID

from myriad.products.keeper.commands.choosing import AccountOption, choose_account
from myriad.products.keeper.errors import InputFileError, NoConnectionError
from myriad.products.keeper.queueing import SyncMode
from myriad.products.keeper.square.connections import list_connections
from myriad.products.keeper.square.speaking import speaking_to
from myriad.products.keeper.square.sync import SyncReport, sync_account
from myriad.products.keeper.square.work import DirectWork, direct_work
from myriad.scale.commands import CommandContext, context_of, progress_bar, run_async, show
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

EPILOG = """
Examples:

  ./myriad keeper sync

  ./myriad keeper sync --mode nightly --account alder-and-salt
"""
_MODES: tuple[SyncMode, ...] = ("increment", "nightly", "full")


def command(
    ctx: typer.Context,
    mode: str = typer.Option(
        "increment",
        help="increment: what is new; nightly: the last 96 hours again too; full: all again.",
    ),
    account: str | None = AccountOption,
) -> None:
    """Read from Square what is new; the first time, everything, newest first.

    A sync that was stopped goes on where it was.
    """
    context = context_of(ctx)
    wanted = next((known for known in _MODES if known == mode), None)
    if wanted is None:
        raise InputFileError(f"--mode {mode!r} is unknown; choose one of {', '.join(_MODES)}")
    report = run_async(_sync(context, account, wanted))
    show(context, _facts(report), _lines(report))
    if report.is_revoked:
        raise typer.Exit(1)


async def _sync(context: CommandContext, slug: str | None, mode: SyncMode) -> SyncReport:
    async with context.runtime() as runtime:
        account = await choose_account(runtime, slug)
        tenant_id = TenantId(account.tenant_id)
        base_url = await _base_url(runtime, tenant_id, account.slug)
        with progress_bar(context.console) as bar:
            line = bar.add_task("asking Square", total=None)
            async with direct_work(speaking_to(runtime, base_url), tenant_id) as work:
                told = _ToldWork(work.runtime, work.session, bar=bar, line=line)
                return await sync_account(told, mode)


async def _base_url(runtime: Runtime, tenant_id: TenantId, slug: str) -> str:
    async with runtime.database.read_session(tenant_id) as session:
        connections = await list_connections(session)
    if not connections:
        message = f"{slug} is not connected; run ./myriad keeper connect --account {slug}"
        raise NoConnectionError(message)
    return connections[0].base_url


@dataclass
class _ToldWork(DirectWork):
    bar: Progress | None = None
    line: TaskID | None = None

    async def progress(
        self, done: int, total: int | None = None, message: str | None = None
    ) -> None:
        if self.bar is not None and self.line is not None:
            text = message or "reading"
            self.bar.update(self.line, completed=done, total=total, description=text)


def _facts(report: SyncReport) -> dict[str, Any]:
    return {
        **vars(report.tally),
        "days_checked": report.days.days,
        "cents_off": report.days.cents_off,
        "missing": report.missing,
        "is_revoked": report.is_revoked,
    }


def _lines(report: SyncReport) -> list[str]:
    if report.is_revoked:
        return ["Square no longer lets Keeper read; connect again. The data is kept."]
    tally = ", ".join(f"{value:,} {name}" for name, value in vars(report.tally).items())
    checked = f"{report.days.days} closed days compared, {report.days.cents_off} cents off"
    lacking = [f"not readable: {', '.join(report.missing)}"] if report.missing else []
    return [tally, checked, *lacking]
