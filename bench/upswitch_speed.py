"""How long a valuation and a simulation take, beside the same in plain Python.

    ./myriad bench upswitch-speed [--full]

CPU time, the best of several runs, in one process. engine_ms is a whole valuation of the worked
example, from its inputs: cash flows with range, multiples, blend and flags. cash_flow_ms is the
published sheet alone, as the peer computes it. montecarlo_ms is 10,000 paths with drawing,
valuation and percentiles; the peer draws with the standard library. http_p95_ms is a valuation
of a session through HTTP, never one that was stored before; http_model_p95_ms is that with a message
before it whose answer comes from a simulated model that takes two seconds. Both are wall time.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import msgspec
import upswitch_http
import upswitch_plain
from peers import REPOSITORY
from rich.console import Console
from rich.table import Table

from myriad.products.upswitch.engine.basis import resolve
from myriad.products.upswitch.engine.document import Inputs, read_inputs
from myriad.products.upswitch.engine.levers import value_drivers
from myriad.products.upswitch.engine.market_inputs import DiscountingInputs
from myriad.products.upswitch.engine.montecarlo import DEFAULT_UNCERTAINTIES, simulate
from myriad.products.upswitch.engine.proof import prove
from myriad.products.upswitch.engine.valuation import value
from myriad.products.upswitch.parameters.defaults import DEFAULTS

EXAMPLE = REPOSITORY / "src" / "myriad" / "products" / "upswitch" / "example.json"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="100,000 and a million paths too")
    asked = parser.parse_args(argv)
    inputs = read_inputs(EXAMPLE.read_bytes())
    basis = resolve(_at_year_end(inputs), DEFAULTS)
    figures = upswitch_plain.figures(basis)
    whole = _best(lambda: value(inputs, DEFAULTS), 200)
    alone = _best(lambda: value_drivers(basis, basis.drivers), 200)
    given = (figures["g25"], figures["mt"], figures["wacc"], figures["sc1"])
    if abs(upswitch_plain.quick(figures, *given) - upswitch_plain.value(figures)) > 1e-6:
        sys.exit("the plain scripts do not agree with each other")
    plain = _best(lambda: upswitch_plain.quick(figures, *given), 200)
    proof = _best(lambda: prove(basis), 20)
    ours = _best(lambda: simulate(basis, DEFAULT_UNCERTAINTIES, paths=10_000, seed=1), 1)
    theirs = _best(lambda: upswitch_plain.simulate(figures, 10_000, seed=1), 1)
    table = Table("what", "Myriad ms", "plain Python ms")
    table.add_row("one whole valuation, from its inputs", f"{whole:.3f}", "")
    table.add_row("the published sheet alone", f"{alone:.3f}", f"{plain:.3f}")
    table.add_row("proof of every number", f"{proof:.3f}", "")
    table.add_row("Monte Carlo, 10,000 paths", f"{ours:.1f}", f"{theirs:.1f}")
    for paths in (100_000, 1_000_000) if asked.full else ():
        many = _best(lambda: simulate(basis, DEFAULT_UNCERTAINTIES, paths=paths, seed=1), 1, 3)  # noqa: B023
        table.add_row(f"Monte Carlo, {paths:,} paths", f"{many:.1f}", "")
    through = upswitch_http.measure(*((400, 60) if asked.full else (150, 24)))
    table.add_row("through HTTP, p95", f"{through.without_model_ms:.1f}", "")
    modelled = "" if through.with_model_ms is None else f"{through.with_model_ms:.0f}"
    table.add_row("through HTTP with a model of two seconds, p95", modelled or through.why_not, "")
    Console(width=100).print(table)
    print(
        f"RESULT upswitch-speed engine_ms={whole:.4f} montecarlo_ms={ours:.3f} "
        f"cash_flow_ms={alone:.4f} plain_cash_flow_ms={plain:.4f} plain_montecarlo_ms={theirs:.1f} "
        f"montecarlo_ratio={ours / theirs:.4f} proof_ms={proof:.3f} "
        f"http_p95_ms={through.without_model_ms:.2f} "
        f"http_model_p95_ms={modelled or 'nan'}"
    )
    return 0 if modelled else 1


def _at_year_end(inputs: Inputs) -> Inputs:
    """Return the inputs without the mid-year convention, which the peer does not have."""
    return msgspec.structs.replace(inputs, discounting=DiscountingInputs())


def _best(work: Callable[[], object], times: int, rounds: int = 7) -> float:
    """Return the CPU milliseconds of one call, from the best round."""
    work()
    found = []
    for _ in range(rounds):
        started = time.process_time()
        for _ in range(times):
            work()
        found.append((time.process_time() - started) / times * 1000)
    return min(found)


if __name__ == "__main__":
    sys.exit(main())
