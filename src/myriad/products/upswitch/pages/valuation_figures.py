"""The charts of a valuation: football field, tornado, grid, waterfall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from myriad.kit.money import Money, minor_digits
from myriad.products.upswitch.engine.waterfall import Waterfall
from myriad.products.upswitch.valuations import words
from myriad.products.upswitch.valuations.asking import Sensitivity
from myriad.products.upswitch.views.valuations import ValuationView
from myriad.scale.ui import charts


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart, its numbers as points, and what stands beside its title."""

    chart: Markup
    points: tuple[charts.Point, ...]
    rest: str = ""


def football_field(view: ValuationView) -> Figure:
    """Return a line for each method, and the value over all of them as an upright."""
    rows, points = [], []
    for bar in view.outputs["football_field"]:
        low, middle, high = (_money(view, bar[name]) for name in ("low", "middle", "high"))
        text = f"{words.rounded(low)} to {words.rounded(high)}"
        name = f"{words.named(bar['label'])}, {bar['weight']:.0%}"
        kind: Any = "info" if bar["in_range"] else "plain"
        rows.append(charts.Estimate(name, middle.minor, low.minor, high.minor, text, kind))
        points.append(charts.Point(name, middle.minor, f"{words.rounded(middle)} ({text})"))
    chart = charts.interval_chart(
        rows,
        title="What each method says",
        desc=f"Ranges of {len(rows)} methods; the value over all is {words.rounded(view.middle)}",
        marks=[(view.middle.minor, f"value {words.rounded(view.middle)}")],
    )
    return Figure(chart, tuple(points), f"value {words.rounded(view.middle)}")


def tornado(view: ValuationView) -> Figure | None:
    """Return what moves the value by cash flows, the widest first; None without cash flows."""
    if "tornado" not in view.outputs:
        return None
    base = _equity(view, view.outputs["value_per_share"])
    rows, points = [], []
    for swing in view.outputs["tornado"]:
        if swing["low"] == swing["high"]:
            continue
        at_low, at_high = (_equity(view, swing[name]) for name in ("low", "high"))
        low, high = sorted((at_low, at_high), key=lambda amount: amount.minor)
        name = f"{words.named(swing['label'])} ±{words.step(swing['lever'], swing['step'])}"
        text = f"{words.rounded(low)} to {words.rounded(high)}"
        rows.append(charts.Estimate(name, base.minor, low.minor, high.minor, text))
        said = f"{words.rounded(at_low)} below, {words.rounded(at_high)} above"
        points.append(charts.Point(name, abs(high.minor - low.minor), said))
    chart = charts.interval_chart(
        rows,
        title="What moves the value",
        desc="Equity by free cash flow when one input goes down and up, the widest first",
        marks=[(base.minor, words.rounded(base))],
    )
    return Figure(chart, tuple(points), "equity by free cash flow")


def grid(found: Sensitivity) -> Figure:
    """Return the equity over two levers as a grid of figures."""
    texts = [
        ["n/m" if cell is None else words.rounded(cell) for cell in row] for row in found.values
    ]
    across = [_place(found.x_lever, x) for x in found.x]
    down = [_place(found.y_lever, y) for y in found.y]
    x_name, y_name = words.LEVERS[found.x_lever], words.LEVERS[found.y_lever]
    chart = charts.value_grid(
        [[None if cell is None else float(cell.minor) for cell in row] for row in found.values],
        rows=down,
        columns=across,
        texts=texts,
        title=f"{words.named(x_name)} by {y_name}",
        desc="Equity by free cash flow, after discounts; n/m where growth reaches its cost",
        names=(x_name, y_name),
        marked=(len(down) // 2, len(across) // 2),
    )
    points = tuple(
        charts.Point(f"{y_name} {y}, {x_name} {x}", 0.0, text)
        for y, line in zip(down, texts, strict=True)
        for x, text in zip(across, line, strict=True)
    )
    return Figure(chart, points, f"across: {x_name}")


def _place(lever: str, value: float) -> str:
    return f"{value:.2f}" if lever == "sales_to_capital" else words.percent(round(value, 6))


def waterfall(found: Waterfall) -> Figure:
    """Return the way from one value to the other, a line for each cause."""
    at, rows, points = found.start.minor, [], []
    for step in found.steps:
        after = at + step.amount.minor
        name = words.caused(step.label)
        kind: Any = "good" if step.amount.minor > 0 else "bad"
        low, high = sorted((at, after))
        text = words.signed(step.amount)
        rows.append(charts.Estimate(name, after, low, high, text, kind))
        points.append(charts.Point(name, step.amount.minor, text))
        at = after
    chart = charts.interval_chart(
        rows,
        title="From one value to the other",
        desc=f"{len(rows)} steps from {words.rounded(found.start)} to {words.rounded(found.end)}",
        marks=[
            (found.start.minor, words.rounded(found.start)),
            (found.end.minor, words.rounded(found.end)),
        ],
    )
    return Figure(chart, tuple(points))


def _money(view: ValuationView, amount: float) -> Money:
    currency = view.middle.currency
    units = view.outputs["units"] * 10 ** minor_digits(currency)
    return Money(round(amount * units), currency)


def effect(view: ValuationView, amount: float) -> Money:
    """Return an amount in the units of the inputs as money."""
    return _money(view, amount)


def _equity(view: ValuationView, per_share: float) -> Money:
    """Return a value per share as equity after discounts, never below zero."""
    kept = next(each["kept"] for each in view.outputs["methods"] if each["method"] == "dcf")
    shares = view.inputs["input_sheet"].get("number_of_shares_outstanding", 1.0)
    return _money(view, max(per_share * shares * kept, 0.0))
