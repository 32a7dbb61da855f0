"""How likely the visits of an account's customers are under BG/NBD, and how that bends.

The logarithm of equation 6 of Fader, Hardie & Lee (2005) with its exact gradient and Hessian in the
natural logarithms of the parameters (r, alpha, a, b). What the letters mean stands in `bgnbd`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma, expit, gammaln, zeta

from myriad.kit.errors import InvalidInputError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Summary:
    """The data of the model: distinct rows (x, t_x, age) and how many customers share each.

    Build it with `Summary.of`, which checks and merges equal rows. `back` numbers the rows of those
    who came back.
    """

    x: Floats
    t_x: Floats
    age: Floats
    weight: Floats
    distinct_x: Floats = field(repr=False)
    weight_of_x: Floats = field(repr=False)
    back: NDArray[np.intp] = field(repr=False)

    @classmethod
    def of(
        cls, x: ArrayLike, t_x: ArrayLike, age: ArrayLike, weight: ArrayLike | None = None
    ) -> Summary:
        """Merge equal customers. Raises `InvalidInputError` for rows that cannot happen."""
        rows = np.stack([np.asarray(column, dtype=float).ravel() for column in (x, t_x, age)])
        _check(*rows)
        weights = np.ones(rows.shape[1]) if weight is None else np.asarray(weight, dtype=float)
        order = np.lexsort(rows)
        rows = rows[:, order]
        starts = np.flatnonzero(_changes(rows)) if order.size else order
        merged = np.add.reduceat(weights[order], starts) if order.size else weights
        distinct_x, place = np.unique(rows[0, starts], return_inverse=True)
        x_of, t_x_of, age_of = rows[:, starts]
        weight_of_x = np.bincount(place, merged).astype(float)
        back = np.flatnonzero(x_of > 0)
        return cls(x_of, t_x_of, age_of, merged, distinct_x, weight_of_x, back)

    @property
    def customers(self) -> int:
        """How many customers the rows stand for."""
        return round(float(self.weight.sum()))

    @property
    def repeaters(self) -> int:
        """How many of them came back at least once."""
        return round(float(self.weight_of_x[self.distinct_x > 0].sum()))


def objective(logs: Floats, summary: Summary, penalty: float) -> tuple[float, Floats]:
    """Minus the penalised log-likelihood per customer and its gradient in log parameters."""
    r, alpha, a, b = parameters = np.exp(logs)
    total, shape = summary.weight.sum(), (r + summary.x) * summary.weight
    since_first = alpha + summary.age
    log_age, back = np.log(since_first), summary.back
    weight, own_shape, rest = summary.weight[back], r + summary.x[back], b + summary.x[back] - 1
    until_last = alpha + summary.t_x[back]
    longer = log_age[back] - np.log(until_last)
    odds = np.log(a / rest) + own_shape * longer
    often = weight * expit(odds)
    value, slopes = _count_terms(parameters, summary)
    slopes[0] += often @ longer - summary.weight @ log_age
    slopes[1] += (often * own_shape) @ (1 / since_first[back] - 1 / until_last)
    slopes[1] -= (shape / since_first).sum()
    slopes[2] += often.sum() / a
    slopes[3] -= (often / rest).sum()
    value += weight @ np.logaddexp(0.0, odds) - shape @ log_age - penalty * (logs @ logs)
    return -float(value) / total, -(slopes * parameters - 2 * penalty * logs) / total


def _count_terms(parameters: Floats, summary: Summary) -> tuple[float, Floats]:
    """The part of the likelihood that depends on the count alone, and its plain gradient."""
    r, alpha, a, b = parameters
    x, weight, total = summary.distinct_x, summary.weight_of_x, summary.weight.sum()
    shape, both, drop = np.array([r, a + b, b]), a + b + x, b + x
    gamma_r, gamma_both, gamma_b = gammaln(shape)
    psi_r, psi_both, psi_b = digamma(shape)
    value = weight @ (gammaln(r + x) + gammaln(drop) - gammaln(both))
    value += total * (r * np.log(alpha) - gamma_r + gamma_both - gamma_b)
    psi_of_both = weight @ digamma(both)
    slope_r = weight @ digamma(r + x) + total * (np.log(alpha) - psi_r)
    slope_a = total * psi_both - psi_of_both
    slope_b = weight @ digamma(drop) - psi_of_both + total * (psi_both - psi_b)
    return float(value), np.array([slope_r, total * r / alpha, slope_a, slope_b])


def curvature(logs: Floats, summary: Summary, penalty: float) -> Floats:
    """The Hessian (4, 4) of `objective` in log parameters."""
    parameters, total = np.exp(logs), summary.weight.sum()
    slopes, plain = _end_curvature(parameters, summary)
    slopes += _count_terms(parameters, summary)[1]
    plain += _count_curvature(parameters, summary)
    scaled = plain * np.outer(parameters, parameters) + np.diag(slopes * parameters - 2 * penalty)
    return np.asarray(-scaled / total, dtype=np.float64)


def _end_curvature(parameters: Floats, summary: Summary) -> tuple[Floats, Floats]:
    """Plain gradient and Hessian of the part in which a customer is alive or gone."""
    r, alpha, a, b = parameters
    weight, shape = summary.weight, r + summary.x
    by_age = 1 / (alpha + summary.age)
    rates = weight * shape * by_age
    slopes = np.array([weight @ np.log(by_age), -rates.sum(), 0.0, 0.0])
    plain = np.zeros((4, 4))
    plain[0, 1] = plain[1, 0] = -(weight @ by_age)
    plain[1, 1] = rates @ by_age
    back = summary.back
    weight, shape, by_age, rest = weight[back], shape[back], by_age[back], b + summary.x[back] - 1
    by_t_x = 1 / (alpha + summary.t_x[back])
    longer = np.log(by_t_x / by_age)
    gone = expit(np.log(a / rest) + shape * longer)
    ways = np.stack([longer, shape * (by_age - by_t_x), np.full(rest.size, 1 / a), -1 / rest])
    often = weight * gone
    slopes += ways @ often
    plain += (ways * (often * (1 - gone))) @ ways.T
    mixed = often @ (by_age - by_t_x)
    plain[0, 1] += mixed
    plain[1, 0] += mixed
    plain[1, 1] -= (often * shape) @ (by_age**2 - by_t_x**2)
    plain[2, 2] -= often.sum() / a**2
    plain[3, 3] += often @ rest**-2
    return slopes, plain


def _count_curvature(parameters: Floats, summary: Summary) -> Floats:
    """The plain Hessian of the part that depends on the count alone."""
    r, alpha, a, b = parameters
    x, weight, total = summary.distinct_x, summary.weight_of_x, summary.weight.sum()
    # zeta(2, z) is the derivative of digamma.
    at_r, at_both, at_b = zeta(2, np.array([r, a + b, b]))
    both = total * at_both - weight @ zeta(2, a + b + x)
    plain = np.zeros((4, 4))
    plain[0, 0] = weight @ zeta(2, r + x) - total * at_r
    plain[0, 1] = plain[1, 0] = total / alpha
    plain[1, 1] = -total * r / alpha**2
    plain[2:, 2:] = both
    plain[3, 3] += weight @ zeta(2, b + x) - total * at_b
    return plain


def _changes(rows: Floats) -> NDArray[np.bool_]:
    """True where a column of sorted `rows` differs from the one before it, and at the first."""
    return np.concatenate(([True], (rows[:, 1:] != rows[:, :-1]).any(axis=0)))


def _check(x: Floats, t_x: Floats, age: Floats) -> None:
    possible = (x >= 0) & (t_x >= 0) & (t_x <= age) & ((x > 0) == (t_x > 0)) & np.isfinite(age)
    if not possible.all():
        row = int(np.flatnonzero(~possible)[0])
        raise InvalidInputError(
            f"customer row {row} cannot happen: x={x[row]}, t_x={t_x[row]}, age={age[row]}; "
            "expected 0 <= t_x <= age, and t_x > 0 exactly when x > 0",
            row=row,
        )
