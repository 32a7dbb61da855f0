"""Rules that matter are programs: each walks the source and names the line that breaks it."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_SOURCE = _ROOT / "src" / "myriad"

_MAY_COMMIT = ("scale/data/", "scale/jobs/")


def calls(tree: ast.AST, attribute: str) -> Iterator[ast.Call]:
    """Yield every call of a method named `attribute`."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == attribute
        ):
            yield node


@functools.cache
def source_files() -> tuple[tuple[str, ast.Module], ...]:
    """Return the name below src/myriad and the tree of every module, read once for all rules."""
    return tuple(
        (path.relative_to(_SOURCE).as_posix(), ast.parse(path.read_text(encoding="utf-8")))
        for path in sorted(_SOURCE.rglob("*.py"))
    )


def test_only_the_edge_commits() -> None:
    offenders = [
        f"{name}:{call.lineno}"
        for name, tree in source_files()
        if not name.startswith(_MAY_COMMIT)
        for call in calls(tree, "commit")
    ]
    assert offenders == []


def test_every_crossing_of_tenants_gives_its_reason_as_a_constant() -> None:
    offenders = [
        f"{name}:{call.lineno}"
        for name, tree in source_files()
        for method in ("crossing", "crossing_rows")
        for call in calls(tree, method)
        if not (call.args and isinstance(call.args[0], ast.Constant))
    ]
    assert offenders == []


def test_nobody_asks_redis_for_keys_by_pattern() -> None:
    offenders = [
        f"{name}:{call.lineno}"
        for name, tree in source_files()
        for call in calls(tree, "keys")
        if call.args
    ]
    assert offenders == []


def test_no_python_hash_decides_where_work_goes() -> None:
    offenders = [
        f"{name}:{node.lineno}"
        for name, tree in source_files()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "hash"
    ]
    assert offenders == []


def test_what_is_got_is_there_and_what_is_found_may_be_missing() -> None:
    """`get_` returns or raises, `find_` returns None: who reads a call knows what to expect."""
    offenders = [
        f"{name}:{node.lineno} {node.name}"
        for name, tree in source_files()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if (node.name.startswith("get_") and _may_be_none(node))
        or (node.name.startswith("find_") and "or raise" in (ast.get_docstring(node) or ""))
    ]
    assert offenders == []


def _may_be_none(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return function.returns is not None and "| None" in ast.unparse(function.returns)


# Whoever reads a module should be able to hold it in mind. What a migration does stays in one place.
_MOST_LINES = 350


def test_no_module_is_too_long_to_hold_in_mind() -> None:
    modules = [*_SOURCE.rglob("*.py"), *(_ROOT / "bench").rglob("*.py")]
    long = {
        path.relative_to(_ROOT).as_posix(): lines
        for path in modules
        if "migrations" not in path.parts
        and (lines := path.read_text(encoding="utf-8").count("\n")) > _MOST_LINES
    }
    assert long == {}


# The names of products and of their vendors, and nouns that belong to one product's subject. Words
# that any product may need (customer, account, report) are free.
_PRODUCT_WORDS = re.compile(
    r"(?i:\b(keeper|kamioi|upswitch|contextmemo|disputes)\b)"
    r"|\b(Square|Plaid|Lob|Google)\b|:square\b"
    r"|\b(sellers?|bookings?|appointments?|snoozed?|no-shows?|salons?|spas?)\b",
)
_TEXTS = {".py", ".html", ".sql", ".css", ".js", ".lua", ".md"}


@pytest.mark.parametrize("floor", ["kit", "scale"])
def test_shared_floors_speak_of_no_product(floor: str) -> None:
    offenders = [
        f"{path.relative_to(_SOURCE).as_posix()}:{number}: {found.group()}"
        for path in sorted((_SOURCE / floor).rglob("*"))
        if path.suffix in _TEXTS and "vendor" not in path.parts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (found := _PRODUCT_WORDS.search(line))
    ]
    assert offenders == []


def committed_files() -> list[Path]:
    """Return every file that git keeps, or none outside a clone."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=_ROOT, capture_output=True, text=True, check=False
    )
    return [_ROOT / name for name in listed.stdout.split("\0") if name]


_HOSTS = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))]
_PLACES = [re.escape("/" + "work/" + "main"), re.escape("/" + "root/")]


@pytest.mark.parametrize("pattern", [*map(re.escape, _HOSTS), *_PLACES])
def test_no_committed_file_names_a_machine_or_a_registry(pattern: str) -> None:
    found = []
    for path in committed_files():
        try:
            text = path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        if "static/vendor" not in path.as_posix() and re.search(pattern, text):
            found.append(path.relative_to(_ROOT).as_posix())
    assert found == []
