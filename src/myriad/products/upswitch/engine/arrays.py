"""What the engine computes with: one float, or an array with one element a company or path."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Number = float | Floats


def common_shape(*values: ArrayLike) -> tuple[int, ...]:
    """Return the shape of a batch: () for one company, (n,) for n of them."""
    shapes = {value.shape for value in values if isinstance(value, np.ndarray)}
    return shapes.pop() if len(shapes) == 1 else np.broadcast_shapes(*shapes)


def plain(value: ArrayLike) -> float:
    """Return a result of one company as a float."""
    return float(np.asarray(value))
