"""The sentences of the Patterns and Benchmarks screens."""

from __future__ import annotations

from myriad.kit.money import Money
from myriad.products.keeper.views.patterns import (
    BenchmarkRow,
    BenchmarksView,
    PatternRow,
    PatternsView,
    TrendRow,
    Unit,
)
from myriad.scale.ui.filters import NOTHING, capital, in_words, number, percent, plural

TREND_TITLES = {
    "takings": "Takings a week",
    "visits": "Visits a week",
    "new_customers": "New customers a week",
    "average_service": "Average service",
    "retail_share": "Share of retail",
}
BANDS = {
    "small": "under 500 active customers",
    "medium": "500 to 3,000 active customers",
    "large": "3,000 active customers and more",
}
_SUREST = 10_000
_QUARTER_WEEKS = 13
_COARSE_FROM = 100
_QUARTILES = ("the lowest tenth", "the lower quarter", "the lower half", "the upper half")
_MINUS = "\N{MINUS SIGN}"


def patterns(view: PatternsView) -> str:
    """Return how much was found, or that nothing was."""
    if view.week_start is None:
        return "No search yet"
    clear = [trend for trend in view.trends if trend.clear]
    parts = []
    if view.pairs:
        verb = "goes" if len(view.pairs) == 1 else "go"
        parts.append(f"{_counted(len(view.pairs), 'pair')} {verb} together")
    if view.sequences:
        verb = "follows" if len(view.sequences) == 1 else "follow"
        parts.append(f"{_counted(len(view.sequences), 'thing')} {verb} another")
    if clear:
        verb = "has" if len(clear) == 1 else "have"
        parts.append(f"{_counted(len(clear), 'figure')} {verb} a clear direction")
    return capital(", ".join(parts)) if parts else "Nothing goes together more often than chance"


def searched(view: PatternsView) -> str:
    """Return what the search looked at."""
    tested = plural(view.pairs_tested, "pair")
    ordered = plural(view.sequences_tested, "sequence")
    return (
        f"{plural(view.baskets, 'basket')} of "
        f"{plural(view.items, 'service or product', 'services and products')} in "
        f"{plural(view.weeks_of_data, 'week')}; {tested} and {ordered} tested."
    )


def pattern(row: PatternRow) -> str:
    """Return the claim of a pattern."""
    if row.kind == "pair":
        return f"{row.first_item} and {row.second_item} go together"
    if row.either_way:
        return f"{row.first_item} and {row.second_item} follow each other, in either order"
    return f"After {row.first_item} comes {row.second_item}"


def with_first(row: PatternRow) -> str:
    """Return how often the second item comes with the first."""
    counts = f"{number(row.both_count)} of {number(row.first_count)}"
    if row.kind == "pair":
        return f"{counts} baskets with {row.first_item}"
    return f"{counts} visits with {row.first_item}, within {row.window_days} days"


def without_first(row: PatternRow) -> str:
    """Return how often the second item comes otherwise."""
    others, second = row.total - row.first_count, row.second_count - row.both_count
    unit = "baskets" if row.kind == "pair" else "visits"
    return f"{number(second)} of {number(others)} other {unit}"


def times(value: float) -> str:
    """Return a lift, such as `2.1 times`."""
    return f"{value:.1f} times"


def fluke(row: PatternRow) -> str:
    """Return how many patterns as sure as this one are chance: what a q-value says."""
    one_in = min(1 / max(row.q_value, 1 / _SUREST), _SUREST)
    one_in = int(float(f"{one_in:.1g}")) if one_in >= _COARSE_FROM else int(one_in)
    return f"of patterns this clear, at most 1 in {number(one_in)} is chance"


def halves(row: PatternRow) -> str:
    """Return the lift of both halves of the time."""
    return (
        f"{times(row.lift_early)} as often in the first half, {times(row.lift_late)} in the second"
    )


def trend_value(row: TrendRow, currency: str) -> str:
    """Return the level of a trend."""
    return value(row.unit, row.level, currency)


def trend_change(row: TrendRow) -> str:
    """Return where a figure is going and how sure that is."""
    if not row.level:
        return "too few a week to say"
    low, high = (_quarterly(row, slope) for slope in (row.slope_low, row.slope_high))
    if not row.clear:
        return f"no clear direction: between {low} and {high} a quarter"
    return f"{_quarterly(row, row.slope)} a quarter, between {low} and {high}"


