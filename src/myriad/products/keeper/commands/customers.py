"""`./myriad keeper customers`."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from myriad.kit.sheets import safe_cell
from myriad.products.keeper.agents.export import export_customers
from myriad.products.keeper.commands.choosing import (
    AccountOption,
    AsOfOption,
    check_target,
    choose_account,
    parse_day,
    write_file,
)
from myriad.products.keeper.errors import InputFileError
from myriad.products.keeper.runs import open_context
from myriad.scale.commands import CommandContext, context_of, run_async
from myriad.scale.tenancy import TenantId

EPILOG = """
Columns: external_id (of the oldest profile), name, profiles, first_visit, last_visit, x (repeat
visits: days with a visit less one), t_x (weeks from first to last visit), T (weeks from first
visit to the day), p_alive, then for each horizon H churn_H (chance of no visit within H days),
expected_visits_H and expected_value_H, then expected_spend (a visit), clv_12m, value_at_risk (90
days), state, reason. Money is in the account's currency. Empty: not enough history to say.

Examples:

  ./myriad keeper customers --format csv --as-of 1997-09-30 --horizon 273

  ./myriad keeper customers --format table --account alder-and-salt
"""
_FORMATS = ("csv", "json", "table")
_LONGEST_HORIZON = 3650
_TABLE_WIDTH = 150
# What fits on a terminal; csv and json hold every column.
_SHOWN = ("external_id", "name", "last_visit", "x", "churn_", "clv_12m", "value_at_risk", "state")


def command(
    ctx: typer.Context,
    form: str = typer.Option("table", "--format", help="csv, json or table"),
    horizon: list[int] = typer.Option(
        [30, 60, 90], metavar="DAYS", help="How far to look ahead; repeatable."
    ),
    out: Path | None = typer.Option(None, metavar="FILE", help="Write here instead of printing."),
    as_of: str | None = AsOfOption,
    account: str | None = AccountOption,
) -> None:
    """List everybody with rhythm, churn, expected visits and value, state and reason."""
    context = context_of(ctx)
    if form not in _FORMATS:
        raise InputFileError(f"--format {form!r} is unknown; choose one of {', '.join(_FORMATS)}")
    if not all(1 <= days <= _LONGEST_HORIZON for days in horizon):
        raise InputFileError(f"--horizon: expected 1 to {_LONGEST_HORIZON} days")
    if out is not None:
        check_target(out)
    wanted = sorted(set(horizon))
    rows, note = run_async(_export(context, account, parse_day(as_of), wanted))
    if note:
        context.console.print(note)
    text = _text(rows, "json" if context.as_json else form)
    if out is not None:
        write_file(out, text.encode())
    else:
        sys.stdout.write(text)


async def _export(
    context: CommandContext, slug: str | None, wanted: date | None, horizons: Sequence[int]
) -> tuple[list[dict[str, Any]], str | None]:
    async with context.runtime() as runtime:
        account = await choose_account(runtime, slug)
        opened = await open_context(runtime, TenantId(account.tenant_id), wanted)
        return await export_customers(opened, horizons)


def _text(rows: Sequence[dict[str, Any]], form: str) -> str:
    if form == "json":
        return json.dumps(rows, indent=1, default=str) + "\n"
    names = list(rows[0]) if rows else ["external_id"]
    if form == "table":
        return _table(rows, [name for name in names if name.startswith(_SHOWN)])
    target = io.StringIO()
    writer = csv.DictWriter(target, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows({**row, "name": safe_cell(row["name"] or "")} for row in rows)
    return target.getvalue()


def _table(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> str:
    table = Table(*names, box=None)
    for row in rows:
        table.add_row(*(_cell(row[name]) for name in names))
    target = io.StringIO()
    Console(file=target, width=_TABLE_WIDTH).print(table)
    return target.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)
