"""Why two valuations differ: inputs, parameters and engine, in steps that sum exactly.

Each changed input is put into the older valuation in the order of the document, then the newer
parameters; what is left over is what a change of the engine made. Every step is a difference of
integers in minor units, so the steps sum to the whole to the cent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from myriad.kit.money import Money
from myriad.products.upswitch.engine.document import Inputs, convert_inputs
from myriad.products.upswitch.engine.parameters import Parameters
from myriad.products.upswitch.engine.valuation import value
from myriad.products.upswitch.errors import InputsError

Cause = Literal["engine", "input", "parameters"]


@dataclass(frozen=True, slots=True)
class Kept:
    """A valuation as it was kept: its inputs, its vintage and the value it gave then."""

    inputs: Inputs
    parameters: Parameters
    middle: Money


@dataclass(frozen=True, slots=True)
class WaterfallStep:
    """One cause and what it changed."""

    cause: Cause
    label: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Waterfall:
    """The way from one value to another; the steps sum to the difference exactly."""

    start: Money
    end: Money
    steps: tuple[WaterfallStep, ...]


def explain(before: Kept, after: Kept) -> Waterfall:
    """Return the steps from one valuation to the other; raises InputsError for two currencies."""
    if before.middle.currency != after.middle.currency:
        raise InputsError("two currencies cannot be explained as one change; convert one first")
    steps: list[WaterfallStep] = []
    at = before.middle
    replayed = value(before.inputs, before.parameters).middle
    at = _step(steps, "engine", "a newer engine", at, replayed)
    for label, inputs in _changes(before, after.inputs):
        at = _step(steps, "input", label, at, value(inputs, before.parameters).middle)
    final = value(after.inputs, after.parameters).middle
    label = f"parameters {before.parameters.name} to {after.parameters.name}"
    at = _step(steps, "parameters", label, at, final)
    _step(steps, "engine", "the engine of the later valuation", at, after.middle)
    return Waterfall(before.middle, after.middle, tuple(steps))


def _step(
    steps: list[WaterfallStep], cause: Cause, label: str, before: Money, after: Money
) -> Money:
    if after != before:
        steps.append(WaterfallStep(cause, label, after - before))
    return after


def _changes(before: Kept, after: Inputs) -> Iterator[tuple[str, Inputs]]:
    """Yield each change on top of those before it; what only makes sense together comes together.

    A switch without its value, say, cannot be valued: its name waits for the next field.
    """
    document: dict[str, Any] = msgspec.to_builtins(before.inputs)
    waiting: list[str] = []
    for path, changed in _differences(document, msgspec.to_builtins(after)):
        _put(document, path, changed)
        waiting.append(".".join(path))
        found = _sound(document, before.parameters)
        if found is not None:
            yield ", ".join(waiting), found
            waiting = []


def _sound(document: dict[str, Any], parameters: Parameters) -> Inputs | None:
    """Return the inputs when they can be valued, else None."""
    try:
        inputs = convert_inputs(document)
        value(inputs, parameters)
    except InputsError:
        return None
    return inputs


def _differences(
    before: dict[str, Any], after: dict[str, Any]
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield what differs: rows of the input sheet one by one, other tabs as a whole."""
    for group, new in after.items():
        if before.get(group) == new:
            continue
        if group != "input_sheet":
            yield (group,), new
            continue
        for name, changed in new.items():
            if before[group].get(name) != changed:
                yield (group, name), changed


def _put(document: dict[str, Any], path: tuple[str, ...], changed: Any) -> None:
    target = document
    for name in path[:-1]:
        target = target[name]
    target[path[-1]] = changed
