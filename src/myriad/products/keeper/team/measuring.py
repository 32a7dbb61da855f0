"""From counts of one period to what is shown of each member."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from myriad.products.keeper.team.definitions import BY_NAME, LEAST, METRICS, Metric
from myriad.products.keeper.team.reading import Reading
from myriad.products.keeper.team.shrinkage import (
    Posterior,
    beta_bands,
    fit_beta_priors,
    fit_normal_prior,
    normal_band,
    normal_interval,
    ratio_of_sums,
    shrink_shares,
    shrink_values,
)
from myriad.products.keeper.team.standardisation import (
    Standardised,
    expected_by_service,
    standardise_counts,
    standardise_sums,
)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Parts = tuple[Floats, Floats, Floats]
"""Trials, successes and what the team's rates expect, each (member, service)."""

_PARTS_SHOWN = 5


@dataclass(frozen=True)
class Counts:
    """Counts of one period: for each kind an array (member, service, column).

    `members` and `services` name the places, services by what they are called; `lacking` holds what
    the account does not have, in the words of `Metric.needs`.
    """

    members: tuple[str, ...]
    services: tuple[str, ...]
    by_kind: Mapping[str, Floats]
    lacking: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Measurement(Reading):
    """One figure of one member as it is read. With `reason` it is hidden."""

    member: str
    metric: str
    n: int
    reason: str | None = None


class Part(msgspec.Struct, frozen=True, gc=False):
    """One service within a figure: trials, successes and what the team's rate expects."""

    service: str
    n: float
    observed: float
    expected: float


class Figure(msgspec.Struct, frozen=True, omit_defaults=True):
    """One figure of one member as it is stored; see `Reading` for what the numbers are.

    With `reason` it is hidden. `observed` is the numerator, `parts` the services that weigh most.
    """

    metric: str
    n: int
    peers: int
    reason: str | None = None
    observed: float | None = None
    value: float | None = None
    shrunk: float | None = None
    lo: float | None = None
    hi: float | None = None
    peer: float | None = None
    peer_lo: float | None = None
    peer_hi: float | None = None
    expected: float | None = None
    ratio: float | None = None
    ratio_lo: float | None = None
    ratio_hi: float | None = None
    parts: Sequence[Part] = ()


# The columns of a table of numbers, in the order of the fields of a `Figure`.
_NUMBERS = Figure.__struct_fields__[4:-1]
_OBSERVED, _VALUE, _PEER = 0, 1, 5
_POSTERIOR, _BAND, _STANDARD = slice(2, 5), slice(6, 8), slice(8, 12)


@dataclass(frozen=True, slots=True)
class _Reckoned:
    """A metric over the whole team before anything is hidden: `numbers` (member, field), NaN unknown."""

    n: Floats
    numbers: Floats
    parts: Parts | None = None


def figures_of(counts: Counts, *, with_parts: bool = True) -> list[tuple[Figure, ...]]:
    """Return each member's figures, with the services behind them unless told otherwise."""
    reckoned = _shares(counts) | {
        metric.name: _REST[metric.kind](metric, counts)
        for metric in METRICS
        if metric.kind in _REST and metric.needs not in counts.lacking
    }
    parts = _parts(counts.services, reckoned) if with_parts else {}
    shown = _shown(reckoned, parts)
    missing = {
        metric.name: [Figure(metric.name, 0, 0, metric.needs)] * len(counts.members)
        for metric in METRICS
        if metric.name not in reckoned
    }
    by_metric = shown | missing
    return list(zip(*(by_metric[metric.name] for metric in METRICS), strict=True))


def _shares(counts: Counts) -> dict[str, _Reckoned]:
    """Return every share that the account has the data for, reckoned together."""
    metrics = [m for m in METRICS if m.kind == "share" and m.needs not in counts.lacking]
    found, metrics, trials, successes = _set_hidden_aside(counts, metrics)
    if not metrics:
        return found
    n, s = trials.sum(2), successes.sum(2)
    mean, kappa = fit_beta_priors(s, n)
    # An interval costs more than all else here, so none is made of what stays hidden.
    shown = n >= LEAST
    alone = (n > 0).sum(1) < 2
    adjusted = np.array([metric.is_adjusted for metric in metrics]) & ~alone
    numbers = np.full((*n.shape, len(_NUMBERS)), np.nan)
    numbers[:, :, _OBSERVED] = s
    numbers[:, :, _VALUE] = [_values(*row) for row in zip(metrics, s, n, strict=True)]
    numbers[:, :, _POSTERIOR][shown] = _posterior(s, n, mean, kappa, shown)
    numbers[~alone, :, _PEER] = mean[~alone, None]
    numbers[~alone, :, _BAND] = np.stack(beta_bands(mean, kappa), axis=1)[~alone, None]
    standard = standardise_counts(successes, trials, shown)
    numbers[adjusted, :, _STANDARD] = _columns_of(standard)[adjusted]
    expected = expected_by_service(successes, trials)
    for row, metric in enumerate(metrics):
        parts = (trials[row], successes[row], expected[row]) if adjusted[row] else None
        found[metric.name] = _Reckoned(n[row], numbers[row], parts)
    return found


def _set_hidden_aside(
    counts: Counts, metrics: Sequence[Metric]
) -> tuple[dict[str, _Reckoned], list[Metric], Floats, Floats]:
    """Return the figures of which nobody is shown any, and the other metrics with their counts.

    Counts are trials and successes as (metric, member, service).
    """
    hidden: dict[str, _Reckoned] = {}
    kept = []
    for metric in metrics:
        table = counts.by_kind[metric.source]
        trials, successes = table[:, :, metric.trials], table[:, :, metric.successes]
        n = trials.sum(1)
        if (n >= LEAST).any():
            kept.append((metric, trials, successes))
        else:
            hidden[metric.name] = _Reckoned(n, _nothing(n))
    if not kept:
        empty = np.zeros((0, 0, 0))
        return hidden, [], empty, empty
    chosen, trials_of, successes_of = zip(*kept, strict=True)
    return hidden, list(chosen), np.stack(trials_of), np.stack(successes_of)


