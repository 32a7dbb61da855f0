"""Runs a simulated Plaid until it is told to stop."""

from __future__ import annotations

from myriad.products.kamioi.plaid.simulator.app import create_app
from myriad.products.kamioi.plaid.simulator.world import PlaidWorld
from myriad.scale.simulator.serving import serve

PORT = 8380


def run_simulator(
    *,
    seed: int = 1,
    port: int = PORT,
    host: str = "127.0.0.1",
    webhook_url: str = "",
    quiet: bool = False,
) -> None:
    """Serve banks until SIGINT or SIGTERM; raises InvalidInputError when the port is taken."""
    greeting = (
        f"Simulated Plaid at http://{host}:{port}\n"
        f"  start Kamioi with MYRIAD_KAMIOI__PLAID_BASE_URL=http://{host}:{port}\n"
        "  POST /sandbox/public_token/create stands in for Link\n"
    )
    app = create_app(PlaidWorld(seed), webhook_url=webhook_url)
    serve(app, host=host, port=port, quiet=quiet, greeting=greeting)
