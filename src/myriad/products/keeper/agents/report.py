"""The report agent: the day, the week and the month as numbers, the same that the screens show."""

from __future__ import annotations

from datetime import date, timedelta

from myriad.products.keeper.agents.context import Agent, AgentContext, AgentSkippedError, Outcome
from myriad.products.keeper.repository.accounts import find_first_sale_day, get_account
from myriad.products.keeper.repository.history import get_digest, know_until
from myriad.products.keeper.repository.period import compute_numbers
from myriad.products.keeper.repository.reports import store_report
from myriad.products.keeper.views import ReportKind
from myriad.scale.data import ReadSession


async def _digest(session: ReadSession, context: AgentContext) -> str:
    data = await get_digest(session, "data_digest", day=context.day)
    proof = await get_digest(session, "proof_digest", day=context.day)
    extras = await get_digest(session, "report_extras_digest", day=context.day)
    return data + await get_digest(session, "findings_digest", day=context.day) + proof + extras


async def _work(context: AgentContext) -> Outcome:
    read = written = 0
    async with context.writing() as session:
        if await find_first_sale_day(session) is None:
            raise AgentSkippedError("There are no payments yet, so there is nothing to report.")
        await know_until(session, context.day)
        account = await get_account(session)
        for last, chosen in reported(context.day, account.today).items():
            found = await compute_numbers(session, account, chosen, last)
            for kind, numbers in found.items():
                written += await store_report(session, kind, chosen[kind], last, numbers)
            read += len(chosen)
    return Outcome(read, written)


def reported(day: date, today: date) -> dict[date, dict[ReportKind, date]]:
    """Return the periods that a run of `day` reports, by the day up to which they count.

    A day that still runs says nothing by itself: the periods that ended with the day before take
    its place, and of the week and the month only those that are already under way.
    """
    if day < today:
        return {day: periods(day)}
    over, running = periods(day - timedelta(days=1)), periods(day)
    ended = {kind: first for kind, first in over.items() if first != running[kind]}
    under_way = {kind: first for kind, first in running.items() if first < day}
    return {day - timedelta(days=1): ended} | ({day: under_way} if under_way else {})


def periods(day: date) -> dict[ReportKind, date]:
    """Return the first day of the day, the week (from Monday) and the month that hold `day`."""
    return {
        "daily": day,
        "weekly": day - timedelta(days=day.weekday()),
        "monthly": day.replace(day=1),
    }


REPORT = Agent("report", 2, _digest, _work)