def _nothing(n: Floats) -> Floats:
    """Return the numbers of members of whom nothing is known."""
    return np.full((*n.shape, len(_NUMBERS)), np.nan)


def _posterior(s: Floats, n: Floats, mean: Floats, kappa: Floats, shown: Bools) -> Floats:
    """Return what is believed of those who are shown, as (shown, centre and interval)."""
    figure = np.nonzero(shown)[0]
    found = shrink_shares(s[shown], n[shown], mean[figure], kappa[figure])
    return np.stack([found.centre, found.lo, found.hi], axis=1)


def _columns_of(standard: Standardised) -> Floats:
    columns = standard.expected, standard.ratio, standard.lo, standard.hi
    return np.stack(columns, axis=-1)


def _ratios(metric: Metric, counts: Counts) -> _Reckoned:
    table = counts.by_kind[metric.source]
    sums = table.sum(1)[:, list(metric.columns)]
    value, variance = ratio_of_sums(sums)
    posterior, peer, band = _drawn_together(value, variance)
    numbers = _nothing(sums[:, 0])
    numbers[:, _OBSERVED], numbers[:, _PEER], numbers[:, _BAND] = sums[:, 1], peer, band
    numbers[:, _VALUE] = _values(metric, sums[:, 1], sums[:, 2])
    numbers[:, _POSTERIOR] = np.stack([posterior.centre, posterior.lo, posterior.hi], axis=1)
    if not (metric.is_adjusted and np.isfinite(peer)):
        return _Reckoned(sums[:, 0], numbers)
    n, total, squares = (table[:, :, place] for place in range(3))
    numbers[:, _STANDARD] = _columns_of(standardise_sums(n, total, squares))
    return _Reckoned(sums[:, 0], numbers, (n, total, expected_by_service(total, n)))


def _drawn_together(
    value: Floats, variance: Floats
) -> tuple[Posterior, float, tuple[float, float]]:
    known = np.isfinite(value)
    if known.sum() < 2:
        return normal_interval(value, variance), np.nan, (np.nan, np.nan)
    prior = fit_normal_prior(value[known], variance[known])
    posterior = shrink_values(value, variance, prior)
    return posterior, prior.mean, normal_band(prior)


def _counts(metric: Metric, counts: Counts) -> _Reckoned:
    table = counts.by_kind[metric.source].sum(1)
    value = table[:, metric.successes] if metric.successes else table[:, metric.trials]
    numbers = _nothing(value)
    numbers[:, _OBSERVED] = numbers[:, _VALUE] = value
    numbers[:, _PEER] = value.mean() if len(value) > 1 else np.nan
    return _Reckoned(table[:, metric.trials], numbers)


_REST: dict[str, Callable[[Metric, Counts], _Reckoned]] = {"ratio": _ratios, "count": _counts}


def _shown(
    reckoned: Mapping[str, _Reckoned], parts: Mapping[str, Sequence[Sequence[Part]]]
) -> dict[str, list[Figure]]:
    """Return the figure of each member by metric, hidden where it rests on too little."""
    n = np.stack([each.n for each in reckoned.values()])
    numbers = np.stack([each.numbers for each in reckoned.values()])
    least = [0 if BY_NAME[name].kind == "count" else LEAST for name in reckoned]
    enough = (n >= np.array(least)[:, None]) & np.isfinite(numbers[:, :, _VALUE])
    known = numbers.astype(object)
    known[~np.isfinite(numbers)] = None
    columns = enough.tolist(), np.rint(n).astype(np.int64).tolist(), known.tolist()
    nothing: list[Sequence[Part]] = [()] * n.shape[1]
    return {
        name: [
            Figure(*(name, count, peers, None, *values, own))
            if is_shown
            else Figure(name, count, peers, "few")
            for is_shown, count, values, own in zip(*rows, parts.get(name, nothing), strict=True)
        ]
        for name, peers, *rows in zip(reckoned, enough.sum(1).tolist(), *columns, strict=True)
    }


def _parts(
    services: Sequence[str], reckoned: Mapping[str, _Reckoned]
) -> dict[str, list[tuple[Part, ...]]]:
    """Return for each metric and member the services that weigh most, and what is expected of them.

    A service that somebody did too seldom for a figure of its own is left out, as such a figure is.
    """
    own = {name: each.parts for name, each in reckoned.items() if each.parts is not None}
    if not own:
        return {}
    n, observed, expected = (np.stack(tables) for tables in zip(*own.values(), strict=True))
    most = np.argsort(-n, axis=2, kind="stable")[:, :, :_PARTS_SHOWN]
    tables = [np.take_along_axis(table, most, axis=2) for table in (n, observed, expected)]
    # The largest come first, so that those with enough visits stand before the rest.
    columns = (tables[0] >= LEAST).sum(2), most, *tables
    return {
        name: [
            tuple(map(Part, [services[place] for place in places], *row))[:count]
            for count, places, *row in zip(*rows, strict=True)
        ]
        for name, *rows in zip(own, *(column.tolist() for column in columns), strict=True)
    }


def _values(metric: Metric, part: Floats, whole: Floats) -> Floats:
    pairs = zip(part.tolist(), whole.tolist(), strict=True)
    return np.array([metric.formula(a, b) for a, b in pairs], dtype=np.float64)
