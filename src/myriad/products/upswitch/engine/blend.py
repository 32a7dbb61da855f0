"""Methods brought together: weights, range and the football field.

Source: Upswitch specification section 4.8. The weight of a method without a value goes to the
others in proportion; the range is that of the methods without the lowest and the highest, when
four or more have a value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from myriad.products.upswitch.engine.methods import MethodResult
from myriad.products.upswitch.errors import InputsError

_TRIM_FROM = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of the football field."""

    method: str
    label: str
    low: float
    middle: float
    high: float
    weight: float
    in_range: bool


@dataclass(frozen=True, slots=True)
class Blend:
    """The value of the equity over all methods, in the units of the inputs."""

    low: float
    middle: float
    high: float
    weights: dict[str, float]
    bars: tuple[Bar, ...]
    notes: tuple[str, ...] = ()


def blend(results: Sequence[MethodResult], weights: Mapping[str, float]) -> Blend:
    """Return the weighted middle and the range; equity below 0 is worth 0, and a note says so.

    Raises InputsError when no method has a value.
    """
    found = [_Valued(*item) for item in _valued(results)]
    if not found:
        reasons = "; ".join(result.note for result in results if result.note)
        raise InputsError(f"no method gives a value: {reasons or 'give cash flows or multiples'}")
    shares = redistributed([item.method for item in found], weights)
    middle = sum(shares[place] * item.middle for place, item in enumerate(found))
    ranged = _trimmed(found)
    low, high = min(x.low for x in ranged), max(x.high for x in ranged)
    bars = tuple(
        Bar(x.method, x.label, x.low, x.middle, x.high, shares[place], x in ranged)
        for place, x in enumerate(found)
    )
    named: dict[str, float] = {}
    for place, item in enumerate(found):
        named[item.method] = named.get(item.method, 0.0) + shares[place]
    return _floored(Blend(low, middle, high, named, bars))


@dataclass(frozen=True, slots=True)
class _Valued:
    method: str
    label: str
    low: float
    middle: float
    high: float


def _valued(results: Sequence[MethodResult]) -> list[tuple[str, str, float, float, float]]:
    return [
        (item.method, item.label, item.low, item.middle, item.high)
        for item in results
        if item.low is not None and item.middle is not None and item.high is not None
    ]


def redistributed(methods: Sequence[str], weights: Mapping[str, float]) -> tuple[float, ...]:
    """Return weights that sum to 1 over the methods that have a value.

    Several results of one method share its weight. Where none of them has a weight, all count
    alike.
    """
    counts = {method: methods.count(method) for method in methods}
    raw = [weights.get(method, 0.0) / counts[method] for method in methods]
    total = sum(raw)
    if total <= 0:
        return tuple(1.0 / len(methods) for _ in methods)
    return tuple(weight / total for weight in raw)


def _trimmed(found: Sequence[_Valued]) -> list[_Valued]:
    if len(found) < _TRIM_FROM:
        return list(found)
    return sorted(found, key=lambda item: item.middle)[1:-1]


def _floored(value: Blend) -> Blend:
    if value.low >= 0:
        return value
    note = (
        f"the claims on the company exceed its value in part of the range (down to "
        f"{value.low:,.0f}); shareholders are not liable, so equity is worth at least 0"
    )
    return Blend(
        0.0,
        max(value.middle, 0.0),
        max(value.high, 0.0),
        value.weights,
        value.bars,
        (*value.notes, note),
    )
