"""How far a decision is to be believed: calibrated on audits, with the interval that audits allow.

Isotonic regression by pooling adjacent violators (Ayer et al. 1955); Wilson's score interval (Wilson
1927). Bands as Plaid states its own: very high above 98 %, high above 90 %.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

BINS = 10
AUTO_FROM = 0.98
MEDIUM_FROM = 0.5
_Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Curve:
    """A step function from score to confidence: `values[i]` holds from `starts[i]` on."""

    starts: tuple[float, ...]
    values: tuple[float, ...]

    def __call__(self, score: float) -> float:
        """Return the confidence 0..1 of a score."""
        return self.values[max(0, bisect_right(self.starts, score) - 1)]


def fit(scored: Iterable[tuple[float, bool]]) -> Curve:
    """Return the isotonic curve of audited decisions (score, was it right).

    Each block is smoothed by half a success and half a failure (Jeffreys), so that few audits never
    make a certainty. Raises ValueError without a single one.
    """
    blocks: list[list[float]] = []
    for score, right in sorted(scored, key=lambda one: one[0]):
        if blocks and blocks[-1][0] == score:
            blocks[-1][1] += right
            blocks[-1][2] += 1
        else:
            blocks.append([score, float(right), 1.0])
        _pool(blocks)
    if not blocks:
        raise ValueError("a curve needs at least one audited decision")
    _pool(blocks)
    values = [(right + 0.5) / (count + 1) for _, right, count in blocks]
    for place in range(1, len(values)):
        values[place] = max(values[place], values[place - 1])
    return Curve(tuple(block[0] for block in blocks), tuple(values))


def _pool(blocks: list[list[float]]) -> None:
    while len(blocks) > 1 and blocks[-2][1] * blocks[-1][2] >= blocks[-1][1] * blocks[-2][2]:
        _, right, count = blocks.pop()
        blocks[-1][1] += right
        blocks[-1][2] += count


def wilson(right: int, total: int, z: float = _Z95) -> tuple[float, float]:
    """Return the 95 % interval of a share; (0, 1) of nothing."""
    if total == 0:
        return 0.0, 1.0
    share, square = right / total, z * z
    middle = share + square / (2 * total)
    spread = z * sqrt(share * (1 - share) / total + square / (4 * total * total))
    return (middle - spread) / (1 + square / total), (middle + spread) / (1 + square / total)


def may_decide_alone(right: int, total: int) -> bool:
    """Whether audits of one method and bin of scores allow its decisions without a person."""
    return wilson(right, total)[0] >= AUTO_FROM


def bin_of(score: float) -> int:
    """Return the bin 0..9 of a score 0..1."""
    return max(0, min(BINS - 1, int(score * BINS)))


def band(confidence: float) -> str:
    """Return the name of a confidence: very_high, high, medium or low."""
    if confidence > 0.98:
        return "very_high"
    if confidence > 0.9:
        return "high"
    return "medium" if confidence >= MEDIUM_FROM else "low"


def calibration_error(believed: Sequence[tuple[float, bool]]) -> float:
    """Return the expected calibration error over ten bins of (confidence, was it right), 0..1."""
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for confidence, right in believed:
        bins[bin_of(confidence)].append((confidence, right))
    gaps = (
        abs(sum(confidence for confidence, _ in found) - sum(right for _, right in found))
        for found in bins
    )
    return sum(gaps) / max(1, len(believed))


# Until audits of its own speak, a programme believes a method this far. Nothing is decided without
# a person on the strength of it: that takes audits.
FIRST_CURVES = {
    "entity": Curve((0.0,), (0.97,)),
    "quorum": Curve((0.0,), (0.9,)),
    "exact": Curve((0.0, 0.5), (0.90, 0.97)),
    "prefix": Curve((0.0, 0.3, 0.6), (0.75, 0.88, 0.93)),
    "ngram": Curve((0.0, 0.9), (0.2, 0.5)),
    "llm": Curve((0.0, 0.9), (0.5, 0.8)),
    "none": Curve((0.0,), (0.5,)),
}


def first_confidence(method: str, score: float) -> float:
    """Return how far a decision is believed before there are audits."""
    return FIRST_CURVES.get(method, FIRST_CURVES["none"])(score)
