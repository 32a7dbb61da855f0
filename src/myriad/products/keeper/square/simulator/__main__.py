"""`python -m myriad.products.keeper.square.simulator`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from myriad.products.keeper.square.simulator.server import run_simulator
from myriad.scale.simulator.serving import create_parser, run_command


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and serve; 2 when the purchase log or the port cannot be used."""
    parser = create_parser("Square", 8377)
    parser.add_argument("--purchases", type=Path, help="a CSV purchase log to serve as a seller")
    parser.add_argument("--spa", action="store_true", help="the generated spa (default)")
    parser.add_argument("--customers", type=int, default=500, help="customers of the spa")
    return run_command(parser, run_simulator, arguments)


if __name__ == "__main__":
    sys.exit(main())
