"""Parameters out of a folder, and the command that values a file."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from myriad.apps.cli.frame import main
from myriad.products.upswitch.errors import NoParametersError, ParameterFileError
from myriad.products.upswitch.parameters.defaults import DEFAULTS
from myriad.products.upswitch.parameters.folder import (
    Origin,
    get_kept,
    keep,
    list_kept,
    read_folder,
)
from tests.products.upswitch.engine.conftest import SHEET

INDUSTRIES = """Industry Name,Number of firms,Unlevered Beta,Equity (Levered) Beta,Cost of equity,Pre-tax cost of debt,Market Debt/Capital,Cost of capital,Sales/Capital,EV/Sales
Baking,12,0.8,1.0,0.09,0.05,0.25,0.076875,2.4,0.9
Milling,7,0.7,0.9,0.085,0.05,0.2,0.0755,1.9,1.1
Brewing,20,0.9,1.2,0.1,0.06,0.3,0.0835,1.5,1.6
"""
COUNTRIES = """Mature Market ERP +,0.045,"Updated January 5, 2026",,,
,,,,,
Country,Moody's rating,Adj. Default Spread,Equity Risk Premium,Country Risk Premium,Corporate Tax Rate
Belgium,Aa3,0.006,0.0525,0.0075,0.25
Region,ERP,Default Spread,Tax Rate,CRP,
Western Europe,0.055,0.008,0.25,0.01,
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two invented tables of one set."""
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "industry_global_spring.csv").write_text(INDUSTRIES)
    (tmp_path / "tables" / "country_erp_spring.csv").write_text(COUNTRIES)
    (tmp_path / "tables" / "notes.csv").write_text("a,b\n1,2\n")
    return tmp_path / "tables"


def test_tables_become_a_set_with_their_provenance(folder: Path) -> None:
    (found,) = read_folder(folder, Origin(as_of="2026-02-01", licence="a test"))
    table = found.industries_global
    assert found.name == "spring"
    assert table is not None
    assert (table.riskfree_rate, table.equity_risk_premium, table.tax_rate) == (0.04, 0.05, 0.25)
    digest = hashlib.sha256((folder / "industry_global_spring.csv").read_bytes()).hexdigest()
    assert table.provenance.sha256 == digest
    assert (table.provenance.as_of, table.provenance.licence) == ("2026-02-01", "a test")
    countries = found.need_countries()
    assert countries.mature_market_premium == 0.045
    assert countries.get_region("Western Europe").equity_risk_premium == 0.055


def test_a_table_says_its_own_day(folder: Path) -> None:
    (found,) = read_folder(folder)
    assert found.need_countries().provenance.as_of == "2026-01-05"


def test_a_sheet_of_cells_is_of_the_day_that_it_values(folder: Path) -> None:
    groups = dict(
        zip("BCDEF", ("First Decile", "First Quartile", "Median", "Third", "Ninth"), strict=True)
    )
    capital: dict[str, object] = {"B24": 0.04} | {f"{at}74": name for at, name in groups.items()}
    for row, region in enumerate(("Emerging", "Europe", "Global", "Japan", "US"), start=75):
        capital |= {f"A{row}": region} | {f"{at}{row}": 0.09 for at in groups}
    document = {
        "cost_of_capital_cells": capital,
        "input_sheet_cells": {"B3": "2024-02-01T00:00:00"},
    }
    (folder / "spring.json").write_text(json.dumps(document))
    (found,) = read_folder(folder)
    assert found.need_capital_costs().provenance.as_of == "2024-02-01"


def test_a_kept_set_is_found_by_its_name_only(folder: Path, tmp_path: Path) -> None:
    keep(tmp_path, read_folder(folder))
    assert [item.name for item in list_kept(tmp_path)] == ["shipped", "spring"]
    assert get_kept(tmp_path, "spring").need_countries().countries["Belgium"].tax_rate == 0.25
    assert get_kept(tmp_path, None) == DEFAULTS
    for name in ("autumn", "../../etc/passwd"):
        with pytest.raises(NoParametersError, match="there are: shipped, spring"):
            get_kept(tmp_path, name)


def test_a_folder_without_tables_and_a_broken_table_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterFileError, match="no table of parameters"):
        read_folder(tmp_path)
    (tmp_path / "country_erp_x.csv").write_text("Mature Market ERP +,soon\n")
    with pytest.raises(ParameterFileError, match=r"country_erp_x\.csv: expected the premium"):
        read_folder(tmp_path)


def test_everything_that_ships_says_its_source() -> None:
    assert DEFAULTS.taxes is not None
    shipped = [table.provenance for table in DEFAULTS.multiples]
    for provenance in (*shipped, DEFAULTS.taxes.provenance):
        assert provenance.source
        assert provenance.licence


def test_every_published_table_is_read(vintages: dict[str, Any]) -> None:
    for name in ("amzn", "ko"):
        found = vintages[name]
        assert len(found.need_industries("us").rows) == 96
        assert len(found.need_countries().countries) > 180
        assert len(found.need_ratings().small) == 15
        assert found.failures.by_rating["BB"][9] == pytest.approx(0.1178)
        assert found.failures.by_age["Information"][6] == pytest.approx(0.117)


def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, *words: str) -> tuple[int, str, str]:
    code = main(["--home", str(tmp_path / "home"), *words])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def document(tmp_path: Path, **more: Any) -> str:
    sheet = SHEET | {"company_name": "Example"}
    path = tmp_path / f"inputs{len(more)}.json"
    content = {"mature_market_equity_risk_premium": 0.05, "input_sheet": sheet}
    path.write_text(json.dumps(content | more))
    return str(path)


def test_the_command_values_a_file_with_its_trace(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, _ = run(capsys, tmp_path, "upswitch", "value", document(tmp_path), "--trace")
    assert code == 0
    assert out.startswith("Example is worth €")
    assert "value_per_share" in out
    assert "= value_of_common_equity/number_of_shares" in out


def test_the_command_writes_a_workbook_or_says_why_not(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    inputs, target = document(tmp_path), tmp_path / "value.xlsx"
    assert run(capsys, tmp_path, "upswitch", "value", inputs, "--xlsx", str(target))[0] == 0
    assert zipfile.is_zipfile(target)
    nowhere = str(tmp_path / "nowhere" / "value.xlsx")
    code, _, err = run(capsys, tmp_path, "upswitch", "value", inputs, "--xlsx", nowhere)
    assert code == 2
    assert "cannot be written" in err


def test_the_command_answers_in_json_with_a_simulation(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ("--json", "upswitch", "value", document(tmp_path), "--paths", "200", "--seed", "3")
    code, out, _ = run(capsys, tmp_path, *words)
    found = json.loads(out)
    assert code == 0
    assert found["monte_carlo"]["seed"] == 3
    assert found["middle"]["currency"] == "EUR"


def test_the_command_says_what_is_wrong_with_a_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    for words, message in (
        ([str(broken)], "is not JSON"),
        ([str(tmp_path / "none.json")], "cannot be read"),
        ([], "name a file with inputs"),
        ([document(tmp_path, units=7)], "/units"),
        ([document(tmp_path), "--parameters", "none"], "no parameters 'none' here"),
    ):
        code, _, err = run(capsys, tmp_path, "upswitch", "value", *words)
        assert code == 2
        assert message in err


def test_the_command_imports_and_lists_parameters(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, folder: Path
) -> None:
    code, out, _ = run(capsys, tmp_path, "upswitch", "parameters", "import", str(folder))
    assert code == 0
    assert "industries_global: 3 rows" in out
    code, out, _ = run(capsys, tmp_path, "--json", "upswitch", "parameters", "list")
    assert [item["name"] for item in json.loads(out)["parameters"]] == ["shipped", "spring"]


def test_the_command_prints_the_schema_and_the_example(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, _ = run(capsys, tmp_path, "upswitch", "value", "--schema")
    assert code == 0
    assert (
        json.loads(out)["$defs"]["InputSheet"]["properties"]["revenues"]["x-sheet-cell"]
        == "Input sheet!B11"
    )
    code, out, _ = run(capsys, tmp_path, "upswitch", "value", "--example")
    example = tmp_path / "example.json"
    example.write_text(out)
    assert run(capsys, tmp_path, "upswitch", "value", str(example))[0] == 0


def test_the_command_takes_a_published_sheet(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, shared_data: Path
) -> None:
    data = shared_data / "upswitch"
    assert run(capsys, tmp_path, "upswitch", "parameters", "import", str(data))[0] == 0
    sheet = str(data / "ginzu_golden" / "amzn.json")
    code, out, _ = run(capsys, tmp_path, "upswitch", "value", sheet, "--parameters", "amzn")
    assert code == 0
    assert "a share by free cash flow: 103.794556" in out
