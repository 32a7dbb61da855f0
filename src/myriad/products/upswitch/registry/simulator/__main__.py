"""`python -m myriad.products.upswitch.registry.simulator`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from myriad.products.upswitch.registry.simulator.app import create_app
from myriad.scale.simulator.faults import Faults, Weather
from myriad.scale.simulator.serving import create_parser, run_command, serve

PORT = 8379


def run_simulator(
    *, seed: int, port: int, host: str, webhook_url: str = "", quiet: bool = False
) -> None:
    """Serve the three registers until SIGINT or SIGTERM."""
    greeting = f"Simulated NBB, VIES and GLEIF at http://{host}:{port}\n"
    app = create_app(Weather(seed, Faults()))
    serve(app, host=host, port=port, quiet=quiet, greeting=greeting)


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and serve; 2 when the port cannot be used."""
    return run_command(create_parser("the NBB, VIES and GLEIF", PORT), run_simulator, arguments)


if __name__ == "__main__":
    sys.exit(main())
