"""`./myriad upswitch value`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from myriad.products.upswitch.engine.cells import is_sheet, read_cells
from myriad.products.upswitch.engine.document import Inputs, read_inputs
from myriad.products.upswitch.engine.montecarlo import Simulated, simulate
from myriad.products.upswitch.engine.proof import prove_all
from myriad.products.upswitch.engine.schema import inputs_schema
from myriad.products.upswitch.engine.summary import summarize
from myriad.products.upswitch.engine.valuation import Valuation, value
from myriad.products.upswitch.engine.workbook import write_workbook
from myriad.products.upswitch.errors import InputsError
from myriad.products.upswitch.parameters.folder import get_kept
from myriad.scale.commands import CommandContext

EXAMPLE = Path(__file__).parents[1] / "example.json"
EPILOG = """
INPUTS.json has the documented names (./myriad upswitch value --schema); cells of a published
fcffsimpleginzu sheet, one object a tab (input_sheet_cells, cost_of_capital_cells, lease_cells,
rd_cells), are taken too; "currency" and "units" (1, 1000 or 1000000) beside them say what its
amounts are, else they are shown as dollars.

Examples:

  ./myriad upswitch value --example > bakery.json

  ./myriad upswitch value bakery.json --trace --xlsx bakery.xlsx

  ./myriad --json upswitch value bakery.json --paths 10000 --seed 7
"""


def command(
    ctx: typer.Context,
    inputs: Path | None = typer.Argument(None, metavar="INPUTS.json", help="What is known."),
    trace: bool = typer.Option(False, "--trace", help="Every number: formula, inputs, source."),
    parameters: str | None = typer.Option(
        None, "--parameters", metavar="NAME", help="Which imported set; else the one that ships."
    ),
    paths: int = typer.Option(0, "--paths", min=0, max=1_000_000, help="Monte Carlo paths."),
    seed: int = typer.Option(0, "--seed", min=0, help="Same seed, same figures."),
    xlsx: Path | None = typer.Option(
        None, "--xlsx", metavar="FILE", help="Write a workbook with live formulas too."
    ),
    schema: bool = typer.Option(False, "--schema", help="Print the JSON schema of the inputs."),
    example: bool = typer.Option(False, "--example", help="Print a worked example."),
) -> None:
    """Value a company from a file of inputs."""
    context: CommandContext = ctx.obj
    if schema or example:
        text = json.dumps(inputs_schema(), indent=1) if schema else EXAMPLE.read_text("utf-8")
        sys.stdout.write(text.rstrip() + "\n")
        return
    if inputs is None:
        raise InputsError("name a file with inputs; --example prints one to start from")
    found = value(read_document(inputs), get_kept(context.home, parameters))
    if xlsx is not None:
        write_file(xlsx, write_workbook(found))
    simulated = None
    if paths and found.solved is not None:
        simulated = simulate(found.solved.basis, paths=paths, seed=seed)
    if context.as_json:
        document = summarize(found, with_trace=trace)
        if simulated is not None:
            document["monte_carlo"] = asdict(simulated)
        sys.stdout.write(json.dumps(document, indent=1) + "\n")
        return
    lines = [*_lines(found), *_simulated(simulated), *(_trace(found) if trace else [])]
    sys.stdout.write("\n".join(lines) + "\n")


def write_file(path: Path, content: bytes) -> None:
    """Write a file in one step, so that a refused one leaves the old as it was."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        raise InputsError(f"{path} cannot be written: {error.strerror}") from None


def read_document(path: Path) -> Inputs:
    """Return the inputs in a file, or those of a published sheet; raises InputsError."""
    try:
        text = path.read_bytes()
        document: Any = json.loads(text.decode("utf-8-sig"), parse_constant=_refuse)
    except OSError as error:
        raise InputsError(f"{path} cannot be read: {error.strerror}") from None
    except RecursionError:
        raise InputsError(f"{path} is nested too deep to be inputs") from None
    except ValueError as error:
        raise InputsError(f"{path} is not JSON: {error}") from None
    if not is_sheet(document):
        return read_inputs(text)
    # A sheet does not say in what its amounts are; whoever carries it over may.
    said = {name: document[name] for name in ("currency", "units") if name in document}
    return read_cells(document, **{"currency": "USD", **said})


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number in JSON")


def _lines(found: Valuation) -> Iterator[str]:
    name = found.inputs.input_sheet.company_name or "This company"
    yield (
        f"{name} is worth {found.middle.format(whole=True)}, between "
        f"{found.low.format(whole=True)} and {found.high.format(whole=True)}"
    )
    per_share = found.value_per_share
    if per_share is not None and found.inputs.input_sheet.number_of_shares_outstanding != 1.0:
        yield f"a share by free cash flow: {per_share:,.6f}"
    yield ""
    for method in found.methods:
        if method.middle is None:
            yield f"  {method.label:<30} {method.note}"
            continue
        low, middle, high = (
            found.as_money(amount or 0.0).format(whole=True)
            for amount in (method.low, method.middle, method.high)
        )
        yield f"  {method.label:<30} {low:>18} {middle:>18} {high:>18}"
    yield from (f"  ! {flag.title}: {_effect(found, flag.effect)}" for flag in found.flags)
    yield from (f"  note: {note}" for note in found.notes)
    yield f"engine {found.engine_version}, parameters {found.parameters.name}"


def _effect(found: Valuation, effect: float) -> str:
    return found.as_money(effect).format(whole=True)


def _simulated(found: Simulated | None) -> Iterator[str]:
    if found is None:
        return
    p = found.percentiles
    yield (
        f"Monte Carlo, {found.paths:,} paths, seed {found.seed}: per share {p[50]:,.2f}, "
        f"80 % between {p[10]:,.2f} and {p[90]:,.2f}"
    )


def _trace(found: Valuation) -> Iterator[str]:
    yield ""
    for step in prove_all(found):
        formula = f" = {step.expression}" if step.expression else ""
        where = f" [{step.cell}]" if step.cell else ""
        yield f"{step.key} {step.value:,.10g}{formula}  ({step.source}){where}"
