"""`python -m myriad.products.kamioi.plaid.simulator`."""

from __future__ import annotations

import sys

from myriad.products.kamioi.plaid.simulator.server import PORT, run_simulator
from myriad.scale.simulator.serving import create_parser, run_command

if __name__ == "__main__":
    sys.exit(run_command(create_parser("Plaid", PORT), run_simulator, None))
