"""Members and purchases that nobody made, the same in every life of a replay.

Strings are spread as on real cards: of 185,908 purchases on cards of one city 80 % fell on the
1,000 most frequent strings, and n purchases had about 2.55 n^0.72 different ones (Heaps' law).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import product
from uuid import UUID, uuid5

from myriad.kit.errors import InvalidInputError
from myriad.products.kamioi.intake.lines import Line
from myriad.scale.tenancy import TenantId

PER_MEMBER = 20
MOST_PER_DAY = 10_000_000
_HEAPS, _EXPONENT = 2.55, 0.72
_HEAD, _HEAD_SHARE, _BRANDED_SHARE = 1_000, 0.803, 0.65
_PLACES = ("NORTHGATE", "HARBOUR ST", "OLD MILL", "STATION RD", "MARKET SQ", "RIVERSIDE", "AIRPORT")
_SYLLABLES = ("BA", "DOR", "FEN", "GLI", "HAR", "KEL", "LOM", "MIR", "NAV", "OST", "PRU", "TIV")
_TRADES = ("CAFE", "GROCER", "BARBER", "PHARMACY", "GARAGE", "BOOKS")
_CENTS = (100, 9_999)


@dataclass(frozen=True)
class Plan:
    """`per_day` purchases a day for `days` days from `first`, 20 a day for each member.

    `names` are brands that some of the strings begin with. Raises InvalidInputError for less than
    one purchase or day, or more than ten million purchases a day.
    """

    tenant_id: TenantId
    per_day: int
    first: date
    days: int
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if not 1 <= self.per_day <= MOST_PER_DAY or self.days < 1:
            raise InvalidInputError(
                f"a replay takes 1 to {MOST_PER_DAY:,} purchases a day, for one day or more"
            )

    @property
    def members(self) -> int:
        """How many people the programme has."""
        return max(self.per_day // PER_MEMBER, 1)

    def made(self, kind: str, number: int) -> UUID:
        """Return the same id for the same thing in every life."""
        return uuid5(self.tenant_id, f"{kind} {number}")

    @cached_property
    def strings(self) -> tuple[str, ...]:
        """What stands on the statements, the frequent ones first."""
        dice = random.Random(5)  # noqa: S311 - the same in every life.
        count = max(int(_HEAPS * (self.per_day * self.days) ** _EXPONENT), 20)
        branded = [f"{name.upper()} {place}" for name, place in product(self.names, _PLACES)]
        dice.shuffle(branded)
        local = _local()
        return tuple(
            branded.pop() if branded and dice.random() < _BRANDED_SHARE else next(local)
            for _ in range(count)
        )

    def lines(self, day: int) -> Iterator[tuple[UUID, Line]]:
        """Yield the purchases of a day (counted from 0), an account's together as banks tell them."""
        dice = random.Random(1_000 + day)  # noqa: S311 - the same in every life.
        strings, booked_on = self.strings, self.first + timedelta(days=day)
        for number in range(self.per_day):
            if number % PER_MEMBER == 0:
                account = self.made("account", min(number // PER_MEMBER, self.members - 1))
            yield (
                account,
                Line(
                    number,
                    f"{day}-{number}",
                    booked_on,
                    dice.randrange(*_CENTS),
                    "USD",
                    _draw(dice, strings),
                    "purchase",
                ),
            )


def _local() -> Iterator[str]:
    """Yield shops that nobody knows."""
    for length in range(2, 9):
        for parts in product(_SYLLABLES, repeat=length):
            for trade in _TRADES:
                yield f"{''.join(parts)} {trade}"


def _draw(dice: random.Random, strings: Sequence[str]) -> str:
    """Return a string: one of the head, the first far more often than the last, or of the tail."""
    head = min(_HEAD, len(strings))
    if len(strings) == head or dice.random() < _HEAD_SHARE:
        return strings[int(head * dice.random() ** 2)]
    return strings[head + int((len(strings) - head) * dice.random())]
