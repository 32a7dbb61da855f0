"""Customers: who they are, how often they come, and when they stop."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from myriad.products.keeper.square.simulator.records import Json
from myriad.products.keeper.square.simulator.spa.days import appeal
from myriad.products.keeper.square.simulator.spa.menu import AREA_CODES, FAMILY, GIVEN, STAFF, dice
from myriad.products.keeper.square.simulator.world import square_id

# Share of new customers, median gap in days (spread between people), chance to leave per visit.
_KINDS = (
    ("once", 0.32, 0.0, 1.0),
    ("occasional", 0.32, 62.0, 0.13),
    ("regular", 0.38, 24.0, 0.035),
)
_ARRIVALS_PER_CUSTOMER_YEAR = 0.60
_SLOTS_A_WEEK = 64


@dataclass(frozen=True)
class Visit:
    """The `number`-th time that somebody means to come, and on which day."""

    number: int
    day: date


@dataclass
class Life:
    """One person: identity, habits, and from which visit on a second profile is used."""

    key: tuple[int, int, int]
    given_name: str
    family_name: str
    contact: Json
    birthday: str | None
    kind: str
    median_gap_days: float
    leaving: float
    favourite: int
    books_ahead: bool
    second_profile_from: int | None

    @property
    def customer_id(self) -> str:
        """The id of the first profile."""
        return square_id("customer", *self.key, length=26)

    @property
    def second_customer_id(self) -> str:
        """The id of the profile that a new card made."""
        return square_id("customer", *self.key, "second", length=26)

    def visits(self, last: date) -> Iterator[Visit]:
        """Yield the visits up to `last`, each drawn only from this life's own dice."""
        _, week, _ = self.key
        roll = dice("visits", *self.key)
        day = _open_day(date.fromordinal(week * 7 + roll.randrange(7)), roll)
        number = 0
        while day <= last:
            yield Visit(number, day)
            if roll.random() < self.leaving:
                return
            gap = self.median_gap_days * math.exp(roll.gauss(0.0, 0.28))
            day = _open_day(day + timedelta(days=max(3, round(gap))), roll)
            number += 1


def _open_day(day: date, roll: Random) -> date:
    near = [day + timedelta(days=offset) for offset in range(7)]
    return roll.choices(near, [appeal(candidate) for candidate in near])[0]


def arrivals(seed: int, week: int, customers: int) -> Iterator[Life]:
    """Yield the customers who come for the first time in this calendar week."""
    roll = dice("arrivals", seed, week)
    rate = customers * _ARRIVALS_PER_CUSTOMER_YEAR / 52
    families: list[Life] = []
    for number in range(_poisson(roll, rate)):
        life = _person(seed, week, number, families)
        families.append(life)
        yield life


def _poisson(roll: Random, rate: float) -> int:
    if rate > 50:
        return max(0, round(roll.gauss(rate, math.sqrt(rate))))
    limit, product, count = math.exp(-rate), roll.random(), 0
    while product > limit:
        product *= roll.random()
        count += 1
    return count


def _person(seed: int, week: int, number: int, earlier: list[Life]) -> Life:
    roll = dice("person", seed, week, number)
    kind, _, median, leaving = roll.choices(_KINDS, [share for _, share, _, _ in _KINDS])[0]
    life = Life(
        key=(seed, week, number),
        given_name=roll.choice(GIVEN),
        family_name=roll.choice(FAMILY),
        contact={},
        birthday=_birthday(roll),
        kind=kind,
        median_gap_days=median * math.exp(roll.gauss(0.0, 0.35)),
        leaving=leaving,
        favourite=roll.randrange(len(STAFF)),
        books_ahead=roll.random() < 0.7,
        second_profile_from=roll.randrange(1, 5) if roll.random() < 0.11 else None,
    )
    life.contact = _contact(life, roll)
    if earlier and roll.random() < 0.05:
        life.family_name = earlier[-1].family_name
        life.contact |= {k: v for k, v in earlier[-1].contact.items() if k == "email_address"}
    return life


def _birthday(roll: Random) -> str | None:
    chance = roll.random()
    year = roll.randrange(1945, 2005) if chance < 0.35 else 0
    text = f"{year:04d}-{roll.randrange(1, 13):02d}-{roll.randrange(1, 29):02d}"
    return text if chance < 0.5 else None


def _contact(life: Life, roll: Random) -> Json:
    _, week, number = life.key
    chance = roll.random()
    if chance < 0.08:
        return {}
    slot = week * _SLOTS_A_WEEK + number
    area = AREA_CODES[slot // 10_000 % len(AREA_CODES)]
    phone = f"+1{area}555{slot % 10_000:04d}"
    name = f"{life.given_name}.{life.family_name}{slot % 9973}".lower()
    contact = {"email_address": f"{name}@example.com", "phone_number": phone}
    if chance < 0.2:
        contact.pop("phone_number" if chance < 0.14 else "email_address")
    return contact
