"""The file that `./myriad upswitch value` reads: inputs, or a published sheet with its units."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from myriad.products.upswitch.commands.value import EXAMPLE, read_document
from myriad.products.upswitch.errors import InputsError

CELLS = {"B11": 46465, "B12": 10316, "B23": 0.175, "B24": 0.25, "B26": 0.05, "B34": 0.0458}


def written(folder: Path, content: bytes) -> Path:
    path = folder / "inputs.json"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("beside", "currency", "units"),
    [({}, "USD", 1), ({"units": 1_000_000}, "USD", 1_000_000), ({"currency": "EUR"}, "EUR", 1)],
)
def test_a_sheet_is_in_the_units_that_stand_beside_its_cells(
    tmp_path: Path, beside: dict[str, Any], currency: str, units: int
) -> None:
    document = {"input_sheet_cells": CELLS, **beside}
    found = read_document(written(tmp_path, json.dumps(document).encode()))
    assert (found.currency, found.units) == (currency, units)
    assert found.input_sheet.revenues == 46465


def test_a_file_that_an_editor_marked_is_read(tmp_path: Path) -> None:
    found = read_document(written(tmp_path, b"\xef\xbb\xbf" + EXAMPLE.read_bytes()))
    assert found == read_document(EXAMPLE)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[" * 100_000, "nested too deep"),
        (b'{"input_sheet": {"revenues": NaN}}', "NaN is no number in JSON"),
        (b'{"input_sheet_cells": {"B11": Infinity}}', "Infinity is no number in JSON"),
        (b"\xff\xfe", "is not JSON"),
    ],
)
def test_a_file_that_cannot_be_inputs_is_refused_in_one_line(
    tmp_path: Path, content: bytes, said: str
) -> None:
    with pytest.raises(InputsError, match=said):
        read_document(written(tmp_path, content))
