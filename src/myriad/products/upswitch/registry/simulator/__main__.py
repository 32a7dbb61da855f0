"""`python -m myriad.products.upswitch.registry.simulator`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from myriad.products.upswitch.registry.simulator.app import create_app
from myriad.products.upswitch.registry.simulator.names import names_of
from myriad.scale.simulator.faults import Faults, Weather
from myriad.scale.simulator.serving import create_parser, run_command, serve

PORT = 8379


def run_simulator(
    *,
    seed: int,
    port: int,
    host: str,
    webhook_url: str = "",
    quiet: bool = False,
    enterprises: int = 0,
    companies_seed: int = 1,
) -> None:
    """Serve the three registers until SIGINT or SIGTERM.

    The first `enterprises` of the simulated extract of that seed are known by their names.
    """
    greeting = f"Simulated NBB, VIES and GLEIF at http://{host}:{port}\n"
    app = create_app(Weather(seed, Faults()), lambda: names_of(enterprises, companies_seed))
    serve(app, host=host, port=port, quiet=quiet, greeting=greeting)


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and serve; 2 when the port cannot be used."""
    parser = create_parser("the NBB, VIES and GLEIF", PORT)
    parser.add_argument("--enterprises", type=int, default=0, help="how many are known by name")
    parser.add_argument("--companies-seed", type=int, default=1, help="the seed of their extract")
    return run_command(parser, run_simulator, arguments)


if __name__ == "__main__":
    sys.exit(main())
