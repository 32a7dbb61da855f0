"""Proof mode: every number of a valuation with its formula, what it reads, and its source."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from myriad.products.upswitch.engine.formula import evaluate, names_in

SHEET = "A. Damodaran, fcffsimpleginzu.xlsx"


@dataclass(frozen=True, slots=True)
class Step:
    """One number. `expression` None: given, looked up or converted outside; `source` says where.

    `cell` is its address in the published sheet, such as "Valuation output!C3".
    """

    key: str
    label: str
    value: float
    expression: str | None
    inputs: tuple[str, ...]
    source: str
    cell: str | None = None


class Trace:
    """Steps in the order of computing, each by a key of its own."""

    def __init__(self) -> None:
        self._steps: dict[str, Step] = {}

    def __iter__(self) -> Iterator[Step]:
        return iter(self._steps.values())

    def __len__(self) -> int:
        return len(self._steps)

    def __contains__(self, key: object) -> bool:
        return key in self._steps

    def __getitem__(self, key: str) -> Step:
        return self._steps[key]

    def given(
        self, key: str, label: str, value: ArrayLike, source: str, cell: str | None = None
    ) -> None:
        """Add a number that no formula here makes."""
        self._steps[key] = Step(key, label, float(np.asarray(value)), None, (), source, cell)

    def made(
        self,
        key: str,
        label: str,
        value: ArrayLike,
        expression: str,
        source: str,
        cell: str | None = None,
    ) -> None:
        """Add a number with its formula over earlier steps."""
        inputs = names_in(expression)
        missing = [name for name in inputs if name not in self._steps]
        if missing:
            raise KeyError(f"{key} reads {missing}, which come later or never")
        number = float(np.asarray(value))
        self._steps[key] = Step(key, label, number, expression, inputs, source, cell)

    def values(self) -> dict[str, float]:
        """Return every number by its key."""
        return {key: step.value for key, step in self._steps.items()}

    def cells(self) -> dict[str, float]:
        """Return the numbers that the published sheet has too, by their address."""
        return {step.cell: step.value for step in self if step.cell is not None}

    def largest_error(self) -> float:
        """Return the largest relative difference between a number and what its formula comes to."""
        values = self.values()
        worst = 0.0
        for step in self:
            if step.expression is not None and math.isfinite(step.value):
                found = evaluate(step.expression, values)
                worst = max(worst, abs(found - step.value) / max(1.0, abs(step.value)))
        return worst

    def as_rows(self) -> list[dict[str, object]]:
        """Return the steps as plain values, for JSON."""
        return [
            {
                "key": step.key,
                "label": step.label,
                "value": step.value if math.isfinite(step.value) else None,
                "formula": step.expression,
                "inputs": list(step.inputs),
                "source": step.source,
                "cell": step.cell,
            }
            for step in self
        ]
