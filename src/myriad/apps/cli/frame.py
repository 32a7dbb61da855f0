"""The root command: lazy sub-commands, global options anywhere, one message for an error."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import typer
from typer import main as typer_main
from typer.core import TyperCommand, TyperGroup

import myriad
from myriad.apps.cli.context import CliContext
from myriad.kit.errors import MyriadError
from myriad.scale.manifest import load

REPOSITORY = Path(myriad.__file__).resolve().parents[2]

COMMANDS = {
    "up": ("myriad.apps.cli.up:app", "Start everything here and keep it running."),
    "down": ("myriad.apps.cli.down:app", "Stop what `up` started."),
    "status": ("myriad.apps.cli.status:app", "Show each part and its health."),
    "doctor": ("myriad.apps.cli.doctor:app", "Look for what is wrong, and say its remedy."),
    "keeper": ("myriad.products.keeper.commands:app", "Keeper: customers who slip away."),
    "kamioi": ("myriad.products.kamioi.commands:app", "Kamioi: purchases that buy shares."),
    "upswitch": ("myriad.products.upswitch.commands:app", "Upswitch: what a company is worth."),
    "ai": ("myriad.apps.cli.ai:app", "Models: status, cost, one question, simulated providers."),
    "worker": ("myriad.apps.cli.worker:app", "Run one more worker, here or on another host."),
    "jobs": ("myriad.apps.cli.jobs:app", "The queue: look, run again, cancel, drain, limit."),
    "cache": ("myriad.apps.cli.cache:app", "The cache: what it saves, its rules, emptying it."),
    "tenants": ("myriad.apps.cli.tenants:app", "Accounts: list, suspend, resume."),
    "migrate": ("myriad.apps.cli.migrate:app", "Bring the database to the newest schema."),
    "db": ("myriad.apps.cli.db:app", "The database: standbys, backups and what ails it."),
    "password": ("myriad.apps.cli.password:app", "Give a user a new password."),
    "test": ("myriad.apps.cli.test:app", "Run every check and every test."),
    "bench": ("myriad.apps.cli.bench:app", "Measure one claim beside its peer."),
}
_HELP = {"-h", "--help"}
_EPILOG = """
Anywhere on the line:

  --home FOLDER  the folder with all data [default: .myriad beside ./myriad]

  --json         print results as JSON

Examples:

  ./myriad up

  ./myriad status --home /srv/myriad
"""


class LazyGroup(TyperGroup):
    """Knows its commands by name and summary; imports the one that is called."""

    known: ClassVar[dict[str, tuple[str, str]]] = COMMANDS

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, (_, summary) in self.known.items():
            self.add_command(TyperCommand(name, help=summary), name)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the real command in place of its summary."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, _command_of(load(self.known[str(name)][0]), rest), rest


def _command_of(app: typer.Typer, line: Sequence[str]) -> Any:
    """Return the command of `app`; its help option exists only where the line asks for help.

    Typer reads every option through pydantic, whose import would cost a call that has no other
    option a fifth of a second.
    """
    command = typer_main.get_command(app)
    if not _HELP.intersection(line):
        command.add_help_option = False
    return command


@dataclass(frozen=True)
class GlobalOptions:
    """Options that may stand before or after the command, and what is left of the line.

    They are taken out before Typer sees the line: its options cost a fifth of a second.
    """

    home: str | None
    as_json: bool
    rest: list[str]

    @classmethod
    def parse(cls, arguments: Sequence[str]) -> GlobalOptions:
        """Take the global options out of `arguments`, up to a `--`."""
        end = list(arguments).index("--") if "--" in arguments else len(arguments)
        words, rest, home, as_json = iter(arguments[:end]), [], None, False
        for word in words:
            if word == "--json":
                as_json = True
            elif word == "--home":
                home = next(words, "")
            elif word.startswith("--home="):
                home = word.removeprefix("--home=")
            else:
                rest.append(word)
        return cls(home, as_json, [*rest, *arguments[end:]])


app = typer.Typer(
    cls=LazyGroup,
    epilog=_EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": sorted(_HELP)},
)


@app.callback()
def root() -> None:
    """Myriad: AI-heavy products for many customers."""


def find_home(given: str | None) -> Path:
    """Return the home folder: as given, by MYRIAD_HOME, or `.myriad` beside `./myriad`."""
    chosen = given or os.environ.get("MYRIAD_HOME")
    return Path(chosen).expanduser().absolute() if chosen else REPOSITORY / ".myriad"


def main(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code: 0 done, 1 not, 2 wrong use."""
    options = GlobalOptions.parse(arguments)
    if options.home == "":
        return _fail("--home needs a folder", 2)
    context = CliContext(find_home(options.home), options.as_json)
    command = _command_of(app, options.rest)
    try:
        command.main(options.rest, prog_name="./myriad", obj=context)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except MyriadError as error:
        return _fail(error.detail, 2)
    except KeyboardInterrupt:
        return 130
    except Exception:  # noqa: BLE001 - the last net; what it catches is kept in a file.
        # A stack trace helps nobody at a terminal; it is kept for those who repair.
        log = _keep(traceback.format_exc(), context.home / "logs" / "cli.log")
        return _fail(f"something unexpected went wrong; the details are in {log}", 1)
    return 0


def _keep(trace: str, path: Path) -> Path:
    # A trace may hold what a customer sent, so others on this machine may not read it.
    for folder in (path.parent.parent, path.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(f"{datetime.now(UTC).isoformat()} {trace}\n")
    return path


def _fail(message: str, code: int) -> int:
    sys.stderr.write(f"myriad: {message}\n")
    return code
