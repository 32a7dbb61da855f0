"""`./myriad keeper square-simulator`."""

from __future__ import annotations

from pathlib import Path

import typer

from myriad.products.keeper.square.simulator.server import run_simulator
from myriad.scale.commands import context_of

EPILOG = """
Examples:

  ./myriad keeper square-simulator

  ./myriad keeper square-simulator --purchases purchases.csv --port 8377
"""


def command(
    ctx: typer.Context,
    purchases: Path | None = typer.Option(
        None,
        metavar="FILE",
        help="Serve this purchase log (customer_id, date, quantity, amount) as a seller.",
    ),
    spa: bool = typer.Option(False, "--spa", help="Serve the generated spa beside the log."),
    customers: int = typer.Option(500, min=1, max=100_000, help="Customers of the spa."),
    seed: int = typer.Option(1, help="Another seed is another spa."),
    port: int = typer.Option(8377, min=1, max=65535),
    webhook_url: str = typer.Option("", metavar="URL", help="Where webhooks are sent."),
) -> None:
    """Run a server that behaves like Square, until Ctrl-C."""
    context_of(ctx)
    run_simulator(
        purchases=purchases,
        spa=spa,
        seed=seed,
        port=port,
        customers=customers,
        webhook_url=webhook_url,
    )
