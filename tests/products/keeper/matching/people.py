"""Customers of a small shop, made from a seed, with hard cases that only look like one person."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from myriad.products.keeper.matching import Record, record

GIVEN = [
    "anna",
    "peter",
    "john",
    "mary",
    "susan",
    "olivia",
    "noah",
    "liam",
    "emma",
    "mia",
    "lucas",
    "ella",
    "jack",
    "ruby",
    "leo",
    "zoe",
    "max",
    "eva",
    "hugo",
    "nina",
    "omar",
    "lena",
    "paul",
    "rita",
    "sam",
    "tess",
    "alan",
    "beth",
    "carl",
    "dora",
    "evan",
    "faye",
    "glen",
    "hope",
    "ivan",
    "jane",
    "kyle",
    "lara",
]
FAMILY = [
    "smith",
    "jones",
    "brown",
    "taylor",
    "wilson",
    "davis",
    "evans",
    "thomas",
    "johnson",
    "roberts",
    "walker",
    "wright",
    "green",
    "hall",
    "wood",
    "clarke",
    "lewis",
    "harris",
    "martin",
    "cooper",
    "king",
    "ward",
    "turner",
    "hill",
    "moore",
    "khan",
    "patel",
    "lee",
    "clark",
    "morris",
]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def customers(count: int, seed: int) -> list[Record]:
    """Return different people, most of them with an e-mail and a telephone, ids c0, c1, ..."""
    draw = random.Random(seed)
    return [_customer(draw, number) for number in range(count)]


def _customer(draw: random.Random, number: int) -> Record:
    given, family = draw.choice(GIVEN), draw.choice(FAMILY)
    year, month, day = draw.randrange(1940, 2005), draw.randrange(1, 13), draw.randrange(1, 29)
    return record(
        f"c{number}",
        given=given,
        family=family,
        email=f"{given}{family}{number}@example.com" if draw.random() < 0.8 else "",
        phone=f"+1415{2000000 + number * 7919 % 7000000}" if draw.random() < 0.8 else "",
        birthday=f"{year}-{month:02d}-{day:02d}" if draw.random() < 0.4 else "",
    )


def lookalikes() -> list[Record]:
    """Return records of which no two are one person, though they share nearly everything."""
    home = {"address_line": "7 low road", "postcode": "94110", "suburb": "millbrae"}
    phone, email = "4155557777", "bakers@gmail.com"
    return [
        # Twins with names one letter apart, their parents' e-mail and telephone, one birthday.
        record("jon", given="Jon", family="Kowalski", email="k@home.org", birthday="2001-05-06"),
        record("jan", given="Jan", family="Kowalski", email="k@home.org", birthday="2001-05-06"),
        record("mia", given="Mia", family="Ode", phone="4155550001", birthday="2010-01-09", **home),
        record(
            "maya", given="Maya", family="Ode", phone="4155550001", birthday="2010-01-09", **home
        ),
        # Spouses who share an e-mail, a telephone and a card.
        record("ann", given="Ann", family="Miller", email="millers@x.com", cards=("f1",)),
        record("pete", given="Pete", family="Miller", email="m.illers@x.com", cards=("f1",)),
        record("eva", given="Eva", family="Stone", email="stones@x.com", phone="4155550002"),
        record("carl", given="Carl", family="Stone", email="stones@x.com", phone="4155550002"),
        # Father and son of one name at one address, by birthday, by suffix and by pet name.
        record("henry1", given="Henry", family="Baker", phone=phone, birthday="1950-01-01", **home),
        record("henry2", given="Henry", family="Baker", phone=phone, birthday="1980-01-01", **home),
        record("roy1", given="Roy", family="Dale Sr.", email=email, **home),
        record("roy2", given="Roy", family="Dale Jr", email=email, **home),
        record("john", given="John", family="Fox", phone="4155550003", **home),
        record("jack", given="Jack", family="Fox", phone="4155550003", **home),
        # Namesakes who were seen in two chairs at one time, with the shop's own telephone.
        record("kim1", given="Kim", family="Lee", phone="4155550004", busy=((NOON, NOON + HOUR),)),
        record("kim2", given="Kim", family="Lee", phone="4155550004", busy=((NOON, NOON + HOUR),)),
        # Namesakes without any contact.
        record("zeb1", given="Zebulon", family="Quux"),
        record("zeb2", given="Zebulon", family="Quux"),
        # Mother and daughter of one given name and one e-mail, the daughter married.
        record("rosa1", given="Rosa", family="Marin", email="rosa@marin.org"),
        record("rosa2", given="Rosa", family="Marin Holt", email="rosa@marin.org"),
        # A child known by an initial under a parent's telephone.
        record("tom", given="Thomas", family="Gray", phone="4155550005"),
        record("t", given="T", family="Gray", phone="4155550005"),
    ]
