"""`./myriad keeper match`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import typer

from myriad.products.keeper.commands.choosing import check_target
from myriad.products.keeper.errors import InputFileError
from myriad.products.keeper.matching.pairs_csv import match_csv
from myriad.scale.commands import context_of, progress_bar, show

EPILOG = """
Usual names of columns are known, in six languages; a list without ids is known by its lines.

Examples:

  ./myriad keeper match persons.csv --out pairs.csv

  ./myriad keeper match list.csv --out pairs.csv --map given=Rufname --map id=Nr
"""


def command(
    ctx: typer.Context,
    persons: Path = typer.Argument(metavar="PERSONS.csv", help="A list with a header line."),
    out: Path = typer.Option(metavar="PAIRS.csv", help="Where the pairs are written."),
    mapping: list[str] = typer.Option(
        [], "--map", metavar="FIELD=COLUMN", help="Which column holds a field; repeatable."
    ),
    country: str = typer.Option("US", help="Where telephones without a country code are (ISO)."),
    propose_from: float | None = typer.Option(
        None, min=0.0, max=1.0, help="Leave out pairs less probable than this."
    ),
) -> None:
    """Find the duplicates in any list of persons.

    The columns of PAIRS.csv: left_id, right_id, probability, weight (bits), match (yes when more
    likely one person than not), auto (yes when safe to link without looking), decision, reasons.
    """
    context = context_of(ctx)
    check_target(out)
    columns = _mapping(mapping)
    with progress_bar(context.console) as bar:
        line = bar.add_task("reading", total=None)

        def tell(message: str, done: int, total: int) -> None:
            bar.update(line, description=message, completed=done, total=total)

        summary = match_csv(
            persons,
            out,
            mapping=columns,
            country=country,
            propose_from=propose_from,
            progress=tell,
        )
    lines = [
        f"{summary.persons:,} persons ({summary.profile}), {summary.compared:,} pairs compared: "
        f"{summary.auto_linked:,} sure, {summary.proposed:,} to look at, "
        f"{summary.vetoed:,} vetoed",
        *(
            f"left out, because nobody could say what was meant: {count:,} of {field}"
            for field, count in summary.unread.items()
        ),
        str(out),
    ]
    show(context, {**asdict(summary), "file": str(out)}, lines)


def _mapping(given: list[str]) -> dict[str, str] | None:
    pairs = {}
    for item in given:
        field, sign, column = item.partition("=")
        if not sign or not field or not column:
            raise InputFileError(f"--map {item!r}: expected FIELD=COLUMN, such as family=Nachname")
        pairs[field] = column
    return pairs or None
