"""What-ifs about the account's own visits, asked of its own past."""

from __future__ import annotations

from datetime import timedelta

from myriad.products.keeper.repository.accounts import get_account
from myriad.products.keeper.repository.history import get_country
from myriad.products.keeper.repository.preferences import read_preferences
from myriad.products.keeper.repository.what_if import load_day_sums
from myriad.products.keeper.retention.trading_days import public_holidays
from myriad.products.keeper.views.what_if import QuietDayView, Wish
from myriad.products.keeper.what_if import WEEKS, DaySum, quiet_day
from myriad.scale.data import ReadSession


async def get_quiet_day(session: ReadSession, wish: Wish) -> QuietDayView:
    """Return what filling a quiet day would bring; raises NoAccountError.

    Closed days that the owner named say nothing, nor do public holidays where they count.
    """
    account = await get_account(session)
    chosen = await read_preferences(session)
    last = min(account.day, account.today - timedelta(days=1))
    days = [last - timedelta(days=back) for back in range(7 * WEEKS)]
    shut = {item.day for item in chosen.closed_days}
    if chosen.public_holidays:
        country = await get_country(session)
        flags = public_holidays([day.toordinal() for day in days], country)
        shut |= {day for day, festive in zip(days, flags, strict=True) if festive}
    sums = {
        day: DaySum(visits, net)
        for day, visits, net in await load_day_sums(session, days[-1], last)
    }
    return quiet_day(sums, last, wish, shut=shut, currency=account.currency)
