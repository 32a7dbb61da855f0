"""`./myriad up`."""

from __future__ import annotations

from pathlib import Path

import typer

from myriad.apps.cli.context import CliContext
from myriad.apps.cli.launch import LaunchError, Options, launch
from myriad.apps.cli.plan import has_own_square
from myriad.kit.errors import InvalidInputError
from myriad.scale.embedded.errors import HomeBusyError
from myriad.scale.manifest import load

app = typer.Typer(rich_markup_mode=None, add_completion=False)
_READ_LOG = "myriad.products.keeper.square.simulator.purchases:read_purchases"
_READ_CARDS = "myriad.products.kamioi.intake.card_files:read_header"
_EPILOG = """
Examples:

  ./myriad up

  ./myriad up --purchases purchases.csv

  ./myriad up --transactions card_transactions.csv

  ./myriad up --no-demo --port 8080 --workers 2
"""


@app.command(epilog=_EPILOG)
def command(
    ctx: typer.Context,
    purchases: Path | None = typer.Option(
        None, metavar="FILE", help="Serve this purchase log as a second seller of the demo."
    ),
    transactions: Path | None = typer.Option(
        None, metavar="FILE", help="Take these card transactions in as a programme of their own."
    ),
    no_demo: bool = typer.Option(
        False, "--no-demo", help="Start without simulated services and their accounts."
    ),
    port: int | None = typer.Option(
        None, min=1, max=65535, help="Where the pages are [default: 8000, else a free port]."
    ),
    workers: int = typer.Option(1, min=1, max=64, help="How many worker processes."),
) -> None:
    """Start everything on this machine, and keep it running until Ctrl-C or `./myriad down`."""
    context: CliContext = ctx.obj
    if purchases is not None:
        _check("--purchases", purchases, _READ_LOG)
    if transactions is not None:
        _check("--transactions", transactions, _READ_CARDS)
    log = purchases.absolute() if purchases else None
    cards = transactions.absolute() if transactions else None
    has_demo = not (no_demo or has_own_square())
    try:
        launch(Options(context.home, port, workers, has_demo, log, cards))
    except (HomeBusyError, LaunchError) as error:
        typer.echo(f"myriad: {error.detail}", err=True)
        raise typer.Exit(1) from None


def _check(option: str, path: Path, reader: str) -> None:
    """Raise InvalidInputError, naming what is wrong, before anything is started for a bad file."""
    if not path.is_file():
        raise InvalidInputError(f"{option}: there is no file {path}; give a CSV file")
    # Imported only for those who give a file: it would cost every other start a quarter second.
    load(reader)(path)
