"""The report agent: the day, the week and the month as numbers, the same that the screens show."""

from __future__ import annotations

from datetime import date, timedelta

from myriad.products.keeper.agents.context import Agent, AgentContext, AgentSkippedError, Outcome
from myriad.products.keeper.notify.after_run import ready_among
from myriad.products.keeper.repository.accounts import account_from
from myriad.products.keeper.repository.history import get_digest, know_until
from myriad.products.keeper.repository.period import compute_numbers
from myriad.products.keeper.repository.preferences import preferences_from
from myriad.products.keeper.repository.reports import store_reports
from myriad.products.keeper.repository.sql import fetch_all
from myriad.products.keeper.views import ReportKind
from myriad.scale.data import ReadSession

_DIGESTS = ("findings_digest", "proof_digest", "report_extras_digest")
_FACTS = ("first_sale_day", "get_account", "read_preferences")


async def _digest(session: ReadSession, context: AgentContext) -> str:
    data = await get_digest(session, "data_digest", day=context.day)
    found = await fetch_all(session, {name: {"day": context.day} for name in _DIGESTS})
    return data + "".join(str(found[name][0]["digest"]) for name in _DIGESTS)


async def _work(context: AgentContext) -> Outcome:
    async with context.writing() as session:
        read = await fetch_all(session, {name: {} for name in _FACTS})
        if read["first_sale_day"][0]["first_day"] is None:
            raise AgentSkippedError("There are no payments yet, so there is nothing to report.")
        account, chosen = (
            account_from(read["get_account"]),
            preferences_from(read["read_preferences"]),
        )
        await know_until(session, context.day)
        wanted = reported(context.day, account.today)
        found = await compute_numbers(session, account, chosen, wanted, context.day)
        written = [
            await store_reports(session, last, wanted[last], own) for last, own in found.items()
        ]
    context.shared["reports"] = [
        report for last, own in found.items() for report in ready_among(last, wanted[last], own)
    ]
    return Outcome(sum(map(len, wanted.values())), sum(written))


def reported(day: date, today: date) -> dict[date, dict[ReportKind, date]]:
    """Return the periods that a run of `day` reports, by the day up to which they count.

    A day that still runs is left out, or every week and month would be measured against one whole
    day more: the periods that hold the day before are reported, ended or so far.
    """
    last = min(day, today - timedelta(days=1))
    return {last: periods(last)}


def periods(day: date) -> dict[ReportKind, date]:
    """Return the first day of the day, the week (from Monday) and the month that hold `day`."""
    return {
        "daily": day,
        "weekly": day - timedelta(days=day.weekday()),
        "monthly": day.replace(day=1),
    }


REPORT = Agent("report", 3, _digest, _work)
