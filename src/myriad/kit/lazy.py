"""Modules that are imported at their first use.

For libraries that take a second and a hundred megabytes to load, in code that every process
imports and few of them call.
"""

from __future__ import annotations

import importlib
from typing import Any


class _LazyModule:
    """Stands for a module until something of it is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(importlib.import_module(self._name), attribute)
        setattr(self, attribute, found)
        return found


def lazily(name: str) -> Any:
    """Return the module of that name, which is loaded when something of it is first used."""
    return _LazyModule(name)
