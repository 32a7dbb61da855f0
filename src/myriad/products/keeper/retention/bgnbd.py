"""The BG/NBD model of repeat visits: fit, and what it says about each customer.

Fader, Hardie & Lee, "Counting Your Customers the Easy Way", Marketing Science 24 (2005).
While alive a customer visits as a Poisson process with rate lambda ~ Gamma(r, alpha); after each
visit the customer drops out with probability p ~ Beta(a, b).

Everywhere: `x` counts repeat visits, `t_x` is the time from first to last visit, `age` the time
from first visit to the as-of day (T in the paper). Times are weeks, arrays are of one shape.
P(alive) is one for everybody seen once, so nobody may be ranked by it: rank by `churn`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma, expit, gammaln, hyp2f1, zeta

from myriad.kit.errors import InvalidInputError
from myriad.products.keeper.retention.descent import minimise
from myriad.products.keeper.retention.errors import NotEnoughHistoryError

Floats = NDArray[np.float64]

MINIMUM_CUSTOMERS = 31
MINIMUM_REPEATERS = 5
PRIOR_ONLY_BELOW_REPEATERS = 50
SHRINKAGE_REPEATERS = 200.0
_LOG_BOUNDS = (-12.0, 12.0)
_FARTHEST_START = 8.0
_SMALLEST_START, _LARGEST_START = 1e-3, 1e3
_SINGULAR_WITHIN = 1e-4


@dataclass(frozen=True, slots=True)
class Parameters:
    """The four parameters of the model, all positive; `alpha` is in weeks."""

    r: float
    alpha: float
    a: float
    b: float

    def __post_init__(self) -> None:
        if not all(np.isfinite(value) and value > 0 for value in self.values):
            raise InvalidInputError("BG/NBD parameters must be positive", parameters=self.values)

    @property
    def values(self) -> tuple[float, float, float, float]:
        """(r, alpha, a, b)."""
        return self.r, self.alpha, self.a, self.b

    @classmethod
    def from_logs(cls, logs: Floats) -> Parameters:
        """Parameters whose natural logarithms are `logs`, shape (4,)."""
        return cls(*(float(value) for value in np.exp(logs)))


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


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted model. `source` is own (plain maximum likelihood), shrunk or prior."""

    parameters: Parameters
    source: str
    customers: int
    repeaters: int


def fit(
    summary: Summary,
    prior: Parameters | None = None,
    penalty: float = 0.0,
    start: Parameters | None = None,
) -> Fit:
    """Fit by (penalised) maximum likelihood, then shrink towards the vertical's `prior`.

    The shrinkage is a weighted mean of log parameters; the account's own fit weighs
    n / (n + 200) with n returning customers. Under 50 of them the prior stands alone. Without
    a prior the account's own fit is taken as it is. `penalty` multiplies the sum of squared log
    parameters and is subtracted from the log-likelihood. `start` is a guess to begin from, such as
    yesterday's parameters; it saves steps and does not change what is found.

    Raises `NotEnoughHistoryError` below 31 customers, or without prior below 5 returning ones.
    """
    customers, repeaters = summary.customers, summary.repeaters
    require_history(customers, repeaters, prior)
    if prior is None:
        return Fit(maximise(summary, penalty, start), "own", customers, repeaters)
    if repeaters < PRIOR_ONLY_BELOW_REPEATERS:
        return Fit(prior, "prior", customers, repeaters)
    parameters = shrink(maximise(summary, penalty, start), prior, repeaters)
    return Fit(parameters, "shrunk", customers, repeaters)


def require_history(customers: int, repeaters: int, prior: Parameters | None) -> None:
    """Raise `NotEnoughHistoryError` below 31 customers, or without prior below 5 returning ones."""
    needed_repeaters = MINIMUM_REPEATERS if prior is None else 0
    if customers < MINIMUM_CUSTOMERS or repeaters < needed_repeaters:
        raise NotEnoughHistoryError(customers, repeaters, MINIMUM_CUSTOMERS, needed_repeaters)


def shrink(own: Parameters, prior: Parameters, repeaters: int) -> Parameters:
    """The weighted geometric mean of both; `own` weighs repeaters / (repeaters + 200)."""
    share = repeaters / (repeaters + SHRINKAGE_REPEATERS)
    return Parameters.from_logs(share * np.log(own.values) + (1 - share) * np.log(prior.values))


def maximise(summary: Summary, penalty: float = 0.0, start: Parameters | None = None) -> Parameters:
    """The parameters of greatest penalised likelihood: Newton on logarithms, exact derivatives."""
    mean_age = max(float(np.average(summary.age, weights=summary.weight)), 1.0)
    begin = (start and _guess(start)) or (0.5, mean_age / 2, 0.7, 2.0)

    def objective(logs: Floats) -> tuple[float, Floats]:
        return _objective(logs, summary, penalty)

    def curvature(logs: Floats) -> Floats:
        return _curvature(logs, summary, penalty)

    return Parameters.from_logs(minimise(objective, curvature, np.log(begin), _LOG_BOUNDS))


