"""`./myriad db quarantine …`: rows that could not be taken in: look, take in again, drop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

import typer

from myriad.apps.cli.accounts import get_account_id
from myriad.apps.cli.context import CliContext
from myriad.apps.cli.db import quarantine_retry
from myriad.kit.errors import InvalidInputError
from myriad.scale.commands import run_async
from myriad.scale.data.bulk import QuarantinedRow
from myriad.scale.data.bulk.quarantine import (
    count_quarantined,
    drop_quarantined,
    drop_quarantined_rows,
    list_quarantined_by_name,
)
from myriad.scale.directory.audit import record_event
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

app = typer.Typer(
    help="Rows that could not be taken in: look, take in again, drop.",
    epilog="Example:  ./myriad db quarantine ls --tenant alder-and-salt",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

_LS = """
Without --tenant it says how many rows of each account and table wait. Rows may hold personal data:
what they held is shown with --rows only.

Examples:

  ./myriad db quarantine ls

  ./myriad db quarantine ls --tenant alder-and-salt --table kamioi.purchase --rows
"""
_RETRY = """
A row that is refused again stays with its id, its age and the reason of today. The exit code is 1
when a row stayed.

Examples:

  ./myriad db quarantine retry --tenant alder-and-salt 0199c0de-0000-7000-8000-000000000001

  ./myriad db quarantine retry --tenant alder-and-salt --all --table kamioi.purchase
"""
_DROP = """
Examples:

  ./myriad db quarantine drop --tenant alder-and-salt 0199c0de-0000-7000-8000-000000000001

  ./myriad db quarantine drop --tenant alder-and-salt --older-than 30 --table kamioi.purchase
