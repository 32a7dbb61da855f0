"""What a signed-in member's holdings are asked with: who they are, today's market day, a span."""

from __future__ import annotations

from datetime import date, timedelta

from myriad.kit.clock import utc_now
from myriad.products.kamioi.broker.market import market_day
from myriad.products.kamioi.holding.portfolio import FIRST_DAY, Whose
from myriad.products.kamioi.people import MemberFacts


def whose(member: MemberFacts) -> Whose:
    """Return whose holdings are shown, as of today's market day."""
    return Whose(member.id, member.currency, market_day(utc_now()))


def beginning(span: str, day: date) -> date:
    """Return the first day of so many days up to `day`, or of everything for `all`."""
    return FIRST_DAY if span == "all" else day - timedelta(days=int(span))
