"""`./myriad kamioi …`: purchases and what they buy, from a terminal."""

from __future__ import annotations

import typer

from myriad.products.kamioi.commands import (
    facts,
    import_file,
    map_strings,
    migrate,
    plaid_simulator,
    replay,
)

app = typer.Typer(
    help="Kamioi: every purchase buys a piece of the company behind it.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
app.add_typer(facts.app, name="facts")
app.command("import", epilog=import_file.EPILOG)(import_file.command)
app.command("simulator", epilog=plaid_simulator.EPILOG)(plaid_simulator.command)
app.command("map", epilog=map_strings.EPILOG)(map_strings.command)
app.command("replay", epilog=replay.EPILOG)(replay.command)
app.command("migrate", epilog=migrate.EPILOG)(migrate.command)
app.command("legacy", epilog=migrate.LEGACY_EPILOG)(migrate.legacy_command)
