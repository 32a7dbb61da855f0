"""`./myriad keeper report`."""

from __future__ import annotations

from pathlib import Path

import typer

from myriad.products.keeper.commands.choosing import (
    AccountOption,
    check_target,
    choose_account,
    write_file,
)
from myriad.products.keeper.errors import InputFileError
from myriad.products.keeper.reports import render_html, render_pdf, words
from myriad.products.keeper.repository.accounts import AccountFacts
from myriad.products.keeper.repository.reports import find_newest_report
from myriad.products.keeper.views import ReportKind, ReportView
from myriad.scale.commands import CommandContext, context_of, run_async, show
from myriad.scale.tenancy import TenantId

EPILOG = """
Examples:

  ./myriad keeper report

  ./myriad keeper report --kind monthly --out report.pdf
"""
_KINDS: tuple[ReportKind, ...] = ("daily", "weekly", "monthly")


def command(
    ctx: typer.Context,
    out: Path | None = typer.Option(None, metavar="FILE", help="Write FILE.html or FILE.pdf."),
    kind: str = typer.Option("weekly", help="daily, weekly or monthly"),
    account: str | None = AccountOption,
) -> None:
    """Show the newest report, or write it to a file."""
    context = context_of(ctx)
    if out is not None:
        check_target(out, (".html", ".pdf"))
    wanted = next((known for known in _KINDS if known == kind), None)
    if wanted is None:
        raise InputFileError(f"--kind {kind!r} is unknown; choose one of {', '.join(_KINDS)}")
    facts, view = run_async(_find(context, account, wanted))
    if out is not None:
        is_pdf = out.suffix.lower() == ".pdf"
        content = render_pdf(view, facts.name) if is_pdf else render_html(view, facts.name).encode()
        write_file(out, content)
    result = {
        "report": str(view.id),
        "kind": view.kind,
        "period_start": view.period_start,
        "period_end": view.period_end,
        "digest": view.digest,
        "headline": view.headline,
        "file": str(out) if out else None,
    }
    show(context, result, [str(out)] if out else _lines(view))


async def _find(
    context: CommandContext, slug: str | None, kind: ReportKind
) -> tuple[AccountFacts, ReportView]:
    async with context.runtime() as runtime:
        account = await choose_account(runtime, slug)
        async with runtime.database.read_session(TenantId(account.tenant_id)) as session:
            view = await find_newest_report(session, kind)
    if view is None:
        raise InputFileError("there is no report yet; make one with ./myriad keeper run")
    return account, view


def _lines(view: ReportView) -> list[str]:
    figures = [
        f"  {name:<16}{value:>12}  {change}" for name, value, change in words.headline_figures(view)
    ]
    people = ["  ".join(words.slipping_row(row)) for row in view.slipping]
    lines = [words.title(view), view.headline, "", *figures, "", words.calls(view)]
    if people:
        lines += ["", "Slipping away:", *(f"  {line}" for line in people)]
    lines += ["", *(f"- {card.claim} {card.prediction}" for card in view.insights)]
    return [*lines, "", words.accuracy(view), f"Digest {view.digest}"]
