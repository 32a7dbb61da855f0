"""`./myriad upswitch parameters`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import typer

from myriad.products.upswitch.engine.parameters import IndustryTable, Parameters
from myriad.products.upswitch.parameters.folder import Origin, keep, list_kept, read_folder
from myriad.scale.commands import CommandContext

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
    single = (
        "industries_us",
        "industries_global",
        "countries",
        "ratings",
        "failures",
        "capital_costs",
    )
    tables = [(name, getattr(parameters, name)) for name in single]
    tables += [("multiples", table) for table in parameters.multiples]
    return {
        "name": parameters.name,
        "tables": [
            {
                "table": name,
                "rows": _rows(table),
                "source": table.provenance.source,
                "as_of": table.provenance.as_of,
                "licence": table.provenance.licence,
                "sha256": table.provenance.sha256,
            }
            for name, table in tables
            if table is not None
        ],
    }


def _rows(table: Any) -> int:
    if isinstance(table, IndustryTable) or hasattr(table, "rows"):
        return len(table.rows)
    for name in ("countries", "large", "by_rating", "over_riskfree"):
        if hasattr(table, name):
            return len(getattr(table, name))
    return 0
