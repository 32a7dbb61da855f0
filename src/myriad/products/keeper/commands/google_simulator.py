"""`./myriad keeper google-simulator`."""

from __future__ import annotations

import typer

from myriad.products.keeper.google.simulator.server import run_simulator
from myriad.scale.commands import context_of

EPILOG = """
Examples:

  ./myriad keeper google-simulator

  ./myriad keeper google-simulator --port 9000 --webhook-url http://127.0.0.1:8000/api/v1/keeper/webhooks/google
"""


def command(
    ctx: typer.Context,
    customers: int = typer.Option(500, min=1, max=100_000, help="Customers of the spa."),
    seed: int = typer.Option(1, help="The seed of the simulated Square whose customers write."),
    port: int = typer.Option(8378, min=1, max=65535),
    webhook_url: str = typer.Option("", metavar="URL", help="Where notifications are pushed."),
) -> None:
    """Run a server that behaves like Google Business Profile, until Ctrl-C."""
    context_of(ctx)
    run_simulator(seed=seed, port=port, customers=customers, webhook_url=webhook_url)
