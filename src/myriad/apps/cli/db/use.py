"""`./myriad db sizes`, `indexes` and `slow`: what is large, what is read, what takes long."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

import typer

from myriad.scale.commands import CommandContext, context_of, run_async, show
from myriad.scale.data.lint import (
    Ask,
    SlowStatements,
    find_slow,
    get_size,
    list_index_use,
    list_partition_sizes,
    list_shares,
    list_sizes,
    logins_of,
    owner_login,
    size_text,
)

_PLAIN: dict[str, Any] = {"rich_markup_mode": None, "add_completion": False}
sizes_app = typer.Typer(**_PLAIN)
indexes_app = typer.Typer(**_PLAIN)
slow_app = typer.Typer(**_PLAIN)
_SHOWN = 20
_SIZES = """
Rows are PostgreSQL's estimate. Shares of accounts are counted in a sample of a large table's pages.

Examples:

  ./myriad db sizes

  ./myriad db sizes --table kamioi.purchase
"""
_SLOW = """
Statements are shown without the values in them. Where the extension pg_stat_statements is
installed, every call was counted. Elsewhere the running statements of our own logins are looked at
twenty times a second: what is shorter than that is seen by chance only.

Examples:

  ./myriad db slow --seconds 30

  ./myriad db slow --json
"""


@sizes_app.command(epilog=_SIZES)
def sizes(
    ctx: typer.Context,
    table: str | None = typer.Option(None, "--table", help="One table: partitions and accounts."),
    limit: int = typer.Option(_SHOWN, "--limit", min=1, help="As many tables."),
) -> None:
    """Show how large tables are, or of one table its partitions and whose rows it holds."""
    context = context_of(ctx)
    if table is None:
        found = run_async(_sizes(context))[:limit]
        facts = {"tables": [{**asdict(one), "bytes": one.bytes} for one in found]}
        show(context, facts, [_size_line(one) for one in found])
        return
    facts, lines = run_async(_one_table(context, table))
    show(context, facts, lines)


@indexes_app.command(epilog="Example:  ./myriad db indexes --unread")
def indexes(
    ctx: typer.Context,
    unread: bool = typer.Option(False, "--unread", help="Those only that nothing has read."),
    limit: int = typer.Option(_SHOWN, "--limit", min=1, help="As many indexes."),
) -> None:
    """Show how often each index was read; unique ones guard their table even unread."""
    context = context_of(ctx)
    found, since = run_async(_index_use(context))
    shown = [one for one in found if not (unread and one.scans)][:limit]
    told = f"Reads since {since:%Y-%m-%d %H:%M} UTC." if since else "Reads since the server began."
    lines = [
        f"{size_text(one.bytes):>10}  {one.scans:>12,} reads  {one.name} on {one.table_name}"
        f"{' (unique)' if one.is_unique else ''}"
        for one in shown
    ]
    show(context, {"since": since, "indexes": [asdict(one) for one in shown]}, [told, *lines])


@slow_app.command(epilog=_SLOW)
def slow(
    ctx: typer.Context,
    seconds: float = typer.Option(10.0, "--seconds", min=0.1, max=3600, help="How long to look."),
    limit: int = typer.Option(_SHOWN, "--limit", min=1, help="As many statements."),
) -> None:
    """Show the statements that take longest, without the values in them."""
    context = context_of(ctx)
    found = run_async(_slow(context, seconds))
    statements = [asdict(one) for one in found.statements[:limit]]
    facts = {
        "sampled_seconds": found.sampled_seconds,
        "why_sampled": found.why_sampled,
        "statements": statements,
    }
    show(context, facts, slow_lines(found, limit))


def slow_lines(found: SlowStatements, limit: int) -> list[str]:
    """Return what was found for people, with how it is known."""
    head = "Counted by pg_stat_statements."
    if found.sampled_seconds is not None:
        head = f"Seen in {found.sampled_seconds:g} s of looking; {found.why_sampled}."
    lines = [
        f"{one.seconds:>9.2f} s in {one.calls:>7,} calls, at most {one.longest_seconds:.3f} s: {one.text}"
        for one in found.statements[:limit]
    ]
    return [head, *(lines or ["No statement of ours ran then."])]


def _size_line(one: Any) -> str:
    parts = f", {one.partitions} partitions" if one.partitions else ""
    return (
        f"{size_text(one.bytes):>10}  {one.name}  about {one.rows:,} rows, of it "
        f"{size_text(one.index_bytes)} of indexes{parts}"
    )


@asynccontextmanager
async def _logins(context: CommandContext) -> AsyncIterator[Sequence[Ask]]:
    async with context.runtime() as runtime, owner_login(runtime.database) as owner:
        yield (*logins_of(runtime.database), owner)


async def _sizes(context: CommandContext) -> Any:
    async with _logins(context) as logins:
        return await list_sizes(logins[0])


async def _index_use(context: CommandContext) -> Any:
    async with _logins(context) as logins:
        return await list_index_use(logins[0])


async def _slow(context: CommandContext, seconds: float) -> SlowStatements:
    async with _logins(context) as logins:
        return await find_slow(logins, seconds=seconds)


async def _one_table(context: CommandContext, name: str) -> tuple[dict[str, Any], list[str]]:
    async with _logins(context) as logins:
        size = await get_size(logins[0], name)
        parts = await list_partition_sizes(logins[0], name)
        shares = await list_shares(logins[0], size)
    facts = {
        "table": asdict(size),
        "partitions": [asdict(one) for one in parts],
        "accounts": [asdict(one) for one in shares],
    }
    lines = [_size_line(size), *(f"  {_size_line(one)}" for one in parts)]
    lines += [f"  {one.share:>6.1%}  account {one.tenant_id}" for one in shares]
    return facts, lines
