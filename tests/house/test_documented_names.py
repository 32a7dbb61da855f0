"""Names that documents give to commands, benches, settings, metrics and files exist."""

from __future__ import annotations

import functools
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from tools.reference import settings_markdown
from typer import main as typer_main
from typer.core import TyperGroup

from myriad.apps.cli import frame
from myriad.apps.cli.bench import list_benches
from tests.house.pages import ROOT, SOURCE, code_of, each_page

_COMMAND = re.compile(r"(?:\.|/srv/myriad)/myriad +([a-z][^`\n]*)")
_END_OF_COMMAND = re.compile(r"\s(?:#|&|&&|>|\|)(?:\s|$)|[…;)]|$", re.MULTILINE)
_GLOBAL = {"--home", "--json", "--help", "-h"}
_SETTING = re.compile(r"\bMYRIAD_[A-Z]+__[A-Z0-9_]+")
_METRIC = re.compile(r"\bmyriad_[a-z]+_[a-z_]+_[a-z]+\b")
_MODULE = re.compile(r"`((?:[\w.]+/)*\w+\.(?:py|toml|lua))`")


def command_lines(text: str) -> Iterator[list[str]]:
    """Yield the words after `./myriad`, once for each of `this|that`."""
    for line in _COMMAND.findall(text):
        words = shlex.split(line[: _END_OF_COMMAND.search(line).start()])  # type: ignore[union-attr]
        width = max(len(word.split("|")) for word in words)
        for turn in range(width):
            yield [choices[turn % len(choices)] for choices in (word.split("|") for word in words)]


def fault_of(words: list[str]) -> str | None:
    """Return what the command line would refuse of these words: a command or an option."""
    command: Any = typer_main.get_command(frame.app)
    rest = [word for word in words if word not in _GLOBAL]
    while isinstance(command, TyperGroup) and rest and not rest[0].startswith("-"):
        try:
            _, command, rest = command.resolve_command(click.Context(command), rest)
        except click.UsageError as error:
            return f"{' '.join(words)}: {error.message}"
    known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    if words[0] == "bench":
        return None if not rest or rest[0] in {*_benches(), "NAME"} else f"no bench {rest[0]}"
    given = {word.partition("=")[0] for word in rest if word.startswith("--")}
    return f"{' '.join(words)}: no {sorted(given - known)}" if given - known else None


@each_page
def test_every_command_in_a_document_is_one_that_the_command_line_takes(page: Path) -> None:
    faults = [fault for words in command_lines(code_of(page)) if (fault := fault_of(words))]
    assert faults == []


@pytest.mark.parametrize(
    "line",
    [
        "./myriad keeper custmers",
        "./myriad keeper customers --acount shop  # who comes back",
        "./myriad db rollup list|compair",
        "/srv/myriad/myriad db dril",
        "./myriad bench keeper-chrn",
    ],
)
def test_a_command_that_is_misspelt_is_found(line: str) -> None:
    assert any(fault_of(words) for words in command_lines(line))


def test_each_bench_is_told_of_and_each_that_is_told_of_is_there() -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `([\w-]+)` \|", page, re.MULTILINE))
    decisions = "".join(path.read_text("utf-8") for path in (ROOT / "docs").rglob("*.md"))
    named = {name for name in _benches() if f"./myriad bench {name}`" in decisions}
    assert told - _benches() == set()
    assert _benches() - told - named == set()


@functools.cache
def _benches() -> frozenset[str]:
    return frozenset(list_benches())


@each_page
def test_every_setting_in_a_document_is_one_that_is_read(page: Path) -> None:
    found = set(_SETTING.findall(page.read_text(encoding="utf-8")))
    assert {name for name in found if not _is_read(name)} == set()


def _is_read(name: str) -> bool:
    """Tell whether a name is a setting, the file that holds one, or a group of them."""
    if name.endswith("__"):
        return any(setting.startswith(name) for setting in _settings())
    return bool({name, name.removesuffix("_FILE")} & _settings())


@functools.cache
def _settings() -> frozenset[str]:
    return frozenset(_SETTING.findall(settings_markdown()))


@each_page
def test_every_metric_in_a_document_is_one_that_is_exported(page: Path) -> None:
    found = {name.removesuffix("_total") for name in _METRIC.findall(code_of(page))}
    assert {name for name in found if name not in _sources()} == set()


@each_page
def test_every_module_in_a_document_is_there(page: Path) -> None:
    found = {name.removeprefix("../") for name in _MODULE.findall(page.read_text("utf-8"))}
    assert {name for name in found if not _is_file(page.parent, name)} == set()


def _is_file(folder: Path, name: str) -> bool:
    """Tell whether a page means a file by `name`: one of its own package, else of the house."""
    below = (folder, SOURCE) if folder.is_relative_to(SOURCE) else (ROOT,)
    return any(
        file.endswith(f"/{name}") and file.startswith(f"{place}/")
        for place in (*below, ROOT / "tests")
        for file in _files()
    )


@functools.cache
def _files() -> frozenset[str]:
    folders = ("src", "tests", "bench", "deploy", "docs", "tools")
    return frozenset(str(path) for folder in folders for path in (ROOT / folder).rglob("*.*"))


@functools.cache
def _sources() -> str:
    """Return the text of everything that may export a metric, and of the rules that derive one."""
    files = [path for folder in (SOURCE, ROOT / "deploy") for path in folder.rglob("*.*")]
    texts = [path for path in files if path.suffix in {".py", ".yml", ".yaml"}]
    return "".join(path.read_text(encoding="utf-8") for path in texts)
