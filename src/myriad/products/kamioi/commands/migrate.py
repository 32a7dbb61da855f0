"""`./myriad kamioi migrate` and `./myriad kamioi legacy`: an old kamioi.db into a programme."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import typer

from myriad.kit.errors import InvalidInputError
from myriad.products.kamioi.legacy.generator import generate
from myriad.products.kamioi.legacy.moves import LegacyFile, choose_file, get_legacy_file, take_step
from myriad.scale.commands import CommandContext, context_of, run_async, show
from myriad.scale.data.migrate.steps import Answer, Asked
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

EPILOG = """
Steps: begin, backfill, carry, verify, shadow, advance, rollback, status, rows

Examples:

  ./myriad kamioi migrate begin kamioi.db --tenant 0197… --zone America/New_York

  ./myriad kamioi migrate backfill --tenant 0197…

  ./myriad kamioi migrate verify --tenant 0197…
"""
LEGACY_EPILOG = "Example:  ./myriad kamioi legacy kamioi.db --purchases 100000"


def command(
    ctx: typer.Context,
    step: str = typer.Argument(metavar="STEP", help="What is done next; see below."),
    file: Path | None = typer.Argument(None, metavar="FILE", help="The old file, for `begin`."),
    tenant: str = typer.Option(metavar="ID", help="The programme that it is moved into."),
    zone: str = typer.Option("UTC", help="The zone of times that name none, for `begin`."),
    workers: int = typer.Option(2, min=1, max=16, help="So many processes at a time."),
    repair: bool = typer.Option(False, "--repair", help="For verify: mend what differs."),
    again: bool = typer.Option(False, "--again", help="For shadow: begin their time anew."),
) -> None:
    """Move an old kamioi.db into a programme while its program goes on writing.

    Take a copy of the file first. Every step may be taken again; `status` says what comes next.
    """
    context = context_of(ctx)
    if step == "begin" and file is None:
        raise InvalidInputError("`begin` wants the old file: ./myriad kamioi migrate begin FILE")
    asked = Asked(repair=repair, again=again)
    answer = run_async(_step(context, step, _tenant(tenant), file, zone, asked, workers))
    show(context, answer.result, answer.lines)
    if not answer.is_right:
        raise typer.Exit(1)


def _tenant(text: str) -> TenantId:
    try:
        return TenantId(UUID(text))
    except ValueError:
        raise InvalidInputError(f"--tenant {text!r} is no id") from None


async def _step(
    context: CommandContext,
    step: str,
    tenant_id: TenantId,
    file: Path | None,
    zone: str,
    asked: Asked,
    workers: int,
) -> Answer:
    async with context.runtime() as runtime:
        legacy = await _file(runtime, tenant_id, file if step == "begin" else None, zone)
        return await take_step(runtime.database, legacy, step, asked, workers=workers)


async def _file(runtime: Runtime, tenant_id: TenantId, file: Path | None, zone: str) -> LegacyFile:
    async with runtime.database.session(tenant_id) as session:
        if file is None:
            return await get_legacy_file(session)
        return await choose_file(session, tenant_id, file, zone)


def legacy_command(
    ctx: typer.Context,
    file: Path = typer.Argument(metavar="FILE", help="Where it is written; must not exist."),
    purchases: int = typer.Option(100_000, min=1, max=100_000_000, help="So many purchases."),
    seed: int = typer.Option(1, help="Another seed is other people and purchases."),
) -> None:
    """Write an old kamioi.db as a real one is, dirt and all, to try a move with."""
    if file.exists():
        raise InvalidInputError(f"{file} is there already; choose another name")
    generate(file, purchases=purchases, seed=seed)
    show(context_of(ctx), {"file": str(file)}, [f"{file} has {purchases:,} purchases."])
