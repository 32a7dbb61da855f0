"""`./myriad test`: every check in one command, the same on a laptop and in CI."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import typer

from myriad.apps.cli.frame import REPOSITORY
from myriad.scale.embedded import kernel

app = typer.Typer(rich_markup_mode=None, add_completion=False)
_EPILOG = """
Examples:

  ./myriad test

  ./myriad test tests/scale -k embedded      only these tests, with pytest's own options

  ./myriad test --slow                       the long proofs as well

  ./myriad test --chaos                      20 times kill -9 and every outage; prints its table

  MYRIAD_CHAOS_SEED=7 MYRIAD_CHAOS_KILLS=60 ./myriad test --chaos
"""
_BROWSERS = ("chromium", "chromium-browser")
_IMPORTS = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
_INSTALL_BROWSER = (
    "export DEBIAN_FRONTEND=noninteractive; apt-get -qq update >/dev/null && "
    "apt-get -qq -y install --no-install-recommends chromium >/dev/null"
)
_NO_TESTS = 5


@dataclass(frozen=True)
class Step:
    """One check: its name, its command, and the exit codes that are no failure."""

    name: str
    command: Sequence[str]
    fine: frozenset[int] = frozenset({0})


def python(*arguments: str) -> list[str]:
    """Return a command of this environment's Python."""
    return [sys.executable, *arguments]


def all_steps(*, with_slow: bool) -> list[Step]:
    """Return every check, the quickest to fail first."""
    pytest = ("-m", "pytest", "-q")
    # What a module sets up is set up once: its tests stay in one process.
    # Modules of few tests are the slow ones: they come as they come, not last.
    two = ("-n", "2", "--dist", "loadscope", "--no-loadscope-reorder", "--durations", "15")
    rest = "browser or slow" if with_slow else "browser and not slow"
    nothing = frozenset({0, _NO_TESTS})
    return [
        Step("format", python("-m", "ruff", "format", "--check", ".")),
        Step("lint", python("-m", "ruff", "check", ".")),
        Step("imports", python("-c", _IMPORTS)),
        Step("types", python("-m", "mypy", "--strict", "--num-workers", "2")),
        Step("tests", python(*pytest, *two, "-m", "not browser and not slow")),
        Step("browser tests", python(*pytest, *two, "-m", rest), nothing),
    ]


def chaos_step(arguments: Sequence[str]) -> Step:
    """Return the proof that nothing is lost when anything is killed, in its full form.

    It takes the machine for itself, so its tests run one after another.
    """
    return Step("chaos", python("-m", "pytest", "-q", "tests/chaos", *arguments))


def ensure_browser() -> None:
    """Install Debian's chromium where root and apt-get allow it; say plainly when there is none."""
    if any(map(shutil.which, _BROWSERS)):
        return
    if kernel.is_root() and shutil.which("apt-get"):
        run(Step("installing chromium for the browser tests", ["sh", "-c", _INSTALL_BROWSER]))
    if not any(map(shutil.which, _BROWSERS)):
        _say(
            "BROWSER TESTS ARE SKIPPED: chromium is not installed, and installing it needs root "
            "and apt-get. Install chromium yourself to run them."
        )


def run(step: Step) -> bool:
    """Run one check, print how it went, and say whether it passed."""
    _say(f"{step.name} ...")
    began = time.monotonic()
    done = subprocess.run(step.command, check=False, cwd=REPOSITORY)  # noqa: S603 - ours.
    passed = done.returncode in step.fine
    _say(f"{step.name} {'passed' if passed else 'FAILED'} ({time.monotonic() - began:.0f} s)")
    return passed


def _say(text: str) -> None:
    sys.stdout.write(f"== {text}\n")
    sys.stdout.flush()


@app.command(
    epilog=_EPILOG,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
def command(
    ctx: typer.Context,
    slow: bool = typer.Option(False, "--slow", help="The long proofs as well."),
    chaos: bool = typer.Option(False, "--chaos", help="Only the proof by kill -9, in full."),
) -> None:
    """Run format, lint, import contracts, types and all tests; exit code 1 when one fails.

    With arguments, pytest alone runs with them; with --chaos it runs tests/chaos only.
    """
    ensure_browser()
    steps = _chosen(ctx.args, with_slow=slow, only_chaos=chaos)
    failed = [step.name for step in steps if not run(step)]
    if failed:
        _say(f"FAILED: {', '.join(failed)}")
        raise typer.Exit(1)


def _chosen(arguments: Sequence[str], *, with_slow: bool, only_chaos: bool) -> list[Step]:
    if only_chaos:
        return [chaos_step(arguments)]
    if arguments:
        return [Step("tests", python("-m", "pytest", *arguments))]
    return all_steps(with_slow=with_slow)
