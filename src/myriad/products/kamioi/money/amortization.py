"""What mapping cost in a month is borne by the months after it, in equal shares."""

from __future__ import annotations

from datetime import date

from myriad.products.kamioi.money.arithmetic import amortized
from myriad.products.kamioi.repository import sql as queries
from myriad.scale.data import Session


async def amortize(session: Session, today: date) -> int:
    """Write what is missing up to today's month; return how many entries were new.

    A cohort's cost C over L months is borne from the month after it: entry k is
    floor(C·k/L) - floor(C·(k-1)/L), in millionths of a dollar. One entry for a cohort and month, so
    that the job may run again. After a write-off what is left is borne by the months left alike.
    """
    rows = []
    for cohort in await queries.fetch(session, "list_open_cohorts", today=today):
        gone, rest = 0, cohort["cost_usd_micros"]
        if cohort["written_off_at"] is not None:
            gone = months_between(cohort["month"], cohort["written_off_at"])
            rest -= cohort["borne"] + cohort["written_off"]
        last = min(cohort["life_months"], months_between(cohort["month"], today))
        rows += [
            {
                "cohort_id": cohort["id"],
                "period": month_after(cohort["month"], number),
                "amount_usd_micros": amortized(rest, cohort["life_months"] - gone, number - gone),
            }
            for number in range(gone + 1, last + 1)
        ]
    return await queries.execute(session, "add_amortization", rows=rows) if rows else 0


async def write_off(session: Session, month: date, cost_usd_micros: int, today: date) -> int:
    """Bear at once what is left of a superseded mapping's cost; return how much that is.

    `month` is that of its cohort. Its months so far stay as they were borne.
    """
    await amortize(session, today)
    cohort = await queries.find(session, "find_cohort", month=month.replace(day=1))
    if cohort is None or cost_usd_micros <= 0:
        return 0
    months = cohort["life_months"]
    gone = min(months_between(month, today), months)
    left: int = cost_usd_micros - cost_usd_micros * gone // months
    if left:
        period = today.replace(day=1)
        await queries.execute(
            session, "write_off_now", cohort_id=cohort["id"], period=period, amount=left
        )
    return left


def month_after(month: date, number: int) -> date:
    """Return the first day of the month that comes `number` months after."""
    years, at = divmod(month.month - 1 + number, 12)
    return date(month.year + years, at + 1, 1)


def months_between(month: date, later: date) -> int:
    """Return how many months lie between two days' months, zero at least."""
    return max((later.year - month.year) * 12 + later.month - month.month, 0)
