"""What each comparison level means, and what experience says about it before any data is seen.

`same` is how often two records of one person stand at the level (m), `chance` how often two
strangers do (u), `household` how often two people of one household do; None means as strangers. The
data move m and u away from here in proportion to how much they have to say, m never above `most`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from myriad.products.keeper.matching.columns import Scores


@dataclass(frozen=True, slots=True)
class Level:
    """One step of likeness: its name, its words for a person, and its prior frequencies."""

    name: str
    words: str
    same: float
    chance: float
    household: float | None = None
    most: float = 1.0


@dataclass(frozen=True, slots=True)
class Field:
    """A compared field; `levels[0]` is "unknown" and says nothing.

    `by_value` weighs an exact agreement by how common the value is (term frequency). With `shared`
    set, a household has the whole field in common: its frequencies are those of one person.
    """

    name: str
    levels: tuple[Level, ...]
    by_value: bool = False
    shared: bool = False

    @property
    def exact(self) -> Level:
        """The best level."""
        return self.levels[1]


_UNKNOWN = Level("unknown", "unknown on one side", 1.0, 1.0)


# A step that this kind of field does not have; it keeps the numbers of the others alike.
_NEVER = Level("never", "", 1e-6, 1e-6, 1e-6)


def _field(name: str, *levels: Level, by_value: bool = False, shared: bool = False) -> Field:
    return Field(name, (_UNKNOWN, *levels), by_value, shared)


FIELDS: tuple[Field, ...] = (
    _field(
        "given",
        Level("exact", "same given name", 0.80, 0.004),
        Level("nickname", "one given name is short for the other", 0.04, 0.001),
        Level("slip", "given names one keystroke apart", 0.05, 0.001),
        Level("near", "given names much alike", 0.03, 0.003),
        Level("part", "one given name is an initial or a part of the other", 0.02, 0.005),
        _NEVER,
        Level("similar", "given names somewhat alike", 0.02, 0.02, most=0.08),
        Level("different", "different given names", 0.02, 0.966, most=0.08),
        by_value=True,
    ),
    _field(
        "family",
        Level("exact", "same family name", 0.83, 0.002, 0.75),
        Level("slip", "family names one keystroke apart", 0.06, 0.0005, 0.002),
        Level("near", "family names much alike", 0.03, 0.002, 0.003),
        Level("part", "one family name is a part of the other", 0.01, 0.0005, 0.005),
        Level("swapped", "given and family name exchanged", 0.01, 0.00002, 0.00002),
        Level("crossed", "one's given name is the other's family name", 0.01, 0.002, 0.012),
        Level("similar", "family names somewhat alike", 0.01, 0.02, 0.01),
        Level("different", "different family names", 0.05, 0.975, 0.23),
        by_value=True,
    ),
    _field(
        "birthday",
        Level("exact", "same birthday", 0.90, 0.00005, 0.005),
        Level("yearless", "same day of birth, a year unknown", 0.90, 0.0027, 0.005),
        Level("slip", "birthdays one keystroke apart", 0.04, 0.0008),
        Level("part", "two of day, month and year of birth agree", 0.02, 0.004),
        Level("different", "different birthdays", 0.04, 0.992),
    ),
    _field(
        "email",
        Level("exact", "same e-mail", 0.70, 0.00002, 0.25),
        Level("slip", "e-mail one keystroke apart", 0.04, 0.00001, 0.005),
        Level("mailbox", "same name before the at sign, another provider", 0.06, 0.005, 0.005),
        Level("different", "different e-mail", 0.20, 0.995, 0.74),
        by_value=True,
    ),
    _field(
        "phone",
        Level("exact", "same telephone", 0.75, 0.00002, 0.45),
        Level("slip", "telephones one keystroke apart", 0.04, 0.00002),
        Level("different", "different telephones", 0.21, 0.99996, 0.55),
        by_value=True,
    ),
    _field(
        "card",
        Level("exact", "paid with the same card", 0.50, 0.00002, 0.25),
        Level("different", "no card in common", 0.50, 0.99998, 0.75),
    ),
    _field(
        "street_number",
        Level("exact", "same street number", 0.85, 0.02),
        Level("slip", "street numbers one keystroke apart", 0.06, 0.15),
        Level("different", "different street numbers", 0.09, 0.83),
        by_value=True,
        shared=True,
    ),
    _field(
        "address_line",
        Level("exact", "same street", 0.75, 0.002),
        Level("near", "streets much alike", 0.12, 0.001),
        _NEVER,
        _NEVER,
        Level("swapped", "address lines exchanged", 0.03, 0.00002),
        Level("crossed", "one's street is the other's second line", 0.01, 0.001),
        Level("similar", "streets somewhat alike", 0.02, 0.02),
        Level("different", "different streets", 0.08, 0.977),
        by_value=True,
        shared=True,
    ),
    _field(
        "address_extra",
        Level("exact", "same second address line", 0.70, 0.002),
        Level("near", "second address lines much alike", 0.15, 0.001),
        _NEVER,
        _NEVER,
        _NEVER,
        _NEVER,
        Level("similar", "second address lines somewhat alike", 0.04, 0.02),
        Level("different", "different second address lines", 0.10, 0.977),
        by_value=True,
        shared=True,
    ),
    _field(
        "suburb",
        Level("exact", "same suburb or town", 0.82, 0.01),
        Level("near", "towns much alike", 0.08, 0.002),
        _NEVER,
        _NEVER,
        _NEVER,
        _NEVER,
        Level("similar", "towns somewhat alike", 0.03, 0.02),
        Level("different", "different towns", 0.06, 0.968),
        by_value=True,
        shared=True,
    ),
    _field(
        "postcode",
        Level("exact", "same postcode", 0.85, 0.005),
        Level("slip", "postcodes one keystroke apart", 0.08, 0.02),
        Level("different", "different postcodes", 0.07, 0.975),
        by_value=True,
        shared=True,
    ),
    _field(
        "state",
        Level("exact", "same state", 0.97, 0.3),
        Level("different", "different states", 0.03, 0.7),
        by_value=True,
        shared=True,
    ),
)
STRONG_FIELDS = ("email", "phone", "card")
NAME_FIELDS = ("given", "family")


def unit(frequencies: list[float]) -> Scores:
    """Scale the known levels to sum to 1; the unknown level is 1 and so weighs nothing."""
    known = np.array(frequencies[1:], dtype=np.float64)
    return np.concatenate(([1.0], known / known.sum()))