def _guess(start: Parameters) -> tuple[float, float, float, float] | None:
    """Where to begin from a guess; None when it lies where the likelihood is flat.

    Where hardly anybody leaves for good, a and b may have grown together without end: they begin
    at the same dropout, where it can still be seen whether it has become less certain.
    """
    r, alpha, a, b = start.values
    if np.abs(np.log([r, alpha])).max() > _FARTHEST_START:
        return None
    nearer = min(1.0, _LARGEST_START / max(a, b))
    return r, alpha, max(a * nearer, _SMALLEST_START), max(b * nearer, _SMALLEST_START)


def log_likelihood(parameters: Parameters, summary: Summary) -> float:
    """The natural logarithm of the likelihood of all customers (equation 6 of the paper)."""
    value, _ = _objective(np.log(parameters.values), summary, 0.0)
    return -value * float(summary.weight.sum())


def p_alive(parameters: Parameters, x: ArrayLike, t_x: ArrayLike, age: ArrayLike) -> Floats:
    """P(still alive at `age`); one for everybody who came once. Never rank by it."""
    x, t_x, age = _columns(x, t_x, age)
    r, alpha, a, b = parameters.values
    dropout = np.log(a / np.where(x > 0, b + x - 1, 1.0))
    odds = dropout + (r + x) * (np.log(alpha + age) - np.log(alpha + t_x))
    return np.where(x > 0, expit(-odds), 1.0)


def churn(
    parameters: Parameters, x: ArrayLike, t_x: ArrayLike, age: ArrayLike, horizon: ArrayLike
) -> Floats:
    """P(no visit within the next `horizon` weeks), in closed form and calibrated.

    A customer stays away by being gone, or by being alive and not coming; the latter is
    ((alpha + age) / (alpha + age + horizon)) ** (r + x) because a live customer's rate given the
    history is Gamma(r + x, alpha + age).
    """
    x, t_x, age = _columns(x, t_x, age)
    waits = (parameters.r + x) * -np.log1p(np.asarray(horizon) / (parameters.alpha + age))
    return np.clip(1 + p_alive(parameters, x, t_x, age) * np.expm1(waits), 0.0, 1.0)


def expected_purchases(
    parameters: Parameters, x: ArrayLike, t_x: ArrayLike, age: ArrayLike, horizon: ArrayLike
) -> Floats:
    """Expected visits within the next `horizon` weeks, given the history (equation 10).

    Exact to 1e-11 for any parameters from .05 to 20 and up to 300 visits, where the printed form
    overflows. Its removable singularities (a = 1, a + b + x = 1) and the whole numbers at which
    the library's hypergeometric function fails are bridged by the mean of both sides, which is
    exact to the square of the step.
    """
    x, t_x, age = _columns(x, t_x, age)
    waits = np.asarray(horizon, dtype=float) / (parameters.alpha + age)
    visits = _live_visits(parameters, parameters.a, x, waits)
    removable = np.abs(parameters.a + parameters.b + x - 1) < _SINGULAR_WITHIN
    removable |= abs(parameters.a - 1) < _SINGULAR_WITHIN
    bridged = removable | ~np.isfinite(visits)
    if bridged.any():
        sides = [
            _live_visits(parameters, parameters.a + step, x, waits)
            for step in (-2 * _SINGULAR_WITHIN, 2 * _SINGULAR_WITHIN)
        ]
        visits = np.where(bridged, np.mean(sides, axis=0), visits)
    alive = p_alive(parameters, x, t_x, age)
    return np.maximum(alive * visits, 0.0)


def _live_visits(parameters: Parameters, a: float, x: Floats, waits: Floats) -> Floats:
    """Expected visits of a customer known to be alive; `waits` is horizon / (alpha + age)."""
    shape, drop, c = parameters.r + x, parameters.b + x, a + parameters.b + x - 1
    share, logs = waits / (1 + waits), np.log1p(waits)
    # Of the two equal forms the one whose series converges at a share of one stays finite.
    printed = a - 1 > shape
    first, second = np.where(printed, shape, c - shape), np.where(printed, drop, a - 1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        series = hyp2f1(first, second, c, share)
        decay = np.exp(-np.where(printed, shape, a - 1) * logs)
        return np.asarray(c / np.float64(a - 1) * (1 - decay * series), dtype=np.float64)


def _objective(logs: Floats, summary: Summary, penalty: float) -> tuple[float, Floats]:
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


def _curvature(logs: Floats, summary: Summary, penalty: float) -> Floats:
    """The Hessian (4, 4) of `_objective` in log parameters."""
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


def _columns(*columns: ArrayLike) -> tuple[Floats, ...]:
    return tuple(np.broadcast_arrays(*(np.asarray(column, dtype=float) for column in columns)))


def _check(x: Floats, t_x: Floats, age: Floats) -> None:
    possible = (x >= 0) & (t_x >= 0) & (t_x <= age) & ((x > 0) == (t_x > 0)) & np.isfinite(age)
    if not possible.all():
        row = int(np.flatnonzero(~possible)[0])
        raise InvalidInputError(
            f"customer row {row} cannot happen: x={x[row]}, t_x={t_x[row]}, age={age[row]}; "
            "expected 0 <= t_x <= age, and t_x > 0 exactly when x > 0",
            row=row,
        )
