"""Who on the call list is held out: one in ten, by chance, balanced over the money at stake.

A person enters when their turn to be called comes, and stays in their arm for `WINDOW_DAYS`.
Chance is a keyed blake2b of (account's salt, person, period), so the same data give the same arms
and nobody can guess them without the salt. Within each stratum of money at stake, every ten people
in the order of their turns hold exactly one control (permuted blocks, drawn one by one): an account
with few people cannot lose its dearest ones to the control group by bad luck.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

Arm = Literal["call", "control"]

WINDOW_DAYS = 90
BLOCK = 10
_TWO_TO_64 = 2.0**64


@dataclass(frozen=True, slots=True)
class Assignment:
    """One person's entry: their arm until `horizon_date`, and their `place` in the stratum."""

    person_id: UUID
    entered_on: date
    horizon_date: date
    arm: Arm
    stratum: int
    place: int
    playbook: str
    value_at_risk: int


@dataclass(frozen=True, slots=True)
class Block:
    """How far a stratum is: people so far, and controls among those of the block under way."""

    people: int = 0
    controls: int = 0

    @property
    def chance(self) -> float:
        """Return the chance of the next person to be held out: controls left over places left."""
        place, controls = self.people % BLOCK, self.controls
        if place == 0:
            controls = 0
        return max(0, 1 - controls) / (BLOCK - place)

    def after(self, arm: Arm) -> Block:
        """Return the block once the next person went to `arm`."""
        controls = 0 if self.people % BLOCK == 0 else self.controls
        return Block(self.people + 1, controls + (arm == "control"))


class Allocation:
    """Sends people to arms in the order of their turns.

    `blocks` says how far each stratum is; it moves on with every person.
    """

    def __init__(self, salt: bytes, blocks: Mapping[int, Block]) -> None:
        self._salt = salt
        self._blocks = dict(blocks)

    def assign(self, person_id: UUID, day: date, value_at_risk: int, playbook: str) -> Assignment:
        """Return the arm of a person whose turn came on `day`; money in minor units."""
        stratum = stratum_of(value_at_risk)
        block = self._blocks.get(stratum, Block())
        arm: Arm = (
            "control" if draw(self._salt, person_id, period_of(day)) < block.chance else "call"
        )
        self._blocks[stratum] = block.after(arm)
        horizon = day + timedelta(days=WINDOW_DAYS)
        return Assignment(
            person_id, day, horizon, arm, stratum, block.people, playbook, value_at_risk
        )


def draw(salt: bytes, person_id: UUID, period: int) -> float:
    """Return a number in [0, 1) that only the salt, the person and the period decide."""
    text = person_id.bytes + period.to_bytes(8, "big")
    digest = hashlib.blake2b(text, key=salt, digest_size=8).digest()
    return int.from_bytes(digest, "big") / _TWO_TO_64


def period_of(day: date) -> int:
    """Return the number of the period of `WINDOW_DAYS` days that holds `day`."""
    return day.toordinal() // WINDOW_DAYS


def stratum_of(value_at_risk: int) -> int:
    """Return the power of four below the money at stake: people in a stratum differ fourfold."""
    return (max(value_at_risk, 1).bit_length() - 1) // 2
