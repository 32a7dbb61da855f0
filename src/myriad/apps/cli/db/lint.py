"""`./myriad db lint`: what is wrong with the database, why it matters, and what mends it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from myriad.apps.accepted_findings import ACCEPTED_FINDINGS
from myriad.scale.commands import CommandContext, context_of, run_async, show
from myriad.scale.data.lint import (
    RULES,
    Finding,
    Level,
    Report,
    Rule,
    examine,
    logins_of,
    owner_login,
)

app = typer.Typer(rich_markup_mode=None, add_completion=False)
_LINT = """
The exit code is 1 when something of the level --fail-on or a worse one is found, else 0.

Examples:

  ./myriad db lint

  ./myriad db lint --fail-on error --json

  ./myriad db lint --rules
"""


@app.command(epilog=_LINT)
def lint(
    ctx: typer.Context,
    fail_on: Level = typer.Option(Level.WARNING, "--fail-on", help="The mildest level that fails."),
    rules: bool = typer.Option(False, "--rules", help="List what is looked for, and why."),
) -> None:
    """Look the database over: what is wrong, why it matters, and what mends it."""
    context = context_of(ctx)
    if rules:
        lines = [f"{one.level:<8} {one.name}: {one.title}. {one.why}" for one in RULES]
        show(context, {"rules": [_rule_facts(one) for one in RULES]}, lines)
        return
    report = run_async(_examine(context))
    show(context, facts_of(report), lines_of(report))
    raise typer.Exit(1 if report.has_at_least(fail_on) else 0)


async def _examine(context: CommandContext) -> Report:
    async with context.runtime() as runtime, owner_login(runtime.database) as owner:
        logins = (*logins_of(runtime.database), owner)
        return await examine(logins, accepted=ACCEPTED_FINDINGS)


def facts_of(report: Report) -> dict[str, Any]:
    """Return a report as it is written in JSON."""
    return {
        "findings": [_finding_facts(one) for one in report.findings],
        "accepted": [{**_finding_facts(one), "reason": why} for one, why in report.accepted],
        "not_asked": dict(report.unasked),
    }


def _rule_facts(rule: Rule) -> dict[str, str]:
    return {"name": rule.name, "level": rule.level, "title": rule.title, "why": rule.why}


def _finding_facts(one: Finding) -> dict[str, str]:
    facts = {"rule": one.rule.name, "level": one.rule.level.value, "subject": one.subject}
    return {**facts, "found": one.found, "why": one.rule.why, "remedy": one.remedy}


def lines_of(report: Report) -> Iterator[str]:
    """Yield a report for people: the worst first, each reason once."""
    for level, findings in report.by_level.items():
        told = ""
        for one in findings:
            if one.rule.name != told:
                told = one.rule.name
                yield f"{level.upper()} {one.rule.title} ({one.rule.name})"
                yield f"  {one.rule.why}"
            yield f"  - {one.subject}: {one.found}"
            yield f"      {one.remedy}"
    for name, said in report.unasked.items():
        yield f"NOT ASKED {name}: {said}"
    counts = [f"{len(found)} of level {level}" for level, found in report.by_level.items() if found]
    yield (
        f"{', '.join(counts) or 'Nothing found'}; {len(RULES) - len(report.unasked)} rules asked, "
        f"{len(report.accepted)} findings are meant (--json lists them with the reason)."
    )
