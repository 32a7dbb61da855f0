"""Bookings as the models read them: who is booked, and who tends not to show up."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from myriad.kit.errors import InvalidInputError
from myriad.products.keeper.retention.history import Bools, Floats, Ints


def _no_days() -> Ints:
    return np.zeros(0, dtype=np.int64)


def _no_flags() -> Bools:
    return np.zeros(0, dtype=bool)


@dataclass(frozen=True, slots=True)
class Bookings:
    """Accepted and missed bookings of one account; leave out cancelled and declined ones.

    `person` (n,) are the indices of `Visits`, `made` and `start` (n,) day ordinals, `no_show`
    (n,) flags. The day a booking was made lets a past day be seen as it was, without its future.
    """

    person: Ints = field(default_factory=_no_days)
    made: Ints = field(default_factory=_no_days)
    start: Ints = field(default_factory=_no_days)
    no_show: Bools = field(default_factory=_no_flags)

    @classmethod
    def of(
        cls, person: ArrayLike, made: ArrayLike, start: ArrayLike, no_show: ArrayLike
    ) -> Bookings:
        """Build from columns. Raises `InvalidInputError` when their lengths differ."""
        who, made_on, starts = (np.asarray(c, dtype=np.int64) for c in (person, made, start))
        missed = np.asarray(no_show, dtype=bool)
        if not who.shape == made_on.shape == starts.shape == missed.shape:
            raise InvalidInputError("person, made, start and no_show must have the same length")
        return cls(who, made_on, starts, missed)

    def booked(self, person: Ints, as_of: int) -> Bools:
        """Which of `person` had, at the end of the day `as_of`, a booking still to come."""
        ahead = (self.made <= as_of) & (self.start > as_of)
        return np.isin(person, self.person[ahead])

    def no_show_share(self, person: Ints, as_of: int) -> Floats:
        """The share of each person's past bookings that were missed; 0 without bookings."""
        past = self.start <= as_of
        size = int(max(person.max(initial=0), self.person.max(initial=0))) + 1
        total = np.bincount(self.person[past], minlength=size)
        missed = np.bincount(self.person[past & self.no_show], minlength=size)
        return np.asarray(missed / np.maximum(total, 1), dtype=np.float64)[person]
