"""`./myriad upswitch kbo-load`, `kbo-simulate` and `company`: the register from a terminal."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import typer

from myriad.products.upswitch.registry.kbo.delta import apply_update
from myriad.products.upswitch.registry.kbo.extract import Extract
from myriad.products.upswitch.registry.kbo.loading import Loaded, load_full
from myriad.products.upswitch.registry.kbo.simulator import write_extract
from myriad.products.upswitch.repository import search_companies
from myriad.products.upswitch.views import CompaniesView
from myriad.scale.commands import CommandContext, context_of, progress_bar, run_async, show
from myriad.scale.data.database import NOBODY
from myriad.scale.http import BoundReader

LOAD_EPILOG = """
Extracts come from the open data page of the KBO/BCE (free, with registration). A full extract
replaces what is there once it is whole; updates are applied strictly in the order of their
numbers. Natural persons are left out unless asked for: the licence forbids using their data to
advertise, and a valuation does not need it.

Examples:

  ./myriad upswitch kbo-load KboOpenData_0136_2025_06_Full.zip

  ./myriad upswitch kbo-load KboOpenData_0137_2025_06_Update.zip
"""
SIMULATE_EPILOG = """
Writes the files of a full extract, filled with companies that do not exist.

Examples:

  ./myriad upswitch kbo-simulate extract.zip --enterprises 5000
"""
COMPANY_EPILOG = """
Words are searched by how they begin; a number may stand with or without dots and BE.

Examples:

  ./myriad upswitch company bakkerij jan

  ./myriad upswitch company BE0200065765
"""


def load_command(
    ctx: typer.Context,
    extract: Path = typer.Argument(metavar="ZIP|FOLDER", help="A full extract or an update."),
    natural_persons: bool = typer.Option(
        False, "--natural-persons", help="Take natural persons in as well."
    ),
) -> None:
    """Load an extract of the Belgian register, full or update."""
    context = context_of(ctx)
    loaded = run_async(_load(context, extract, natural_persons))
    rows = sum(loaded.rows.values())
    lines = [
        f"extract {loaded.number} as of {loaded.snapshot_date}: {loaded.companies:,} companies, "
        f"{rows:,} rows; {loaded.skipped:,} rows of natural persons left out",
    ]
    if loaded.refused:
        lines.append(
            f"{loaded.refused:,} rows refused; upswitch.kbo_refusal holds each with its line and why"
        )
    show(context, asdict(loaded), lines)


async def _load(context: CommandContext, path: Path, natural_persons: bool) -> Loaded:
    with Extract.open(path) as extract:
        is_full = extract.meta.is_full
    async with context.runtime() as runtime:
        if not is_full:
            return await apply_update(runtime.database, path)
        with progress_bar(context.console) as bar:
            steps: dict[str, object] = {}

            def tell(step: str, done: int, total: int) -> None:
                if step not in steps:
                    steps[step] = bar.add_task(step, total=total or 1)
                bar.update(steps[step], completed=done if total else 1)  # type: ignore[arg-type]

            return await load_full(
                runtime.database, path, natural_persons=natural_persons, tell=tell
            )


def simulate_command(
    ctx: typer.Context,
    target: Path = typer.Argument(metavar="ZIP|FOLDER", help="Where to write it."),
    enterprises: int = typer.Option(2000, min=1, max=10_000_000, help="How many enterprises."),
    seed: int = typer.Option(1, help="The same seed gives the same extract."),
    number: int = typer.Option(1, min=1, help="The extract's number."),
) -> None:
    """Write an extract of companies that do not exist."""
    context = context_of(ctx)
    write_extract(target, enterprises=enterprises, seed=seed, number=number)
    result = {"extract": str(target), "enterprises": enterprises}
    show(context, result, [f"{target}: {enterprises:,} enterprises that do not exist"])


def company_command(
    ctx: typer.Context,
    words: list[str] = typer.Argument(metavar="SEARCH", help="A name or a number."),
) -> None:
    """Find a company by the beginnings of its words, its number or its VAT number."""
    context = context_of(ctx)
    view = run_async(_search(context, " ".join(words)))
    lines = [
        f"{row.number}  {row.name}  "
        + ", ".join(part for part in (row.legal_form, row.zipcode, row.municipality) if part)
        for row in view.rows
    ]
    if not lines:
        lines = [view.note, *(f"  {number}" for number in view.suggestions)]
    show(context, asdict(view), lines)
    raise typer.Exit(0 if view.rows else 1)


async def _search(context: CommandContext, query: str) -> CompaniesView:
    async with context.runtime() as runtime:
        # The register is the same for every tenant, so any will do to read it.
        return await search_companies(BoundReader(runtime, NOBODY), query)
