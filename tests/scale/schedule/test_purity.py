"""The arithmetic of schedules needs no database: it may be used wherever numbers are."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import myriad.scale.schedule.adaptive.rate as rate_module

_FOLDER = Path(rate_module.__file__).parent.parent
_PURE = [
    *sorted(_FOLDER.glob("adaptive/*.py")),
    *(_FOLDER / name for name in ("cron.py", "repack.py", "sampling.py", "slots.py", "specs.py")),
]
_ALLOWED = (
    "__future__", "bisect", "collections", "cronsim", "dataclasses", "datetime", "enum",
    "functools", "hashlib", "math", "myriad.kit", "numpy", "re", "scipy", "statistics", "typing",
    "uuid", "zoneinfo",
    *(f"myriad.scale.schedule.{name}" for name in ("adaptive", "cron", "slots", "specs")),
)  # fmt: skip


@pytest.mark.parametrize("path", _PURE, ids=lambda path: path.name)
def test_pure_modules_import_nothing_that_reaches_outside(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").startswith(_ALLOWED), node.module
        elif isinstance(node, ast.Import):
            assert all(name.name.startswith(_ALLOWED) for name in node.names)
