"""Which servers are the user's own, and the variables that every part is started with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from myriad.scale.embedded.files import get_master_key
from myriad.scale.embedded.servers import ServerUrls

_OWN = {
    "postgres": "MYRIAD_DATABASE__URL",
    "redis-broker": "MYRIAD_REDIS__BROKER_URL",
    "redis-cache": "MYRIAD_REDIS__CACHE_URL",
}
_VARIABLES = {
    "database_url": "MYRIAD_DATABASE__URL",
    "app_url": "MYRIAD_DATABASE__APP_URL",
    "crossing_url": "MYRIAD_DATABASE__CROSSING_URL",
    "broker_url": "MYRIAD_REDIS__BROKER_URL",
    "cache_url": "MYRIAD_REDIS__CACHE_URL",
}
_KEY = "MYRIAD_SECRETS__KEY"
SCHEDULED = "MYRIAD_BACKUP__IS_SCHEDULED"
_YES = {"1", "true", "yes", "on", "t", "y"}


def is_given(variable: str) -> bool:
    """Say whether the environment gives `variable`, or the file that holds it."""
    return bool(os.environ.get(variable) or os.environ.get(f"{variable}_FILE"))


def embedded_names() -> frozenset[str]:
    """Return the servers that we run, which are those without a URL in the environment."""
    return frozenset(name for name, variable in _OWN.items() if not is_given(variable))


def backs_up() -> bool:
    """Say whether backups are scheduled: for our own server unless told not to, else when told."""
    said = os.environ.get(SCHEDULED, "").lower()
    return said in _YES if said else "postgres" in embedded_names()


def variables(home: Path, urls: ServerUrls, **more: str) -> dict[str, str]:
    """Return the whole environment of a part that uses `urls`."""
    ours = {_VARIABLES[name]: url for name, url in asdict(urls).items() if url}
    if not is_given(_KEY):
        ours[_KEY] = get_master_key(home)
    # Few arenas keep the memory of threaded processes small; it costs nothing measurable here.
    quiet = {"MYRIAD_HOME": str(home), "MALLOC_ARENA_MAX": "2", "PYTHONUNBUFFERED": "1"}
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**inherited, **quiet, **ours, **more}


def overrides(home: Path, urls: ServerUrls) -> dict[str, Any]:
    """Return the same as arguments of `load_settings`, for this process itself."""
    tree: dict[str, Any] = {"home": home}
    given: Mapping[str, str] = variables(home, urls)
    for variable in (*_VARIABLES.values(), _KEY):
        if variable in given:
            group, name = variable.removeprefix("MYRIAD_").lower().split("__")
            tree.setdefault(group, {})[name] = given[variable]
    return tree
