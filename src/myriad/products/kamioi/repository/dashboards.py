"""What the first page of a programme shows, from counts kept beside the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec

from myriad.kit.money import Money
from myriad.products.kamioi.repository.sql import QUERIES

if TYPE_CHECKING:
    from myriad.scale.http import BoundReader

RECENT_DAYS = 30
_STANDING = ("pending", "posted")


class PurchaseCount(msgspec.Struct, frozen=True):
    """Purchases of a day in one state, of one kind and currency."""

    day: date
    state: str
    kind: str
    currency: str
    purchases: int
    amount_minor: int


class RoundUpCount(msgspec.Struct, frozen=True):
    """Round-ups of a day in one state and currency, by where they go."""

    day: date
    state: str
    destination: str
    currency: str
    round_ups: int
    amount_minor: int


class MappingCount(msgspec.Struct, frozen=True):
    """How many strings stand in a state, by what decided them."""

    state: str
    method: str
    mappings: int


class ProgrammeCounts(msgspec.Struct, frozen=True):
    """The first page of a programme's admin; days from `since` to `today`.

    `last_on` is the day of the last purchase of all.
    """

    since: date
    today: date
    members: int
    purchases: tuple[PurchaseCount, ...]
    round_ups: tuple[RoundUpCount, ...]
    mappings: tuple[MappingCount, ...]
    last_on: date | None = None

    @property
    def recent(self) -> int:
        """How many purchases the last thirty days had."""
        return sum(self.by_day(self.today - timedelta(days=RECENT_DAYS - 1)).values())

    @property
    def bought(self) -> list[Money]:
        """What members bought for in the last thirty days, a sum for each currency."""
        return _sums(one for one in self._bought() if one.day > self._before_recent)

    @property
    def rounded(self) -> list[Money]:
        """What that rounds up by, but for what was left out or taken back."""
        return _sums(
            one
            for one in self.round_ups
            if one.day > self._before_recent
            and one.state != "reversed"
            and one.destination != "skip"
        )

    @property
    def decided(self) -> int:
        """How many strings are decided."""
        return self._strings("auto", "approved")

    @property
    def waiting(self) -> int:
        """How many strings wait for a person."""
        return self._strings("proposed")

    @property
    def strings(self) -> int:
        """How many strings have been looked at."""
        return sum(one.mappings for one in self.mappings)

    def by_day(self, since: date) -> dict[date, int]:
        """Return how many purchases each day from `since` to `today` had."""
        found: Counter[date] = Counter()
        for one in self._bought():
            found[one.day] += one.purchases
        days = range((self.today - since).days + 1)
        return {day: found[day] for day in (since + timedelta(days=number) for number in days)}

    @property
    def _before_recent(self) -> date:
        return self.today - timedelta(days=RECENT_DAYS)

    def _bought(self) -> Iterable[PurchaseCount]:
        return (one for one in self.purchases if one.kind == "purchase" and one.state in _STANDING)

    def _strings(self, *states: str) -> int:
        return sum(one.mappings for one in self.mappings if one.state in states)


async def get_programme_counts(reader: BoundReader, since: date, today: date) -> ProgrammeCounts:
    """Return what the programme of the reader's tenant counts from `since` on, in one round trip."""
    given = {"since": since}
    found = await reader.runtime.database.reader.rows_of_all(
        reader.tenant_id,
        {
            "members": (QUERIES["kamioi_programme"], {}),
            "purchases": (QUERIES["kamioi_purchase_days"], given),
            "round_ups": (QUERIES["kamioi_round_up_days"], given),
            "mappings": (QUERIES["kamioi_mapping_states"], {}),
        },
    )
    programme = found["members"][0]
    return ProgrammeCounts(
        since,
        today,
        programme["members"],
        msgspec.convert(found["purchases"], tuple[PurchaseCount, ...]),
        msgspec.convert(found["round_ups"], tuple[RoundUpCount, ...]),
        msgspec.convert(found["mappings"], tuple[MappingCount, ...]),
        programme["last_on"],
    )


def _sums(counts: Iterable[PurchaseCount | RoundUpCount]) -> list[Money]:
    """Return a sum for each currency, the one with most purchases first."""
    sums: Counter[str] = Counter()
    often: Counter[str] = Counter()
    for one in counts:
        sums[one.currency] += one.amount_minor
        often[one.currency] += one.purchases if isinstance(one, PurchaseCount) else one.round_ups
    return [Money(sums[currency], currency) for currency, _ in often.most_common()]
