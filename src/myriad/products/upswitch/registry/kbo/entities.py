"""Which numbers are known: one bit for each possible one, so that millions take 12 MB."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
# The last two digits follow from the first eight.
_PLACES = 10**8


class Known(Protocol):
    """Tells whose rows are wanted."""

    def add(self, numbers: Numbers) -> None:
        """Want the rows of `numbers` as well."""
        ...

    def holds(self, numbers: Numbers) -> NDArray[np.bool_]:
        """Tell of each number whether its rows are wanted; same shape."""
        ...


class Everybody:
    """Wants the rows of every number."""

    def add(self, numbers: Numbers) -> None:
        """Change nothing."""

    def holds(self, numbers: Numbers) -> NDArray[np.bool_]:
        """Say yes to all."""
        return np.ones(numbers.shape, np.bool_)


class EntitySet:
    """A set of ten-digit numbers that have passed their check."""

    def __init__(self) -> None:
        self._bits = np.zeros(_PLACES // 8, np.uint8)

    def add(self, numbers: Numbers) -> None:
        """Add `numbers`."""
        stems = numbers // 100
        np.bitwise_or.at(self._bits, stems >> 3, (1 << (stems & 7)).astype(np.uint8))

    def holds(self, numbers: Numbers) -> NDArray[np.bool_]:
        """Tell of each number whether it is in the set; same shape."""
        stems = numbers // 100
        held: NDArray[np.bool_] = (self._bits[stems >> 3] >> (stems & 7).astype(np.uint8)) & 1 == 1
        return held
