"""What mapping has cost: each month's cohort, what of it was lost, and its share of every month."""

from __future__ import annotations

from datetime import date

from myriad.products.kamioi.money.amortization import amortize, write_off
from myriad.products.kamioi.repository import sql as queries
from myriad.scale.data import Session

LIFE_MONTHS = 12


async def close_month(session: Session, today: date) -> int:
    """Bring cohorts and entries up to date; return how many entries of this month were new.

    A cohort is what the decisions of a month (UTC) that is over have cost. What a decision cost is
    written off, in the month that ended it, when it was rejected or followed by another brand; a
    person who confirms the same brand loses nothing. Doing it again changes nothing.
    """
    await queries.execute(session, "gather_costs", today=today, life=LIFE_MONTHS)
    for lost in await queries.fetch(session, "list_lost_costs", today=today):
        await write_off(session, lost["month"], lost["cost_usd_micros"], lost["period"])
    return await amortize(session, today)
