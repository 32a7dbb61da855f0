"""The charts of a valuation: football field, tornado, grid, waterfall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from myriad.kit.money import Money, minor_digits
from myriad.products.upswitch.engine.waterfall import Waterfall
from myriad.products.upswitch.languages import ENGLISH, Language
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


def football_field(view: ValuationView, t: Language = ENGLISH) -> Figure:
    """Return a line for each method, and the value over all of them as an upright."""
    rows, points = [], []
    for bar in view.outputs["football_field"]:
        low, middle, high = (_money(view, bar[name]) for name in ("low", "middle", "high"))
        text = _range(low, high, t)
        name = f"{words.named(bar['label'], t)}, {t.percent(bar['weight'], 0)}"
        kind: Any = "info" if bar["in_range"] else "plain"
        rows.append(charts.Estimate(name, middle.minor, low.minor, high.minor, text, kind))
        points.append(charts.Point(name, middle.minor, f"{words.rounded(middle, t)} ({text})"))
    value = words.rounded(view.middle, t)
    marked = t.say("result.marked", value=value)
    chart = charts.interval_chart(
        rows,
        title=t.say("result.methods"),
        desc=t.say("result.methods_desc", count=len(rows), value=value),
        marks=[(view.middle.minor, marked)],
    )
    return Figure(chart, tuple(points), marked)


def _range(low: Money, high: Money, t: Language) -> str:
    return t.say("report.to", low=words.rounded(low, t), high=words.rounded(high, t))


def tornado(view: ValuationView, t: Language = ENGLISH) -> Figure | None:
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
        label = words.named(t.find(f"lever.{swing['lever']}", swing["label"]))
        name = f"{label} ±{words.step(swing['lever'], swing['step'], t)}"
        text = _range(low, high, t)
        rows.append(charts.Estimate(name, base.minor, low.minor, high.minor, text))
        ends = {"low": words.rounded(at_low, t), "high": words.rounded(at_high, t)}
        said = t.say("result.swing", **ends)
        points.append(charts.Point(name, abs(high.minor - low.minor), said))
    chart = charts.interval_chart(
        rows,
        title=t.say("report.moves"),
        desc=t.say("result.moves_desc"),
        marks=[(base.minor, words.rounded(base, t))],
    )
    return Figure(chart, tuple(points), t.say("result.by_cash_flow"))


def grid(found: Sensitivity, t: Language = ENGLISH) -> Figure:
    """Return the equity over two levers as a grid of figures."""
    nothing = t.say("report.no_meaning")
    texts = [
        [nothing if cell is None else words.rounded(cell, t) for cell in row]
        for row in found.values
    ]
    across = [_place(found.x_lever, x, t) for x in found.x]
    down = [_place(found.y_lever, y, t) for y in found.y]
    x_name, y_name = (t.say(f"across.{lever}") for lever in (found.x_lever, found.y_lever))
    chart = charts.value_grid(
        [[None if cell is None else float(cell.minor) for cell in row] for row in found.values],
        rows=down,
        columns=across,
        texts=texts,
        title=t.say("result.grid_title", across=words.named(x_name), down=y_name),
        desc=t.say("result.grid_desc", nothing=nothing),
        names=(t.say("result.grid_rest", across=x_name), t.say("result.grid_down", down=y_name)),
        marked=(len(down) // 2, len(across) // 2),
    )
    points = tuple(
        charts.Point(f"{y_name} {y}, {x_name} {x}", 0.0, text)
        for y, line in zip(down, texts, strict=True)
        for x, text in zip(across, line, strict=True)
    )
    return Figure(chart, points, t.say("result.grid_rest", across=x_name))


def _place(lever: str, value: float, t: Language) -> str:
    if lever == "sales_to_capital":
        return t.number(value, 2)
    return words.percent(round(value, 6), t)


def waterfall(found: Waterfall, t: Language = ENGLISH) -> Figure:
    """Return the way from one value to the other, a line for each cause."""
    at, rows, points = found.start.minor, [], []
    for step in found.steps:
        after = at + step.amount.minor
        name = words.caused(step.label, t)
        kind: Any = "good" if step.amount.minor > 0 else "bad"
        low, high = sorted((at, after))
        text = words.signed(step.amount, t)
        rows.append(charts.Estimate(name, after, low, high, text, kind))
        points.append(charts.Point(name, step.amount.minor, text))
        at = after
    start, end = words.rounded(found.start, t), words.rounded(found.end, t)
    chart = charts.interval_chart(
        rows,
        title=t.say("result.way"),
        desc=t.say("result.way_desc", count=len(rows), low=start, high=end),
        marks=[(found.start.minor, start), (found.end.minor, end)],
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
