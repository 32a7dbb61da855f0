"""`./myriad upswitch parameters`."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import typer

from myriad.products.upswitch.engine.parameters import Parameters
from myriad.products.upswitch.errors import ParameterFileError
from myriad.products.upswitch.parameters.folder import (
    Origin,
    get_kept,
    keep,
    list_kept,
    read_folder,
)
from myriad.products.upswitch.valuations.vintages import (
    Vintage,
    provenances,
    publish,
    size_of,
)
from myriad.products.upswitch.valuations.watching import enqueue_revaluations
from myriad.scale.commands import CommandContext, run_async, show

app = typer.Typer(
    help="Dated sets of rates, betas and multiples.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


@app.command("import", epilog="Example:  ./myriad upswitch parameters import damodaran_2024")
def import_folder(
    ctx: typer.Context,
    folder: Path = typer.Argument(metavar="FOLDER", help="Published tables as CSV files."),
    as_of: str | None = typer.Option(None, "--as-of", metavar="DATE", help="YYYY-MM-DD."),
    licence: str | None = typer.Option(None, "--licence", help="On what terms they were got."),
) -> None:
    """Take the tables of a folder as sets of parameters, each with source, date and checksum.

    A set is named by its files' ending: industry_us_2024.csv belongs to the set 2024.
    """
    context: CommandContext = ctx.obj
    origin = Origin(as_of=as_of) if licence is None else Origin(as_of=as_of, licence=licence)
    found = read_folder(folder, origin)
    keep(context.home, found)
    _show(context, found)


@app.command("list", epilog="Example:  ./myriad upswitch parameters list")
def list_sets(ctx: typer.Context) -> None:
    """List the sets of this installation."""
    context: CommandContext = ctx.obj
    _show(context, list_kept(context.home))


@app.command("publish", epilog="Example:  ./myriad upswitch parameters publish 2024")
def publish_set(
    ctx: typer.Context,
    name: str = typer.Argument(metavar="NAME", help="An imported set; see list."),
    valid_from: str | None = typer.Option(
        None,
        "--from",
        metavar="DATE",
        help="In force from this day; else that of its newest table.",
    ),
) -> None:
    """Put an imported set in force for every account of this installation."""
    context: CommandContext = ctx.obj
    day = None if valid_from is None else _day(valid_from)
    found, accounts = run_async(_publish(context, get_kept(context.home, name), day))
    result = {
        "id": str(found.id),
        "valid_from": str(found.valid_from),
        "sha256": found.sha256,
        "accounts": accounts,
    }
    lines = [f"{name} is in force from {found.valid_from}, {found.sha256[:16]}"]
    if accounts:
        lines.append(f"what {accounts:,} accounts valued is valued again by workers now")
    show(context, result, lines)


async def _publish(
    context: CommandContext, parameters: Parameters, day: date | None
) -> tuple[Vintage, int]:
    """Publish, and have stored valuations renewed; return the vintage and how many accounts."""
    async with context.runtime() as runtime:
        vintage = await publish(runtime.database, parameters, day)
        return vintage, await enqueue_revaluations(runtime.database, vintage)


@app.command("show", epilog="Example:  ./myriad upswitch parameters show 2024")
def show_set(
    ctx: typer.Context,
    name: str = typer.Argument(metavar="NAME", help="An imported set; see list."),
) -> None:
    """Show the tables of one set with their rows, sources, days and checksums."""
    context: CommandContext = ctx.obj
    _show(context, [get_kept(context.home, name)])


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ParameterFileError(f"--from {text!r} is no day; write it as YYYY-MM-DD") from None


def _show(context: CommandContext, sets: list[Parameters]) -> None:
    described = [_described(item) for item in sets]
    if context.as_json:
        sys.stdout.write(json.dumps({"parameters": described}, indent=1) + "\n")
        return
    for item in described:
        sys.stdout.write(f"{item['name']}\n")
        for table in item["tables"]:
            sys.stdout.write(
                f"  {table['table']}: {table['rows']} rows, {table['as_of']}, {table['source']}\n"
            )


def _described(parameters: Parameters) -> dict[str, Any]:
    return {
        "name": parameters.name,
        "tables": [
            {
                "table": name,
                "rows": size_of(table),
                "source": origin.source,
                "as_of": origin.as_of,
                "licence": origin.licence,
                "sha256": origin.sha256,
            }
            for name, table, origin in provenances(parameters)
        ],
    }
