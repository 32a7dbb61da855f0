"""`./myriad kamioi replay`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta

import typer

from myriad.kit.clock import utc_now
from myriad.kit.errors import InvalidInputError
from myriad.products.kamioi.facts.loading import load_world
from myriad.products.kamioi.replay.checking import Checked, check
from myriad.products.kamioi.replay.generated import Plan
from myriad.products.kamioi.replay.steps import Replay
from myriad.scale.commands import CommandContext, context_of, run_async, show
from myriad.scale.directory.opening import open_tenant
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

EPILOG = """
Members and purchases are generated, 20 purchases a day for each member, strings spread as on real
cards. They stand in a programme of their own that nothing else works on; the same command goes on
where it was ended. With --home FOLDER, after facts import there, nothing is left in this one.

Examples:

  ./myriad kamioi replay --per-day 20000

  ./myriad kamioi facts import --home /tmp/replay

  ./myriad kamioi replay --per-day 1000000 --home /tmp/replay
"""
_ZONE = "America/New_York"
_DAYS_BEFORE = 7


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did: seconds by step, and what stands."""

    programme: str
    purchases: int
    took: dict[str, float]
    checked: Checked


def command(
    ctx: typer.Context,
    per_day: int = typer.Option(metavar="N", help="How many purchases a day."),
    days: int = typer.Option(1, help="How many days."),
    first: str | None = typer.Option(
        None, metavar="DATE", help="The first day [default: a Monday more than a week ago]."
    ),
) -> None:
    """Take generated days from the bank's lines to shares, and check that the money is right."""
    context = context_of(ctx)
    done = run_async(_replay(context, per_day, days, _first(first, days)))
    show(context, asdict(done) | {"errors": done.checked.errors}, _lines(done))
    if done.checked.errors:
        raise typer.Exit(1)


def _first(text: str | None, days: int) -> date:
    today = utc_now().date()
    if text is None:
        latest = today - timedelta(days=_DAYS_BEFORE + days)
        return latest - timedelta(days=latest.weekday())
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise InvalidInputError(f"--first {text!r} is no day; write it as YYYY-MM-DD") from None
    if found + timedelta(days=days) > today:
        raise InvalidInputError("the days of a replay lie in the past; choose an earlier --first")
    return found


async def _replay(context: CommandContext, per_day: int, days: int, first: date) -> Replayed:
    async with context.runtime() as runtime:
        plan, slug = await _plan(runtime, per_day, days, first)
        took = await Replay(runtime.database, plan, lambda step: _tell(context, step)).run()
        checked = await check(runtime.database, plan)
    return Replayed(slug, per_day * days, took, checked)


def _tell(context: CommandContext, step: str) -> None:
    context.console.print(f"{step} …")


async def _plan(runtime: Runtime, per_day: int, days: int, first: date) -> tuple[Plan, str]:
    """Return the plan and its programme's slug; the programme is made when all else is right."""
    world = await load_world(runtime.database)
    if not world.ids:
        raise InvalidInputError("no brands are known; run ./myriad kamioi facts import first")
    names = tuple(sorted(one.name for one in world.book.brands if one.source == "curated"))
    Plan(TenantId(world.ids[0]), per_day, first, days, names)
    slug = f"replay-{per_day}x{days}-{first.isoformat()}"
    tenant_id = await open_tenant(
        runtime.database, slug=slug, name=f"Replay of {per_day:,} a day", timezone=_ZONE
    )
    return Plan(tenant_id, per_day, first, days, names), slug


def _lines(done: Replayed) -> Iterator[str]:
    for step, seconds in done.took.items():
        yield f"{step:8}{seconds:10.2f} s"
    total = sum(done.took.values())
    yield f"{done.purchases:,} purchases in {total:.1f} s, {done.purchases / total:,.0f} a second"
    found = done.checked
    yield (
        f"{found.round_ups:,} round-ups, {found.entries:,} ledger entries, {found.lots:,} lots "
        f"of {found.strings:,} strings, in the programme {done.programme}"
    )
    wrong = ", ".join(found.rules) or "nothing is wrong"
    yield wrong if not found.errors else f"{found.errors:,} errors: {wrong}"
