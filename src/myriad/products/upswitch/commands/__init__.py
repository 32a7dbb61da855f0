"""`./myriad upswitch …`: valuations from a terminal."""

from __future__ import annotations

import typer

from myriad.products.upswitch.commands import parameters, value

app = typer.Typer(
    help="Upswitch: what a company is worth, line by line.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
app.command("value", epilog=value.EPILOG)(value.command)
app.add_typer(parameters.app, name="parameters")
