"""`./myriad db archive …`: months that left the database, and those that come and go."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from myriad.kit.errors import InvalidInputError
from myriad.scale.commands import CommandContext, context_of, run_async, show
from myriad.scale.runtime import Runtime
from myriad.scale.storage import StorageSettings, Store, TenantFiles
from myriad.scale.storage.archive import keep_months, list_archives, read_month, settle_month
from myriad.scale.tenancy import TenantId

app = typer.Typer(
    help="Months of tables: made ahead, archived, read back.",
    epilog="Example:  ./myriad db archive list",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

_Table = Annotated[str, typer.Argument(help="The table, as schema.name.")]
_Month = Annotated[str, typer.Argument(help="The month, as 2026-11.")]


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """List the months that were detached, archived or dropped."""
    context = context_of(ctx)
    run_async(_list(context))


@app.command("keep")
def keep(ctx: typer.Context) -> None:
    """Do the daily round now: make months ahead, archive and drop those that are over."""
    run_async(_keep(context_of(ctx)))


@app.command("read")
def read(
    ctx: typer.Context,
    table: _Table,
    month: _Month,
    tenant: Annotated[UUID, typer.Option(help="Whose rows.")],
    out: Annotated[Path, typer.Option(help="The Parquet file to write.")],
) -> None:
    """Write the archived rows of one account into a Parquet file."""
    run_async(_read(context_of(ctx), table, _parsed(month), TenantId(tenant), out))


@app.command("settle")
def settle(ctx: typer.Context, table: _Table, month: _Month) -> None:
    """Move rows that lie in no month into a month of their own."""
    run_async(_settle(context_of(ctx), table, _parsed(month)))


def _parsed(month: str) -> date:
    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError:
        raise InvalidInputError(f"{month!r} is no month: write it as 2026-11") from None


def _files(runtime: Runtime) -> TenantFiles:
    return TenantFiles(Store.open(runtime.settings_of(StorageSettings)), runtime.vault)


async def _list(context: CommandContext) -> None:
    async with context.runtime() as runtime:
        found = await list_archives(runtime.database)
    lines = [_line(one) for one in found] or ["No month has left the database."]
    show(context, {"months": found}, lines)


def _line(one: dict[str, Any]) -> str:
    head = f"{one['table_name']}  {one['month']:%Y-%m}  {one['state']}"
    if one["row_count"] is None:
        return head
    return f"{head}  {one['row_count']:,} rows  {one['size_bytes']:,} bytes  {one['storage_key']}"


async def _keep(context: CommandContext) -> None:
    async with context.runtime() as runtime:
        kept = await keep_months(runtime.database, _files(runtime))
    lines = [f"{kept.made} months made"]
    lines += [f"{month} archived and dropped" for month in kept.dropped]
    show(context, {"made": kept.made, "archived": kept.archived, "dropped": kept.dropped}, lines)


async def _read(
    context: CommandContext, table: str, month: date, tenant_id: TenantId, out: Path
) -> None:
    async with context.runtime() as runtime:
        frame = await read_month(_files(runtime), table, month, tenant_id)
    frame.write_parquet(out)
    show(
        context,
        {"file": str(out), "rows": frame.height},
        [f"{frame.height:,} rows in {out}"],
    )


async def _settle(context: CommandContext, table: str, month: date) -> None:
    async with context.runtime() as runtime:
        moved = await settle_month(runtime.database, table, month)
    show(context, {"moved": moved}, [f"{moved:,} rows moved into {month:%Y-%m} of {table}"])
