"""`./myriad upswitch report` and `usage`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

import typer

from myriad.products.upswitch.commands.value import read_document, write_file
from myriad.products.upswitch.engine.valuation import value
from myriad.products.upswitch.errors import InputsError, ValuationNotFoundError
from myriad.products.upswitch.parameters.folder import get_kept
from myriad.products.upswitch.reports import MEDIA_TYPES, render
from myriad.products.upswitch.valuations.reading import get_valuation, reopen
from myriad.products.upswitch.valuations.sql import QUERIES
from myriad.products.upswitch.valuations.unsaved import view_of
from myriad.products.upswitch.valuations.words import sentence
from myriad.products.upswitch.views.valuations import ReportFormat, ValuationView
from myriad.scale.commands import CommandContext, context_of, run_async, show
from myriad.scale.tenancy import TenantId

REPORT_EPILOG = """
Examples:

  ./myriad upswitch report bakery.json --out bakery.pdf

  ./myriad upswitch report 01990c2e-7a31-7c30-9d11-6a1f0e2b7c11 --out bakery.xlsx
"""
USAGE_EPILOG = "Example:  ./myriad upswitch usage"


def report_command(
    ctx: typer.Context,
    what: str = typer.Argument(metavar="VALUATION|INPUTS.json", help="Its id, or a document."),
    out: Path = typer.Option(..., "--out", metavar="FILE", help="FILE.pdf or FILE.xlsx."),
    parameters: str | None = typer.Option(
        None, "--parameters", metavar="NAME", help="For a document: which imported set."
    ),
) -> None:
    """Write a valuation as PDF, or as a workbook whose formulas are live."""
    context = context_of(ctx)
    format_ = _format(out)
    valuation_id = _as_id(what)
    if valuation_id is None:
        found = value(read_document(Path(what)), get_kept(context.home, parameters))
        view = view_of(found)
        content = render(view, found, format_)
    else:
        view, content = run_async(_stored(context, valuation_id, format_))
    write_file(out, content)
    result = {"file": str(out), "digest": view.hash, "sentence": sentence(view)}
    show(context, result, [sentence(view), str(out)])


def usage_command(ctx: typer.Context) -> None:
    """Show how many valuations were made each month, and what models cost beside them."""
    context = context_of(ctx)
    rows = run_async(_usage(context))
    lines = [
        f"{row['month']}  {row['valuations']:>6,} valuations of {row['accounts']:,} accounts, "
        f"p95 {row['p95_duration_us'] / 1000:.1f} ms, models "
        f"${row['model_cost_usd_micros'] / 1_000_000:.4f}"
        for row in rows
    ]
    show(context, {"months": rows}, lines or ["Nothing has been valued yet."])


async def _usage(context: CommandContext) -> list[dict[str, Any]]:
    async with context.runtime() as runtime:
        return await runtime.database.crossing_rows(
            "a command sums up what was valued", QUERIES["sum_usage_of_all"]
        )


async def _stored(
    context: CommandContext, valuation_id: UUID, format_: ReportFormat
) -> tuple[ValuationView, bytes]:
    async with context.runtime() as runtime:
        rows = await runtime.database.crossing_rows(
            "a command writes a report",
            QUERIES["find_account_of_valuation"],
            {"id": valuation_id},
        )
        if not rows:
            raise ValuationNotFoundError(f"there is no valuation {valuation_id} here")
        async with runtime.database.read_session(TenantId(rows[0]["tenant_id"])) as session:
            view = await get_valuation(session, valuation_id)
        valuation = await reopen(runtime.database, view)
        return view, await asyncio.to_thread(render, view, valuation, format_)


def _format(out: Path) -> ReportFormat:
    for format_ in MEDIA_TYPES:
        if out.suffix.lower() == f".{format_}":
            return format_
    raise InputsError(f"{out} must end in .pdf or .xlsx")


def _as_id(what: str) -> UUID | None:
    try:
        return UUID(what)
    except ValueError:
        return None
