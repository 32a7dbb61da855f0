"""The accounts of the demo's people at simulated banks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from myriad.products.kamioi.demo.people import PEOPLE, Person
from myriad.products.kamioi.plaid.simulator.living import Life
from myriad.products.kamioi.plaid.simulator.world import PlaidWorld


def populate(world: PlaidWorld, since: date, people: Sequence[Person] = PEOPLE) -> None:
    """Open an account for each of them in a new world; they live from `since` on."""
    for person in people:
        bank = world.link(
            institution=person.institution,
            mask=person.mask,
            salt=person.username,
            kind="checking",
        )
        bank.available = person.balance_minor / 100
        world.personas[person.username] = bank
        world.lives[bank.access_token] = Life(world.seed, person.username, since)