"""
_Tenant = Annotated[str, typer.Option(metavar="SLUG|ID", help="Whose rows.")]
_Table = Annotated[str | None, typer.Option(help="Only rows of this table, as schema.name.")]
_Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Rows, as `ls` says.")]


@app.command("ls", epilog=_LS)
def ls(
    ctx: typer.Context,
    tenant: Annotated[str | None, typer.Option(metavar="SLUG|ID", help="Whose rows.")] = None,
    table: _Table = None,
    rows: Annotated[bool, typer.Option("--rows", help="Show what the rows held.")] = False,
    after: Annotated[str | None, typer.Option(metavar="ID", help="Only behind this row.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
) -> None:
    """List rows in quarantine, oldest first: id, table, source, line and reason."""
    context: CliContext = ctx.obj
    if tenant is not None:
        first = _ids([after])[0] if after else UUID(int=0)
        run_async(_list(context, tenant, table, first, limit, with_rows=rows))
    elif table or rows or after:
        raise InvalidInputError("--table, --rows and --after go with --tenant: say whose rows")
    else:
        run_async(_count(context))


@app.command("retry", epilog=_RETRY)
def retry(
    ctx: typer.Context,
    tenant: _Tenant,
    ids: _Ids = None,
    every: Annotated[bool, typer.Option("--all", help="Every row that waits.")] = False,
    table: _Table = None,
) -> None:
    """Take rows in again for which there is room now, as after a migration."""
    if every == bool(ids) or (table and ids):
        raise InvalidInputError(
            "name the rows by their ids, or all of them with --all (and --table)"
        )
    told = run_async(_retry(ctx.obj, tenant, _ids(ids or ()), table))
    raise typer.Exit(1 if told.stayed else 0)


@app.command("drop", epilog=_DROP)
def drop(
    ctx: typer.Context,
    tenant: _Tenant,
    ids: _Ids = None,
    older_than: Annotated[
        int | None, typer.Option(metavar="DAYS", min=0, help="Those that waited for longer.")
    ] = None,
    table: _Table = None,
) -> None:
    """Remove rows for good, by their ids or by age."""
    if (older_than is None) != bool(ids) or (table and ids):
        raise InvalidInputError(
            "name the rows by their ids, or by age with --older-than DAYS (and --table)"
        )
    run_async(_drop(ctx.obj, tenant, _ids(ids or ()), older_than, table))


def _ids(words: Sequence[str]) -> list[UUID]:
    try:
        return [UUID(word) for word in words]
    except ValueError:
        raise InvalidInputError(
            "an id of a row looks like 0199c0de-0000-7000-8000-000000000001; "
            "`./myriad db quarantine ls` shows them"
        ) from None


@asynccontextmanager
async def _account(context: CliContext, word: str) -> AsyncIterator[tuple[Runtime, TenantId]]:
    """The runtime and the account of that slug or id; raises NotFoundError for none."""
    async with context.runtime() as runtime:
        async with runtime.database.crossing("an operator names a tenant") as crossing:
            tenant_id = await get_account_id(crossing, word)
        yield runtime, tenant_id


async def _count(context: CliContext) -> None:
    async with context.runtime() as runtime:
        found = await count_quarantined(runtime.database)
    lines = [
        f"{one['tenant']}  {one['table_name']}  {one['rows']:,}  since {one['oldest_at']:%Y-%m-%d}"
        for one in found
    ]
    context.show({"waiting": found}, lines or ["Nothing is in quarantine."])


async def _list(
    context: CliContext,
    tenant: str,
    table: str | None,
    after: UUID,
    limit: int,
    *,
    with_rows: bool,
) -> None:
    async with (
        _account(context, tenant) as (runtime, tenant_id),
        runtime.database.read_session(tenant_id) as session,
    ):
        await quarantine_retry.check_table(session, table)
        found = await list_quarantined_by_name(session, table, after=after, most=limit)
    lines = [_line(one, with_rows=with_rows) for one in found]
    if len(found) == limit:
        lines.append(f"More may follow: --after {found[-1].id}")
    result = {"rows": [_facts(one, with_rows=with_rows) for one in found]}
    context.show(result, lines or ["Nothing of this account is in quarantine."])


def _line(one: QuarantinedRow, *, with_rows: bool) -> str:
    cut = "" if one.is_whole else "  (cut short)"
    held = f"\n    {one.row_json}" if with_rows else ""
    source = one.source or "-"
    return f"{one.id}  {one.table_name}  {source}  line {one.line:,}  {one.reason}{cut}{held}"


def _facts(one: QuarantinedRow, *, with_rows: bool) -> dict[str, Any]:
    facts = asdict(one)
    held = facts.pop("row_json")
    return facts | {"row": held} if with_rows else facts


async def _retry(
    context: CliContext, tenant: str, ids: Sequence[UUID], table: str | None
) -> quarantine_retry.Retried:
    async with _account(context, tenant) as (runtime, tenant_id):
        if ids:
            told = await quarantine_retry.retry_rows(runtime.database, tenant_id, ids)
        else:
            told = await quarantine_retry.retry_all(runtime.database, tenant_id, table)
    left = told.stayed.most_common()
    stayed = sum(told.stayed.values())
    lines = [f"{told.new:,} rows went in, {told.known:,} stood already, {stayed:,} stayed"]
    lines += [f"  {count:,}  {reason}" for reason, count in left]
    reasons = [{"reason": reason, "rows": count} for reason, count in left]
    result = {"new": told.new, "known": told.known, "stayed": stayed, "reasons": reasons}
    context.show(result, lines)
    return told


async def _drop(
    context: CliContext,
    tenant: str,
    ids: Sequence[UUID],
    older_than: int | None,
    table: str | None,
) -> None:
    async with (
        _account(context, tenant) as (runtime, tenant_id),
        runtime.database.session(tenant_id) as session,
    ):
        await quarantine_retry.check_table(session, table)
        if older_than is None:
            await quarantine_retry.get_all(session, ids)
            dropped = await drop_quarantined_rows(session, ids)
        else:
            dropped = await drop_quarantined(session, older_than_days=older_than, table_name=table)
        record_event(session, tenant_id, "quarantine.dropped", subject=table or "", rows=dropped)
    context.show({"dropped": dropped}, [f"{dropped:,} rows dropped"])
