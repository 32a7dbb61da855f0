"""The JSON schema of the inputs, generated from their types, with the sheet's cells beside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from myriad.products.upswitch.engine.cells import CAPITAL_CELLS, INPUT_CELLS
from myriad.products.upswitch.engine.document import Inputs


def inputs_schema() -> dict[str, Any]:
    """Return the JSON schema (2020-12) of a document.

    `x-sheet-cell` says which cell of the published sheet a field is: whoever has a sheet finds
    each number's place, and the other way round.
    """
    schema: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(msgspec.json.schema(Inputs)))
    for kind, name, cell in _cells():
        schema["$defs"][kind]["properties"][name]["x-sheet-cell"] = cell
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _cells() -> Iterator[tuple[str, str, str]]:
    for name, cell in INPUT_CELLS.items():
        yield "InputSheet", name, f"Input sheet!{cell}"
    for name, cell in CAPITAL_CELLS.items():
        yield "CapitalCostWorksheet", name, f"Cost of capital worksheet!{cell}"
