"""From counts of one period to what is shown of each member."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from myriad.products.keeper.team.definitions import LEAST, METRICS, WIDTHS, Metric
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
Figure = dict[str, Any]
"""One figure of one member as it is stored, by the names of a `Measurement`."""

_PARTS_SHOWN = 5


@dataclass(frozen=True)
class Counts:
    """Counts of one period: for each kind an array (member, service, column).

    `members` and `services` name the places; `lacking` holds what the account does not have, in
    the words of `Metric.needs`.
    """

    members: tuple[str, ...]
    services: tuple[str, ...]
    by_kind: Mapping[str, Floats]
    lacking: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Part:
    """One service within a figure: trials, successes and what the team's rate expects."""

    service: str
    n: float
    observed: float
    expected: float


@dataclass(frozen=True, slots=True)
class Measurement(Reading):
    """One figure of one member. With `reason` it is hidden; `observed` is the numerator."""

    member: str
    metric: str
    n: int
    reason: str | None = None
    observed: float | None = None
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class _Figures:
    """A metric over the whole team, before anything is hidden."""

    n: Floats
    observed: Floats
    value: Floats
    posterior: Posterior
    peer: float
    band: tuple[float, float]
    standard: Standardised | None = None
    by_service: tuple[Floats, Floats, Floats] | None = None


def gather(
    rows: Sequence[Mapping[str, Any]], members: Sequence[str], lacking: frozenset[str] = frozenset()
) -> Counts:
    """Return the rows (kind, member, item, sums) of one period as arrays.

    Rows of members who are not named in `members` are left out.
    """
    services = sorted({row["item"] or "" for row in rows})
    place = {name: number for number, name in enumerate(members)}
    column = {name: number for number, name in enumerate(services)}
    by_kind = {
        kind: np.zeros((len(members), max(1, len(services)), width))
        for kind, width in WIDTHS.items()
    }
    for kind, table in by_kind.items():
        own = [row for row in rows if row["kind"] == kind and row["member"] in place]
        if own:
            members_of = [place[row["member"]] for row in own]
            services_of = [column[row["item"] or ""] for row in own]
            np.add.at(table, (members_of, services_of), np.array([row["sums"] for row in own]))
    return Counts(tuple(members), tuple(services), by_kind, lacking)


def measure_team(counts: Counts, *, with_parts: bool = True) -> list[Measurement]:
    """Return every figure of every member, with the services behind it unless told otherwise."""
    return [
        Measurement(**{**figure, "parts": tuple(Part(*part) for part in figure.get("parts", ()))})
        for figure in figures_of(counts, with_parts=with_parts)
    ]


def figures_of(counts: Counts, *, with_parts: bool = True) -> list[Figure]:
    """Return what is known of every figure of every member, by the names of a `Measurement`.

    `parts`, where there are any, are (service, n, observed, expected).
    """
    reckoned = _shares(counts) | {
        metric.name: _REST[metric.kind](metric, counts)
        for metric in METRICS
        if metric.kind in _REST and metric.needs not in counts.lacking
    }
    found: list[Figure] = []
    for metric in METRICS:
        if metric.name in reckoned:
            found += _shown(metric, counts, reckoned[metric.name], with_parts)
        else:
            missing = {"metric": metric.name, "n": 0, "reason": metric.needs, "peers": 0}
            found += [{"member": name, **missing} for name in counts.members]
    return found


def _shares(counts: Counts) -> dict[str, _Figures]:
    """Return every share that the account has the data for, reckoned together."""
    metrics = [m for m in METRICS if m.kind == "share" and m.needs not in counts.lacking]
    found, metrics, trials, successes = _set_hidden_aside(counts, metrics)
    if not metrics:
        return found
    n, s = trials.sum(2), successes.sum(2)
    mean, kappa = fit_beta_priors(s, n)
    # An interval costs more than all else here, so none is made of what stays hidden.
    shown = n >= LEAST
    posterior = _posterior(s, n, mean, kappa, shown)
    bands = beta_bands(mean, kappa)
    standard = standardise_counts(successes, trials, shown)
    expected = expected_by_service(successes, trials)
    for row, metric in enumerate(metrics):
        alone = int((n[row] > 0).sum()) < 2
        adjusted = metric.is_adjusted and not alone
        found[metric.name] = _Figures(
            n[row],
            s[row],
            _values(metric, s[row], n[row]),
            Posterior(posterior.centre[row], posterior.lo[row], posterior.hi[row]),
            np.nan if alone else float(mean[row]),
            (np.nan, np.nan) if alone else (float(bands[0][row]), float(bands[1][row])),
            _row_of(standard, row) if adjusted else None,
            (trials[row], successes[row], expected[row]) if adjusted else None,
        )
    return found


def _set_hidden_aside(
    counts: Counts, metrics: Sequence[Metric]
) -> tuple[dict[str, _Figures], list[Metric], Floats, Floats]:
    """Return the figures of which nobody is shown any, and the other metrics with their counts.

    Counts are trials and successes as (metric, member, service).
    """
    hidden: dict[str, _Figures] = {}
    kept = []
    for metric in metrics:
        table = counts.by_kind[metric.source]
        trials, successes = table[:, :, metric.trials], table[:, :, metric.successes]
        n = trials.sum(1)
        if (n >= LEAST).any():
            kept.append((metric, trials, successes))
        else:
            nothing = np.full(n.shape, np.nan)
            unknown = Posterior(nothing, nothing, nothing)
            hidden[metric.name] = _Figures(n, n, nothing, unknown, np.nan, (np.nan, np.nan))
    if not kept:
        empty = np.zeros((0, 0, 0))
        return hidden, [], empty, empty
    chosen, trials_of, successes_of = zip(*kept, strict=True)
    return hidden, list(chosen), np.stack(trials_of), np.stack(successes_of)


