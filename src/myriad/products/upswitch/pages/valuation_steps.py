"""The proof as a page shows it: each number, its formula with links, its source."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from markupsafe import Markup, escape

from myriad.products.upswitch.engine.formula import names_in
from myriad.products.upswitch.engine.trace import Step, Trace
from myriad.products.upswitch.views.valuations import ValuationView

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


@dataclass(frozen=True, slots=True)
class ShownStep:
    """One number: `formula` links to the numbers it reads, `said` is who said it, if anybody."""

    key: str
    label: str
    value: str
    formula: Markup | None
    source: str
    said: str
    is_result: bool


def steps_of(trace: Trace, view: ValuationView, query: str = "") -> list[ShownStep]:
    """Return the steps whose label, key or source has every word of the query; results first."""
    # Of figures of several years the newest stands first, and it is the one that is read.
    by_field = {each.path.rsplit(".", 1)[-1]: each for each in reversed(view.assumptions)}
    wanted = query.casefold().split()
    found = []
    for step in trace:
        text = f"{step.key} {step.label} {step.source}".casefold()
        if not all(word in text for word in wanted):
            continue
        assumed = by_field.get(step.key) if step.expression is None else None
        found.append(
            ShownStep(
                step.key,
                step.label,
                written(step.value),
                _formula(step),
                step.source if step.cell is None else f"{step.source}, {step.cell}",
                "" if assumed is None else " ".join((assumed.source, assumed.as_of)).strip(),
                step.key in ("blend_low", "blend_middle", "blend_high"),
            )
        )
    return sorted(found, key=lambda shown: not shown.is_result)


def written(value: float) -> str:
    """Return a number with as many digits as tell it: large ones by the cent, small ones by six."""
    if not math.isfinite(value):
        return "n/m"
    text = f"{value:,.2f}" if abs(value) >= 20 else f"{value:,.6f}".rstrip("0").rstrip(".")
    return text.replace("-", "\N{MINUS SIGN}") or "0"


def _formula(step: Step) -> Markup | None:
    if step.expression is None:
        return None
    names = set(names_in(step.expression))
    parts, at = [], 0
    for match in _NAME.finditer(step.expression):
        parts.append(escape(step.expression[at : match.start()]))
        name = match.group()
        link = Markup('<a href="#{0}">{0}</a>').format(name) if name in names else escape(name)
        parts.append(link)
        at = match.end()
    parts.append(escape(step.expression[at:]))
    return Markup("").join(parts)
