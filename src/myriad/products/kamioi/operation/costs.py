"""What mapping costs, beside what it is for: strings, purchases, members."""

from __future__ import annotations

from datetime import date

import msgspec

from myriad.products.kamioi.money.amortization import month_after
from myriad.products.kamioi.repository import sql as queries
from myriad.scale.data import ReadSession

MONTHS = 13
# A tenth of a cent for a purchase, in millionths of a dollar.
GOAL_PER_PURCHASE_MICROS = 1_000


class Cohort(msgspec.Struct, frozen=True):
    """What one month's decisions cost, and what months since have borne of it (micro-dollars)."""

    month: date
    cost_usd_micros: int
    life_months: int
    borne_usd_micros: int
    written_off_usd_micros: int

    @property
    def left_usd_micros(self) -> int:
        """What later months will bear."""
        return self.cost_usd_micros - self.borne_usd_micros - self.written_off_usd_micros


class Month(msgspec.Struct, frozen=True):
    """What a month spent and bore, and how many purchases it saw."""

    month: date
    spent_usd_micros: int
    decisions: int
    borne_usd_micros: int
    purchases: int

    @property
    def per_purchase_micros(self) -> float | None:
        """What the month bore for each purchase, in micro-dollars."""
        return self.borne_usd_micros / self.purchases if self.purchases else None


class Costs(msgspec.Struct, frozen=True):
    """All cohorts, the last thirteen months, and everything spent so far; the newest first.

    A member is active who bought something in the last thirty days.
    """

    cohorts: tuple[Cohort, ...]
    months: tuple[Month, ...]
    spent_usd_micros: int
    decided: int
    active_members: int

    @property
    def per_member_micros(self) -> float | None:
        """What this month bears for each active member, in micro-dollars."""
        borne = self.months[0].borne_usd_micros if self.months else 0
        return borne / self.active_members if self.active_members else None

    @property
    def per_descriptor_micros(self) -> float | None:
        """What was spent for each string that is decided, in micro-dollars."""
        return self.spent_usd_micros / self.decided if self.decided else None

    @property
    def left_usd_micros(self) -> int:
        """What later months will bear."""
        return sum(one.left_usd_micros for one in self.cohorts)


async def get_costs(session: ReadSession, today: date) -> Costs:
    """Return the costs of the tenant's mapping up to today's month."""
    last = today.replace(day=1)
    found = await queries.fetch_all(
        session,
        {
            "costs_cohorts": {},
            "costs_months": {"first": month_after(last, 1 - MONTHS), "last": last},
            "costs_whole": {"today": today},
        },
    )
    return Costs(
        cohorts=msgspec.convert(found["costs_cohorts"], tuple[Cohort, ...]),
        months=msgspec.convert(found["costs_months"], tuple[Month, ...]),
        **found["costs_whole"][0],
    )
