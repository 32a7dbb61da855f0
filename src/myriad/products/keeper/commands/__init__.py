"""`./myriad keeper …`: everything that the screens do, from a terminal.

The commands do their work themselves, at once, on the servers of a running `up` or on their own;
nothing waits for a worker.
"""

from __future__ import annotations

import typer

from myriad.products.keeper.commands import (
    connect,
    connect_google,
    customers,
    erase,
    export,
    google_simulator,
    match,
    report,
    reviews,
    run,
    simulator,
    sync,
)

app = typer.Typer(
    help="Keeper: whom to call, why, and what it is worth.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
app.command("connect", epilog=connect.EPILOG)(connect.command)
app.command("connect-google", epilog=connect_google.EPILOG)(connect_google.command)
app.command("sync", epilog=sync.EPILOG)(sync.command)
app.command("run", epilog=run.EPILOG)(run.command)
app.command("report", epilog=report.EPILOG)(report.command)
app.command("customers", epilog=customers.EPILOG)(customers.command)
app.command("match", epilog=match.EPILOG)(match.command)
app.command("erase", epilog=erase.EPILOG)(erase.command)
app.command("export", epilog=export.EPILOG)(export.command)
app.command("square-simulator", epilog=simulator.EPILOG)(simulator.command)
app.command("google-simulator", epilog=google_simulator.EPILOG)(google_simulator.command)
app.add_typer(reviews.app, name="reviews")
