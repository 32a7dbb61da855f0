"""`python -m myriad.products.keeper.google.simulator`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from myriad.kit.errors import MyriadError
from myriad.products.keeper.google.simulator.server import run_simulator


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and serve; 2 when the port cannot be used."""
    parser = argparse.ArgumentParser(description="A real server that behaves like Google.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=8378)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--customers", type=int, default=500, help="customers of the spa")
    parser.add_argument("--webhook-url", default="")
    parser.add_argument("--quiet", action="store_true")
    try:
        run_simulator(**vars(parser.parse_args(arguments)))
    except MyriadError as error:
        sys.stderr.write(f"{error.detail}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