def trend_basis(row: TrendRow) -> str:
    """Return what the trend was held against."""
    if row.method == "season":
        return "against the same weeks of the year before"
    return f"over {plural(row.weeks, 'week')}; a season cannot be told apart yet"


def benchmarks(view: BenchmarksView) -> str:
    """Return where the account stands among its peers."""
    if not view.joined:
        return _beside_published(view) or "See how you compare"
    placed = [row for row in view.rows if row.from_median is not None]
    if not placed:
        most = max((row.accounts for row in view.rows), default=0)
        return f"Not yet enough accounts: {most} of {view.needed}"
    ahead = sum(1 for row in placed if is_ahead(row))
    judged = sum(1 for row in placed if row.more_is_better is not None)
    return f"Ahead of the median in {in_words(ahead)} of {in_words(judged)} figures"


def _beside_published(view: BenchmarksView) -> str:
    """Return the first own figure that others have published too, or nothing."""
    for row in view.rows:
        if row.own is not None and row.marks:
            mark = row.marks[0]
            theirs = value(row.unit, mark.value, view.currency)
            return f"{row.title}: {value(row.unit, row.own, view.currency)}; {mark.who} {theirs}"
    return ""


def is_ahead(row: BenchmarkRow) -> bool | None:
    """Tell whether the own figure is better than the median; None where neither is better."""
    distance = row.from_median
    if distance is None or row.more_is_better is None:
        return None
    return distance > 0 if row.more_is_better else distance < 0


def peers(view: BenchmarksView) -> str:
    """Return who the peers are."""
    return f"{capital(view.vertical)} businesses with {BANDS[view.size_band]}"


def standing(row: BenchmarkRow, currency: str) -> str:
    """Return where the own figure lies among the peers'."""
    if row.own is None or not row.quantiles:
        return ""
    distance = row.from_median or 0.0
    side = "above" if distance > 0 else "below"
    off = difference(row.unit, abs(distance), currency)
    where = "at the median" if not distance else f"{off} {side} the median"
    return f"{where}, {place(row.own, row.quantiles)}"


def place(own: float, quantiles: tuple[float, ...]) -> str:
    """Return the part of the peers in which a value lies."""
    p10, p25, p50, p75, p90 = quantiles
    if own > p90:
        return "in the highest tenth"
    if own > p75:
        return "in the upper quarter"
    bounds = zip((p10, p25, p50, p75), _QUARTILES, strict=True)
    return "in " + next((name for bound, name in bounds if own <= bound), "the upper half")


def withheld(row: BenchmarkRow, needed: int) -> str:
    """Return why no peers are shown."""
    if row.withheld == "too_few":
        return f"Not yet enough accounts: {row.accounts} of {needed}."
    if row.withheld == "dominated":
        return "One account holds more than a quarter of this pool, so nothing is shown."
    return ""


def value(unit: Unit, amount: float | None, currency: str) -> str:
    """Return a figure in its unit."""
    if amount is None:
        return NOTHING
    if unit == "share":
        return percent(amount)
    if unit == "money":
        return Money(round(amount), currency).format(whole=True)
    return number(amount, 0 if amount == int(amount) else 1)


def difference(unit: Unit, amount: float, currency: str) -> str:
    """Return a distance between two figures; shares in percentage points."""
    if unit == "share":
        points = round(amount * 100)
        return f"{points} point{'' if points == 1 else 's'}"
    return value(unit, amount, currency)


def _quarterly(row: TrendRow, slope: float) -> str:
    """Return a slope as a change in a quarter: points for shares, else a share of the level."""
    change = slope * _QUARTER_WEEKS
    if row.unit == "share":
        return f"{_signed(change * 100, 1)} points"
    share = change / abs(row.level) if row.level else 0.0
    return f"{_signed(share * 100, 0)}%"


def _signed(amount: float, digits: int) -> str:
    """Return a number with its sign, none for what rounds to nothing."""
    text = f"{abs(amount):.{digits}f}"
    return text if not float(text) else f"{_MINUS if amount < 0 else '+'}{text}"


def _counted(count: int, noun: str) -> str:
    return f"{in_words(count)} {noun}{'' if count == 1 else 's'}"
