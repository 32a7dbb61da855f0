"""`./myriad upswitch …`: valuations from a terminal."""

from __future__ import annotations

import typer

from myriad.products.upswitch.commands import parameters, registry, report, value

app = typer.Typer(
    help="Upswitch: what a company is worth, line by line.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
app.command("value", epilog=value.EPILOG)(value.command)
app.add_typer(parameters.app, name="parameters")
app.command("company", epilog=registry.COMPANY_EPILOG)(registry.company_command)
app.command("kbo-load", epilog=registry.LOAD_EPILOG)(registry.load_command)
app.command("kbo-simulate", epilog=registry.SIMULATE_EPILOG)(registry.simulate_command)
app.command("report", epilog=report.REPORT_EPILOG)(report.report_command)
app.command("usage", epilog=report.USAGE_EPILOG)(report.usage_command)
