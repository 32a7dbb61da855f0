"""A list of strings is mapped row by row, and a row that cannot be read says so."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from myriad.products.kamioi.errors import StringsFileError
from myriad.products.kamioi.facts.loading import curated_world
from myriad.products.kamioi.strings_csv import COLUMNS, map_csv


def mapped(folder: Path, text: str) -> list[dict[str, str]]:
    source, target = folder / "in.csv", folder / "out.csv"
    source.write_bytes(text.encode("latin-1"))
    map_csv(curated_world(), source, target, "GB")
    with target.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_in_is_a_row_out(tmp_path: Path) -> None:
    rows = mapped(
        tmp_path, "raw,date\nshell 387,2018-01-01\n\xff\xfe,\nshell 387,2024-01-01\n4423,\n"
    )
    assert [row["ticker"] for row in rows] == ["RDS.A", "", "SHEL", ""]
    assert tuple(rows[0]) == COLUMNS


def test_rows_without_a_string_or_with_another_date_are_refused_in_their_place(
    tmp_path: Path,
) -> None:
    rows = mapped(tmp_path, 'raw,date\n"",\nshell,13/01/2018\n')
    assert [(row["method"], row["why"]) for row in rows] == [
        ("refused", "no string"),
        ("refused", "the date is not YYYY-MM-DD"),
    ]


def test_a_formula_is_written_as_text(tmp_path: Path) -> None:
    assert mapped(tmp_path, "raw\n=cmd()|x\n")[0]["raw"] == "'=cmd()|x"


@pytest.mark.parametrize("text", ["", "merchant\nshell\n"], ids=["empty", "no column raw"])
def test_a_list_without_strings_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(StringsFileError, match="no column raw"):
        mapped(tmp_path, text)


def test_a_list_is_never_written_over(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("raw\nshell\n", encoding="utf-8")
    with pytest.raises(StringsFileError, match="choose another file"):
        map_csv(curated_world(), source, source)


def test_a_target_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("raw\nshell\n", encoding="utf-8")
    with pytest.raises(StringsFileError, match="No such file or directory"):
        map_csv(curated_world(), source, tmp_path / "nowhere" / "out.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
