"""`./myriad kamioi facts import`."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import date
from pathlib import Path

import typer

from myriad.kit.clock import utc_now
from myriad.products.kamioi.errors import FactFileError
from myriad.products.kamioi.facts.importing import Imported, import_brands, import_file
from myriad.scale.commands import CommandContext, context_of, run_async, show

app = typer.Typer(
    help="Facts of the world: brands, companies, codes, closes.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
EPILOG = """
Each file is known by its header: brands of the name-suggestion index (category, display_name,
brand, wikidata, locations, aliases), the SEC's companies (cik, name, ticker, exchange), merchant
category codes (mcc, edited_description), closes (ticker, day, close). What is curated in the
repository is put over brands; a close takes the place of a simulated one.

Examples:

  ./myriad kamioi facts import

  ./myriad kamioi facts import nsi_brands.csv sec_company_tickers_exchange.csv mcc_codes.csv

  ./myriad kamioi facts import closes_2026-11-20.csv
"""


@app.callback()
def _group() -> None:
    """Keep `import` a command of its own although it is the only one."""


@app.command("import", epilog=EPILOG)
def import_command(
    ctx: typer.Context,
    files: list[Path] = typer.Argument(None, metavar="[FILE.csv]…", help="None: what is curated."),
    as_of: str | None = typer.Option(
        None, "--as-of", metavar="DATE", help="The day of the files, YYYY-MM-DD [default: today]."
    ),
) -> None:
    """Import facts; the same file twice changes nothing."""
    context = context_of(ctx)
    day = _day(as_of)
    done = run_async(_import(context, files or [], day))
    lines = [f"{name}: {_words(one)}" for name, one in done.items()]
    if any(one.refused for one in done.values()):
        lines.append("kamioi.fact_refusal holds each refused row with its line and why")
    show(context, {name: asdict(one) for name, one in done.items()}, lines)


async def _import(context: CommandContext, files: list[Path], day: date) -> dict[str, Imported]:
    async with context.runtime() as runtime:
        if not files:
            return {"curated": await import_brands(runtime.database, None)}
        return {path.name: await import_file(runtime.database, path, day) for path in files}


def _words(one: Imported) -> str:
    counts = Counter(asdict(one))
    said = [f"{count:,} {name}" for name, count in counts.items() if count]
    return ", ".join(said) or "nothing new"


def _day(text: str | None) -> date:
    if text is None:
        return utc_now().date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise FactFileError(f"--as-of {text!r} is no day; write it as YYYY-MM-DD") from None
