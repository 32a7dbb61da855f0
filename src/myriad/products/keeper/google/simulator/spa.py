"""Reviews of the generated spa, by customers who paid there a few days before.

About one payment in thirty is followed by a review, zero to five days later. Most are happy; some
have stars only, some are edited later, a third of the older ones are answered. Draws depend on the
seed and the payment, so tomorrow's reviews are today's with a day more.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

import msgspec

from myriad.products.keeper.google.simulator.world import (
    Business,
    GoogleWorld,
    Json,
    Spot,
    opaque,
    timestamp,
)
from myriad.products.keeper.square.simulator.records import moment_of
from myriad.products.keeper.square.simulator.spa import spa_seller
from myriad.products.keeper.square.simulator.spa.menu import dice
from myriad.products.keeper.square.simulator.world import Seller

_SHARE = 0.033
_WEIGHTS = (6, 5, 9, 20, 60)
_SILENT = 0.2
_EDITED = 0.06
_ANSWERED = 0.35
_LONGEST_DELAY_DAYS = 5.0

_PHRASES: dict[int, tuple[str, ...]] = {
    1: (
        "Waited forty minutes past my appointment and nobody apologised. Very disappointed.",
        "The receptionist was rude and the room was freezing. I will not be back.",
        "Overpriced and rushed. My facial left my skin burning for two days.",
        "They charged me for a cancelled appointment and never called back. Terrible.",
    ),
    2: (
        "The massage was okay but far too short, and the music next door was loud.",
        "Nice place, but the towels had a stain and the shower was dirty.",
        "Expensive for what it was. My pedicure chipped after one day.",
    ),
    3: (
        "Good massage, but parking is a nightmare and I had to wait.",
        "The staff is friendly. The result was just average for the price.",
        "Calm rooms and a decent facial. Booking online did not work.",
    ),
    4: (
        "Lovely atmosphere and a skilled therapist. A bit pricey.",
        "Great facial, my skin feels wonderful. Parking could be easier.",
        "Friendly team and very clean. They ran ten minutes late.",
    ),
    5: (
        "Best massage I have had in years. {staff} is wonderful!",
        "Spotless, peaceful, and everybody is so welcoming. Highly recommend.",
        "{staff} listened and gave me a perfect facial. Worth every cent.",
        "Easy to book, on time, and the warm oil was heavenly. I felt so relaxed.",
        "Such a lovely team. I leave happy every single time.",
    ),
}
_STAFF = ("Nora", "Tomas", "Priya", "Jade", "Lena", "Mei")
_ANSWERS = {
    1: "We are sorry that we let you down. Please get in touch with us directly.",
    2: "Thank you for telling us. We are looking into it.",
    3: "Thank you for your honest words.",
    4: "Thank you! We look forward to seeing you again.",
    5: "Thank you so much! We look forward to seeing you again.",
}


def spa_world(*, seed: int = 1, customers: int = 500, now: datetime | None = None) -> GoogleWorld:
    """Return a world with the spa of the same seed as the simulated Square's."""
    world = GoogleWorld()
    moment = now or world.clock()
    add_spa(world, spa_seller(seed=seed, customers=customers, now=moment), seed, moment)
    return world


def add_spa(world: GoogleWorld, seller: Seller, seed: int, now: datetime) -> Business:
    """Add a business whose reviewers are customers of `seller`."""
    business = world.add(str(seller.merchant["business_name"]))
    spot = business.add(str(seller.merchant["business_name"]))
    names = {key: _name(record.body) for key, record in seller.tables["customer"].records.items()}
    for record in seller.tables["payment"].records.values():
        roll = dice(seed, "review", record.id)
        if record.customer_id in names and roll.random() < _SHARE:
            paid = datetime.fromtimestamp(record.times["created_at"], tz=now.tzinfo)
            _write(spot, roll, names[record.customer_id], record.id, paid, now)
    return business


class _Profile(msgspec.Struct):
    given_name: str = ""
    family_name: str = ""


def _name(body: bytes) -> tuple[str, str]:
    profile = msgspec.json.decode(body, type=_Profile)
    return profile.given_name, profile.family_name


def _write(
    spot: Spot, roll: Random, name: tuple[str, str], payment: str, paid: datetime, now: datetime
) -> None:
    stars = roll.choices((1, 2, 3, 4, 5), _WEIGHTS)[0]
    phrase = roll.choice(_PHRASES[stars]).format(staff=roll.choice(_STAFF))
    comment = "" if roll.random() < _SILENT else phrase
    author = _author(roll, name)
    created = paid + timedelta(days=roll.uniform(0.1, _LONGEST_DELAY_DAYS))
    edited = created + timedelta(days=roll.uniform(1, 20)) if roll.random() < _EDITED else created
    answered = created + timedelta(days=roll.uniform(0.2, 6))
    wants_answer = roll.random() < _ANSWERED
    if created > now:
        return
    review = spot.put(
        opaque(spot.name, payment),
        stars=stars,
        comment=comment,
        author=author,
        created=created,
        updated=edited if edited <= now else created,
    )
    if wants_answer and answered <= now:
        _answer(review, stars, answered)


def _answer(review: Json, stars: int, at: datetime) -> None:
    review["reviewReply"] = {
        "comment": _ANSWERS[stars],
        "updateTime": timestamp(max(at, moment_of(review["createTime"]))),
    }


def _author(roll: Random, name: tuple[str, str]) -> str:
    given, family = name
    forms = (
        f"{given} {family}",
        f"{given} {family[:1]}.",
        f"{given.lower()} {family.lower()}",
        given,
        f"{given[:1]}. {family}",
        "",
    )
    return roll.choices(forms, (50, 20, 8, 8, 8, 6))[0].strip()
