"""`./myriad bench`."""

from __future__ import annotations

import ast
import os
import re
import sys
from pathlib import Path

import typer

from myriad.apps.cli.context import CliContext
from myriad.apps.cli.frame import REPOSITORY
from myriad.kit.errors import InvalidInputError

app = typer.Typer(rich_markup_mode=None, add_completion=False)
_FOLDER = REPOSITORY / "bench"


def list_benches(folder: Path = _FOLDER) -> dict[str, str]:
    """Return the names that `./myriad bench` takes, each with what it measures in one line."""
    return {name: _claim(path) for name, path in sorted(_scripts(folder).items())}


def _scripts(folder: Path = _FOLDER) -> dict[str, Path]:
    """Return every bench's file by its name: those that print their own RESULT.

    A file ends in an underscore where its name would hide a library's from what it imports. What
    else stands in the folder are peers, worlds and parts of benches.
    """
    named = {path.stem.rstrip("_").replace("_", "-"): path for path in folder.glob("*.py")}
    return {
        name: path
        for name, path in named.items()
        if re.search(rf"RESULT {name}\b(?!-)", path.read_text(encoding="utf-8"))
    }


def _claim(path: Path) -> str:
    """Return the first line of a bench's docstring."""
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return said.partition("\n")[0]


@app.command(
    epilog="Example:  ./myriad bench start --full",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
def command(ctx: typer.Context, name: str = typer.Argument("", help="Which claim.")) -> None:
    """Measure one claim beside its peer; the last line is `RESULT NAME key=value ...`.

    What follows the name is passed on, such as --full for every size named. Without a name the
    benches are listed, each with what it measures.
    """
    context: CliContext = ctx.obj
    scripts = _scripts()
    if not name:
        found = list_benches()
        width = max(map(len, found), default=0)
        context.show({"benches": found}, (f"{key:<{width}}  {found[key]}" for key in found))
        return
    if name not in scripts:
        known = ", ".join(sorted(scripts))
        raise InvalidInputError(f"there is no bench {name!r}; there are {known}")
    script = scripts[name]
    os.chdir(REPOSITORY)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, str(script), *ctx.args])  # noqa: S606 - our own file.
