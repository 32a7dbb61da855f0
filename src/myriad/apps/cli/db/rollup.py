"""`./myriad db rollup …`: counts and sums beside rows: which there are, whether they agree."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Annotated
from uuid import UUID

import typer

from myriad.apps.products import PRODUCTS
from myriad.scale.commands import CommandContext, context_of, run_async, show
from myriad.scale.data import metadata
from myriad.scale.data.rollups import Difference, Rollup, compare, get_rollup, list_rollups, rebuild
from myriad.scale.tenancy import TenantId

app = typer.Typer(
    help="Rollups: list them, compare them with their rows, count them anew.",
    epilog="Example:  ./myriad db rollup compare kamioi.purchase_day --tenant …",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

_Target = Annotated[str, typer.Argument(help="The rollup, as schema.name.")]
_Tenant = Annotated[UUID, typer.Option(help="Whose counts.")]


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """List the rollups with what they count."""
    rollups = declared_rollups()
    lines = [f"{one.target}  of {one.source}  by {', '.join(one.keys)}" for one in rollups]
    result = {
        "rollups": [
            {"target": one.target, "source": one.source, "keys": list(one.keys)} for one in rollups
        ]
    }
    show(context_of(ctx), result, lines or ["No model declares a rollup."])


@app.command("compare")
def compare_(ctx: typer.Context, target: _Target, tenant: _Tenant) -> None:
    """Compare a rollup with its rows; the exit code is 1 when they differ."""
    rollup = get_rollup(declared_rollups(), target)
    differences = run_async(_compare(context_of(ctx), rollup, TenantId(tenant)))
    if differences:
        raise typer.Exit(1)


@app.command("rebuild")
def rebuild_(ctx: typer.Context, target: _Target, tenant: _Tenant) -> None:
    """Count a rollup of one account anew; its writers wait meanwhile."""
    rollup = get_rollup(declared_rollups(), target)
    run_async(_rebuild(context_of(ctx), rollup, TenantId(tenant)))


def declared_rollups() -> list[Rollup]:
    """Return the rollups that the models of all products declare."""
    for product in PRODUCTS:
        models = f"myriad.products.{product.name}.models"
        if find_spec(models) is not None:
            import_module(models)
    return list_rollups(metadata)


async def _compare(
    context: CommandContext, rollup: Rollup, tenant_id: TenantId
) -> list[Difference]:
    async with context.runtime() as runtime:
        found = await compare(runtime.database, rollup, tenant_id)
    lines = [f"{one.keys}: rows say {one.raw}, the rollup says {one.kept}" for one in found]
    result = {"equal": not found, "differences": [vars(one) for one in found]}
    show(context, result, lines or [f"{rollup.target} equals its rows."])
    return found


async def _rebuild(context: CommandContext, rollup: Rollup, tenant_id: TenantId) -> None:
    async with context.runtime() as runtime:
        made = await rebuild(runtime.database, rollup, tenant_id)
    show(context, {"rows": made}, [f"{rollup.target} counted anew: {made:,} rows"])