def _posterior(s: Floats, n: Floats, mean: Floats, kappa: Floats, shown: Bools) -> Posterior:
    """Return what is believed of those who are shown, NaN of others; all by (figure, member)."""
    figure = np.nonzero(shown)[0]
    found = shrink_shares(s[shown], n[shown], mean[figure], kappa[figure])
    columns = [np.full(n.shape, np.nan) for _ in range(3)]
    for column, values in zip(columns, (found.centre, found.lo, found.hi), strict=True):
        column[shown] = values
    return Posterior(*columns)


def _row_of(standard: Standardised, row: int) -> Standardised:
    return Standardised(
        standard.observed[row],
        standard.expected[row],
        standard.ratio[row],
        standard.lo[row],
        standard.hi[row],
    )


def _ratios(metric: Metric, counts: Counts) -> _Figures:
    table = counts.by_kind[metric.source]
    sums = table.sum(1)[:, list(metric.columns)]
    value, variance = ratio_of_sums(sums)
    posterior, peer, band = _drawn_together(value, variance)
    standard = by_service = None
    if metric.is_adjusted and np.isfinite(peer):
        n, total, squares = (table[:, :, place] for place in range(3))
        standard = standardise_sums(n, total, squares)
        by_service = (n, total, expected_by_service(total, n))
    values = _values(metric, sums[:, 1], sums[:, 2])
    return _Figures(sums[:, 0], sums[:, 1], values, posterior, peer, band, standard, by_service)


def _drawn_together(
    value: Floats, variance: Floats
) -> tuple[Posterior, float, tuple[float, float]]:
    known = np.isfinite(value)
    if known.sum() < 2:
        return normal_interval(value, variance), np.nan, (np.nan, np.nan)
    prior = fit_normal_prior(value[known], variance[known])
    posterior = shrink_values(value, variance, prior)
    return posterior, prior.mean, normal_band(prior)


def _counts(metric: Metric, counts: Counts) -> _Figures:
    table = counts.by_kind[metric.source].sum(1)
    value = table[:, metric.successes] if metric.successes else table[:, metric.trials]
    nothing = np.full_like(value, np.nan)
    return _Figures(
        table[:, metric.trials],
        value,
        value,
        Posterior(nothing, nothing, nothing),
        float(value.mean()) if len(value) > 1 else np.nan,
        (np.nan, np.nan),
    )


_REST: dict[str, Callable[[Metric, Counts], _Figures]] = {"ratio": _ratios, "count": _counts}


def _parts(services: Sequence[str], figures: _Figures) -> list[list[tuple[Any, ...]]]:
    """Return for each member the services that weigh most, with what the team would have made."""
    if figures.by_service is None:
        return []
    most = np.argsort(-figures.by_service[0], axis=1, kind="stable")[:, :_PARTS_SHOWN]
    tables = [np.take_along_axis(table, most, axis=1).tolist() for table in figures.by_service]
    return [
        [(services[place], *part) for place, *part in zip(*row, strict=True) if part[0] > 0]
        for row in zip(most.tolist(), *tables, strict=True)
    ]


def _shown(metric: Metric, counts: Counts, figures: _Figures, with_parts: bool) -> list[Figure]:
    least = 0 if metric.kind == "count" else LEAST
    enough = (figures.n >= least) & np.isfinite(figures.value)
    numbers = np.rint(figures.n).astype(np.int64).tolist()
    common = {"metric": metric.name, "peers": int(enough.sum())}
    found: list[Figure] = [
        {"member": name, "n": n, **common} for name, n in zip(counts.members, numbers, strict=True)
    ]
    if not enough.all():
        for row in np.flatnonzero(~enough).tolist():
            found[row]["reason"] = "few"
    if enough.any():
        parts = _parts(counts.services, figures) if with_parts else []
        values = _known_values(figures)
        for row in np.flatnonzero(enough).tolist():
            found[row] |= values[row]
            if parts and parts[row]:
                found[row]["parts"] = parts[row]
    return found


def _known_values(figures: _Figures) -> list[Figure]:
    """Return what is known of each member, by name."""
    standard, posterior, size = figures.standard, figures.posterior, figures.n.size
    columns = {
        "observed": figures.observed,
        "value": figures.value,
        "shrunk": posterior.centre,
        "lo": posterior.lo,
        "hi": posterior.hi,
        "peer": np.full(size, figures.peer),
        "peer_lo": np.full(size, figures.band[0]),
        "peer_hi": np.full(size, figures.band[1]),
    }
    if standard is not None:
        columns |= {
            "expected": standard.expected,
            "ratio": standard.ratio,
            "ratio_lo": standard.lo,
            "ratio_hi": standard.hi,
        }
    table = np.stack(list(columns.values()), axis=1)
    return [
        {name: value for name, value in zip(columns, row, strict=True) if math.isfinite(value)}
        for row in table.tolist()
    ]


def _values(metric: Metric, part: Floats, whole: Floats) -> Floats:
    pairs = zip(part.tolist(), whole.tolist(), strict=True)
    return np.array([metric.formula(a, b) for a, b in pairs], dtype=np.float64)
