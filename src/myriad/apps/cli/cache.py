"""`./myriad cache …`: what the cache saves, its rules, and emptying it."""

from __future__ import annotations

import asyncio
from typing import Any

import typer

from myriad.apps.cli.accounts import get_account_id
from myriad.apps.cli.context import CliContext
from myriad.apps.console.cache_views import CachePage, look_at_cache, purge
from myriad.apps.products import PRODUCTS
from myriad.scale.cache import POLICIES

app = typer.Typer(
    help="The cache: what it saves, its rules, emptying it.",
    epilog="Example:  ./myriad cache purge keeper.operations",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
_PURGE = """
Examples:

  ./myriad cache purge keeper.operations

  ./myriad cache purge keeper.operations --tenant alder-and-salt
"""


@app.command("ls", epilog="Example:  ./myriad cache ls --json")
def list_command(ctx: typer.Context) -> None:
    """List every namespace with the share of look-ups that it saved in the last day."""
    context: CliContext = ctx.obj
    page = asyncio.run(_look(context))
    rows = [_facts(page, number) for number in range(len(page.rows))]
    lines = [page.answer]
    lines += [
        f"{row['namespace']:<28} {row['hit_share']:>7.1%}  {row['lookups']:>9,} look-ups  "
        f"fresh {row['fresh_seconds']:,.0f} s"
        for row in rows
    ]
    context.show({"namespaces": rows}, lines)


@app.command("policies", epilog="Example:  ./myriad cache policies")
def policies_command(ctx: typer.Context) -> None:
    """List the table of rules: how long things are fresh, and which requirement says so."""
    context: CliContext = ctx.obj
    rows = [
        {
            "policy": row.name,
            "layer": row.layer.value,
            "fresh_seconds": row.fresh_seconds,
            "stale_seconds": row.stale_seconds,
            "negative_seconds": row.negative_seconds,
            "local_seconds": row.local_seconds,
            "sources": list(row.sources),
        }
        for row in POLICIES.values()
    ]
    lines = [
        f"{row.name:<10} {row.layer.value:<9} {row.fresh_seconds:>12,.0f} s  "
        f"{', '.join(row.sources)}"
        for row in POLICIES.values()
    ]
    context.show({"policies": rows}, lines)


@app.command("purge", epilog=_PURGE)
def purge_command(
    ctx: typer.Context,
    namespace: str = typer.Argument(help="The namespace, as `cache ls` names it."),
    tenant: str | None = typer.Option(
        None, "--tenant", metavar="SLUG|ID", help="Only this account's."
    ),
) -> None:
    """Make every entry of a namespace unfindable, for one account or for all."""
    context: CliContext = ctx.obj
    told = asyncio.run(_purge(context, namespace, tenant))
    line = (
        "Purged; every process follows within a second."
        if told
        else "Redis does not answer: nothing was purged; run this again when it does."
    )
    context.show({"purged": told, "namespace": namespace}, [line])
    raise typer.Exit(0 if told else 1)


async def _look(context: CliContext) -> CachePage:
    _know_namespaces()
    async with context.runtime() as runtime:
        return await look_at_cache(runtime.caches)


async def _purge(context: CliContext, namespace: str, tenant: str | None) -> bool:
    _know_namespaces()
    async with context.runtime() as runtime:
        tenant_id = None
        if tenant is not None:
            async with runtime.database.crossing("an operator names a tenant") as session:
                tenant_id = await get_account_id(session, tenant)
        return await purge(runtime, namespace, tenant_id, None)


def _know_namespaces() -> None:
    # A namespace is declared where it is used, by the pages above all.
    for product in PRODUCTS:
        product.load_pages()
        product.load_router()


def _facts(page: CachePage, number: int) -> dict[str, Any]:
    row = page.rows[number]
    return {
        "namespace": row.name,
        "policy": row.policy,
        "fresh_seconds": row.fresh_seconds,
        "lookups": row.rates.lookups,
        "hit_share": row.rates.hit_share,
        **row.answered,
    }
