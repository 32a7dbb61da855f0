"""Parameters out of a folder of published tables, and the sets that an installation keeps."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from myriad.products.upswitch.engine.parameters import (
    CapitalCostTable,
    Industry,
    IndustryTable,
    Parameters,
    Provenance,
)
from myriad.products.upswitch.errors import NoParametersError, ParameterFileError
from myriad.products.upswitch.parameters.defaults import DEFAULTS
from myriad.products.upswitch.parameters.tables import (
    Rows,
    describe_industries,
    kind_of,
    read_countries,
    read_failures,
    read_industries,
    read_ratings,
    read_rows,
)

_LICENCE = "published by its author for use with attribution; check before passing it on"
_SOURCE = "A. Damodaran, NYU Stern School of Business"
_STEM = re.compile(
    r"^(industry_(us|global)|country_erp|synthetic|failure)(_(?P<vintage>[a-z0-9-]+))?$"
)


@dataclass(frozen=True, slots=True)
class Origin:
    """What a folder does not say by itself; `as_of` None is read out of the files and names."""

    as_of: str | None = None
    source: str = _SOURCE
    licence: str = _LICENCE


@dataclass(slots=True)
class _Vintage:
    tables: dict[str, Any] = field(default_factory=dict)
    industries: dict[str, dict[str, Industry]] = field(default_factory=dict)
    provenances: dict[str, Provenance] = field(default_factory=dict)


def read_folder(folder: Path, origin: Origin | None = None) -> list[Parameters]:
    """Return the sets in a folder and its folders: a file's ending names its set.

    `industry_us_2024.csv` and `synthetic_2024.csv` belong to the set "2024"; a file without an
    ending to the year in its folder's name. Files that are no parameters are passed over; a JSON
    file of sheet cells gives the distribution of costs of capital. Raises ParameterFileError.
    """
    vintages: dict[str, _Vintage] = {}
    for path in sorted(folder.rglob("*.csv")) if folder.is_dir() else []:
        _read_csv(path, vintages, origin or Origin())
    for path in sorted(folder.rglob("*.json")):
        _read_cells(path, vintages, origin or Origin())
    found = [_assembled(name, vintage) for name, vintage in sorted(vintages.items())]
    if not found:
        raise ParameterFileError(f"no table of parameters was found in {folder}")
    return found


def _read_csv(path: Path, vintages: dict[str, _Vintage], origin: Origin) -> None:
    rows = read_rows(path.read_text(encoding="utf-8-sig"))
    kind = kind_of(rows)
    if kind is None:
        return
    named = _STEM.match(path.stem.lower())
    name = (named and named["vintage"]) or _year(path) or path.parent.name
    vintage = vintages.setdefault(name, _Vintage())
    provenance = _provenance(path, rows, origin)
    try:
        _add(vintage, kind, path, rows, provenance)
    except ParameterFileError as error:
        raise ParameterFileError(f"{path.name}: {error.detail}") from None


def _add(vintage: _Vintage, kind: str, path: Path, rows: Rows, provenance: Provenance) -> None:
    if kind == "industries":
        market = "us" if re.search(r"_us\b|_us_", f"{path.parent.name}_{path.stem}") else "global"
        _merge(vintage, market, read_industries(rows, provenance))
        return
    readers = {"countries": read_countries, "ratings": read_ratings, "failures": read_failures}
    vintage.tables[kind] = readers[kind](rows, provenance)


def _merge(vintage: _Vintage, market: str, table: IndustryTable) -> None:
    """Join tables of one market by industry: what an earlier file left open, a later one fills."""
    known = vintage.industries.setdefault(market, {})
    for name, row in table.rows.items():
        old = msgspec.structs.asdict(known[name]) if name in known else {}
        given = {
            key: value for key, value in msgspec.structs.asdict(row).items() if value is not None
        }
        known[name] = Industry(**(old | given))
    old_provenance = vintage.provenances.get(market)
    sums = [old_provenance.sha256] if old_provenance else []
    provenance = table.provenance
    vintage.provenances[market] = msgspec.structs.replace(
        provenance, sha256=" ".join([*sums, provenance.sha256])
    )


def _read_cells(path: Path, vintages: dict[str, _Vintage], origin: Origin) -> None:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        cells = document.get("cost_of_capital_cells", {})
    except (ValueError, AttributeError):
        return
    if "B74" not in cells:
        return
    name = path.stem.lower()
    riskfree = float(cells["B24"])
    groups = [(column, cells[f"{column}74"]) for column in "BCDEF"]
    table = {
        cells[f"A{row}"]: {
            str(group): round(float(cells[f"{column}{row}"]) - riskfree, 10)
            for column, group in groups
        }
        for row in range(75, 80)
    }
    valued = str(document.get("input_sheet_cells", {}).get("B3", ""))[:10]
    stated = valued if re.fullmatch(r"\d{4}-\d{2}-\d{2}", valued) else None
    known = Origin(origin.as_of or stated, origin.source, origin.licence)
    provenance = _provenance(path, [], known)
    costs = CapitalCostTable(over_riskfree=table, provenance=provenance)
    vintages.setdefault(name, _Vintage()).tables["capital_costs"] = costs


def _assembled(name: str, vintage: _Vintage) -> Parameters:
    markets: dict[str, Any] = {
        f"industries_{market}": describe_industries(rows, vintage.provenances[market])
        for market, rows in vintage.industries.items()
    }
    return Parameters(
        name=name,
        **markets,
        **vintage.tables,
        multiples=DEFAULTS.multiples,
        taxes=DEFAULTS.taxes,
    )


def _provenance(path: Path, rows: Rows, origin: Origin) -> Provenance:
    as_of = origin.as_of or _stated_day(rows) or f"{_year(path) or '1970'}-01-01"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Provenance(
        source=f"{origin.source}: {path.name}", as_of=as_of, licence=origin.licence, sha256=digest
    )


def _stated_day(rows: Rows) -> str | None:
    """Return the day that a file says it was updated on."""
    for cell in rows[0] if rows else []:
        found = re.search(r"Updated (\w+ \d{1,2}, \d{4})", cell)
        if found:
            return f"{datetime.strptime(found[1], '%B %d, %Y').date()}"  # noqa: DTZ007 - a day only
    return None


def _year(path: Path) -> str | None:
    for name in (path.stem, *(parent.name for parent in path.parents)):
        found = re.search(r"(?<!\d)(19|20)\d\d(?!\d)", name)
        if found:
            return found[0]
    return None


def keep(home: Path, sets: Iterable[Parameters]) -> list[Path]:
    """Write sets of parameters into the installation's folder and return their files."""
    folder = home / "upswitch" / "parameters"
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for parameters in sets:
        path = folder / f"{parameters.name}.json"
        path.write_bytes(msgspec.json.encode(parameters))
        written.append(path)
    return written


def list_kept(home: Path) -> list[Parameters]:
    """Return the sets of this installation by name, those that ship first."""
    folder = home / "upswitch" / "parameters"
    kept = [
        msgspec.json.decode(path.read_bytes(), type=Parameters)
        for path in sorted(folder.glob("*.json"))
    ]
    return [DEFAULTS, *kept]


def get_kept(home: Path, name: str | None) -> Parameters:
    """Return the set of that name, or the shipped one; raises NoParametersError."""
    if name is None or name == DEFAULTS.name:
        return DEFAULTS
    path = home / "upswitch" / "parameters" / f"{name}.json"
    if not re.fullmatch(r"[A-Za-z0-9-]+", name) or not path.is_file():
        known = ", ".join(parameters.name for parameters in list_kept(home))
        raise NoParametersError(f"no parameters {name!r} here; there are: {known}")
    return msgspec.json.decode(path.read_bytes(), type=Parameters)
