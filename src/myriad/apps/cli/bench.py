"""`./myriad bench`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import typer

from myriad.apps.cli.context import CliContext
from myriad.apps.cli.frame import REPOSITORY
from myriad.kit.errors import InvalidInputError

app = typer.Typer(rich_markup_mode=None, add_completion=False)
_FOLDER = REPOSITORY / "bench"
_NOT_BENCHES = {"__init__", "peers"}


def list_benches() -> list[str]:
    """Return the names that `./myriad bench` takes."""
    return sorted(_scripts())


def _scripts() -> dict[str, Path]:
    """Return every bench's file by its name.

    A file ends in an underscore where its name would hide a library's from what it imports.
    """
    paths = (path for path in _FOLDER.glob("*.py") if path.stem not in _NOT_BENCHES)
    return {path.stem.rstrip("_").replace("_", "-"): path for path in paths}


@app.command(
    epilog="Example:  ./myriad bench start --full",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
def command(ctx: typer.Context, name: str = typer.Argument("", help="Which claim.")) -> None:
    """Measure one claim beside its peer; the last line is `RESULT NAME key=value ...`.

    What follows the name is passed on, such as --full for every size named. Without a name the
    benches are listed.
    """
    context: CliContext = ctx.obj
    names = list_benches()
    if not name:
        context.show({"benches": names}, names)
        return
    if name not in names:
        raise InvalidInputError(f"there is no bench {name!r}; there are {', '.join(names)}")
    script = _scripts()[name]
    os.chdir(REPOSITORY)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, str(script), *ctx.args])  # noqa: S606 - our own file.
