"""`./myriad kamioi simulator`."""

from __future__ import annotations

import typer

from myriad.products.kamioi.plaid.simulator.server import PORT, run_simulator
from myriad.scale.commands import context_of

EPILOG = """
Examples:

  ./myriad kamioi simulator

  ./myriad kamioi simulator --webhook-url http://127.0.0.1:8000/api/v1/kamioi/webhooks/plaid
"""


def command(
    ctx: typer.Context,
    seed: int = typer.Option(1, help="Another seed is other members and purchases."),
    port: int = typer.Option(PORT, min=1, max=65535),
    webhook_url: str = typer.Option("", metavar="URL", help="Where webhooks are sent."),
) -> None:
    """Run a server that behaves like Plaid, until Ctrl-C."""
    context_of(ctx)
    run_simulator(seed=seed, port=port, webhook_url=webhook_url)
