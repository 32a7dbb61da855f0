"""`./myriad kamioi map`: what each string of a list stands for."""

from __future__ import annotations

from pathlib import Path

import typer

from myriad.products.kamioi.facts.loading import World, curated_world, load_world
from myriad.products.kamioi.strings_csv import map_csv
from myriad.scale.commands import CommandContext, context_of, run_async, show

EPILOG = """
STRINGS.csv has a header line with a column `raw`, and if wanted `date` (YYYY-MM-DD), `category`
(Plaid's), `mcc` and `country`. Brands are those of `./myriad kamioi facts import`; with --curated
only those of the repository, and no database is started.

Examples:

  ./myriad kamioi map strings.csv --out mapped.csv

  ./myriad kamioi map strings.csv --out mapped.csv --country GB --curated
"""


def command(
    ctx: typer.Context,
    strings: Path = typer.Argument(metavar="STRINGS.csv", help="A list with a column raw."),
    out: Path = typer.Option(metavar="RESULT.csv", help="Where the result is written."),
    country: str | None = typer.Option(None, help="Where the cards are used (ISO), such as GB."),
    curated: bool = typer.Option(False, "--curated", help="Know only what is in the repository."),
) -> None:
    """Map strings of bank statements to brands, companies and tickers.

    The columns of RESULT.csv: raw, brand, company, ticker, confidence, method, why. An empty brand
    is an answer: nothing is guessed.
    """
    context = context_of(ctx)
    world = curated_world() if curated else run_async(_world(context))
    done = map_csv(world, strings, out, country)
    lines = [
        f"{done.rows:,} strings, {done.mapped:,} mapped ({done.distinct:,} distinct), "
        f"{len(world.book.brands):,} brands known; {done.refused:,} rows without a string",
        str(out),
    ]
    facts = {
        "rows": done.rows,
        "distinct": done.distinct,
        "mapped": done.mapped,
        "refused": done.refused,
        "brands_known": len(world.book.brands),
        "file": str(out),
    }
    show(context, facts, lines)


async def _world(context: CommandContext) -> World:
    async with context.runtime() as runtime:
        return await load_world(runtime.database)
