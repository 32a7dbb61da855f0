"""`./myriad keeper reviews …`: take files of reviews in, and train what judges their texts."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from myriad.kit.clock import utc_now
from myriad.products.keeper.commands.choosing import AccountOption, choose_account
from myriad.products.keeper.errors import InputFileError
from myriad.products.keeper.judging import JUDGES, model_folder
from myriad.products.keeper.rejudging import enqueue_for_all
from myriad.products.keeper.review_files import FileIntake, import_parts
from myriad.products.keeper.reviews.labelled_csv import LabelledFile, read_labelled
from myriad.products.keeper.reviews.model import Provenance
from myriad.products.keeper.reviews.stored import save_model
from myriad.products.keeper.reviews.training import train
from myriad.scale.commands import CommandContext, context_of, run_async, show
from myriad.scale.tenancy import TenantId

IMPORT_EPILOG = """
Columns are found by their names (rating, stars or score; review, comment or text; author or name;
date; id; reply). Stars may be written 5/5, 8/10, 80%, five or as drawn stars; blank is unknown. A
file without ids may be imported again: the same author, day and text are the same review.

Examples:

  ./myriad keeper reviews import reviews.csv --source yelp

  ./myriad keeper reviews import export.csv --map text=Satz --map date=Tag
"""
TRAIN_EPILOG = """
Texts with stars, at least twenty with two stars or fewer. The model replaces the one before and is
used for an account only where its own stars show that it is not worse than the lexicon.

Examples:

  ./myriad keeper reviews train reviews.csv --trade spa
"""
_SHOWN_REFUSALS = 10

app = typer.Typer(
    help="Reviews from files, and the model that judges their texts.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
_MapOption = typer.Option(
    [], "--map", metavar="FIELD=COLUMN", help="Which column holds a field; repeatable."
)


@app.command("import", epilog=IMPORT_EPILOG)
def import_command(
    ctx: typer.Context,
    file: Path = typer.Argument(metavar="FILE.csv", help="Reviews with a header line."),
    source: str = typer.Option("", metavar="NAME", help="Where they are from [default: file]."),
    account: str | None = AccountOption,
    mapping: list[str] = _MapOption,
) -> None:
    """Take the reviews of a file in; rows that are none are kept apart with their line."""
    context = context_of(ctx)
    intake = run_async(_import(context, account, file, source, columns_of(mapping)))
    counts = {name: getattr(intake, name) for name in ("new", "changed", "unchanged", "alerts")}
    refused = [
        {"row": row.ext_id, "reason": str(row.body.get("detail", row.reason))}
        for row in intake.shown
    ]
    result = {"file": str(file), **counts, "quarantined": intake.quarantined, "refused": refused}
    lines = [
        f"{file}: {intake.new:,} new, {intake.changed:,} changed, {intake.unchanged:,} as they "
        f"were, {intake.quarantined:,} kept apart, {intake.alerts:,} told at once",
        *(f"  {row['reason']}" for row in refused),
    ]
    if intake.quarantined > len(refused):
        lines.append(f"  and {intake.quarantined - len(refused):,} more in the quarantine")
    show(context, result, lines)


async def _import(
    context: CommandContext, slug: str | None, file: Path, source: str, mapping: dict[str, str]
) -> FileIntake:
    JUDGES.home = context.home
    async with context.runtime() as runtime:
        account = await choose_account(runtime, slug)
        return await import_parts(
            runtime.database,
            TenantId(account.tenant_id),
            file,
            source=source,
            mapping=mapping or None,
            shown=_SHOWN_REFUSALS,
        )


@app.command("train", epilog=TRAIN_EPILOG)
def train_command(
    ctx: typer.Context,
    file: Path = typer.Argument(metavar="FILE.csv", help="Reviews with texts and stars."),
    trade: str = typer.Option("unknown", metavar="NAME", help="What the reviews are about."),
    mapping: list[str] = _MapOption,
) -> None:
    """Train the model that tells from a text whether its author is dissatisfied, and store it."""
    context = context_of(ctx)
    labelled = read_labelled(file, columns_of(mapping) or None)
    with context.console.status(f"training on {len(labelled.texts):,} texts"):
        model = train(
            labelled.texts,
            labelled.stars,
            trade=trade,
            source=file.name,
            today=utc_now().date(),
            seen=labelled.seen,
        )
    stored = save_model(model, model_folder(context.home))
    accounts = run_async(_judge_again(context))
    result: dict[str, Any] = {**asdict(model.provenance), "file": str(stored), "accounts": accounts}
    again = f"the reviews of {accounts:,} accounts will be judged again" if accounts else ""
    show(
        context, result, [*_worth(model.provenance, labelled), str(stored), *filter(None, [again])]
    )


async def _judge_again(context: CommandContext) -> int:
    """Queue judging every account's reviews by the new model; return for how many accounts."""
    async with context.runtime() as runtime:
        return await enqueue_for_all(runtime)


def _worth(origin: Provenance, labelled: LabelledFile) -> list[str]:
    left = labelled.unusable + labelled.without + labelled.repeated
    return [
        f"{origin.rows:,} texts ({origin.trade}), {origin.base_rate:.1%} with two stars or fewer; "
        f"{left:,} rows left out ({labelled.without:,} without text or stars, "
        f"{labelled.repeated:,} again, {labelled.unusable:,} unreadable)",
        f"cross-validated: AUC {origin.auc:.3f} (lexicon {origin.lexicon_auc:.3f}), AP "
        f"{origin.average_precision:.3f}, calibration error {origin.ece:.3f}",
    ]


def columns_of(given: list[str]) -> dict[str, str]:
    """Return which column holds each field, from FIELD=COLUMN; raises InputFileError."""
    pairs = {}
    for item in given:
        field, sign, column = item.partition("=")
        if not sign or not field or not column:
            raise InputFileError(f"--map {item!r}: expected FIELD=COLUMN, such as text=Comment")
        pairs[field] = column
    return pairs
