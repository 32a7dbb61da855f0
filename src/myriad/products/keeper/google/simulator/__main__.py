"""`python -m myriad.products.keeper.google.simulator`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from myriad.products.keeper.google.simulator.server import run_simulator
from myriad.scale.simulator.serving import create_parser, run_command


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and serve; 2 when the port cannot be used."""
    parser = create_parser("Google", 8378)
    parser.add_argument("--customers", type=int, default=500, help="customers of the spa")
    return run_command(parser, run_simulator, arguments)


if __name__ == "__main__":
    sys.exit(main())
