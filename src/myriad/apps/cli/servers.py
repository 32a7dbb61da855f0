"""The servers of a command: those of a running `up`, the user's own, or its own for a moment."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from myriad.apps.cli.environment import embedded_names, overrides
from myriad.apps.products import migration_locations
from myriad.apps.settings import Settings, load_settings
from myriad.scale.data.migrations import upgrade
from myriad.scale.embedded import roles
from myriad.scale.embedded.servers import running_servers
from myriad.scale.embedded.state import read_state
from myriad.scale.observe import logs
from myriad.scale.runtime import Runtime
from myriad.scale.runtime import open_runtime as open_runtime_on
from myriad.scale.vault import Vault


@contextlib.contextmanager
def attached_or_started(home: Path) -> Iterator[Settings]:
    """Yield settings whose servers run and are migrated, for as long as the block lasts."""
    logs.configure("cli", level="WARNING")
    state = read_state(home)
    if state.is_alive and state.kind == "up" and state.urls is not None:
        yield load_settings(**overrides(home, state.urls))
        return
    with running_servers(home, embedded_names()) as urls:
        settings = load_settings(**overrides(home, urls))
        migrate(settings)
        yield settings


def migrate(settings: Settings) -> None:
    """Make the roles where they are missing, and bring the schema to its newest form.

    Who gives a URL for each role has made the roles, as our own servers do.
    """
    if settings.database.app_url is None:
        roles.bootstrap(settings.database.owner)
    upgrade(settings.database.owner, migration_locations())


@contextlib.asynccontextmanager
async def open_runtime(home: Path) -> AsyncIterator[Runtime]:
    """Open the runtime of a command on the servers of `home`."""
    with attached_or_started(home) as settings:
        async with runtime_of(settings, "cli") as runtime:
            yield runtime


def runtime_of(settings: Settings, process: str) -> contextlib.AbstractAsyncContextManager[Runtime]:
    """Open the resources that `settings` name."""
    return open_runtime_on(
        process=process,
        database=settings.database,
        broker_url=settings.redis.broker_url.get_secret_value(),
        cache_url=settings.redis.cache_url.get_secret_value(),
        vault=Vault.from_base64(settings.secrets.key.get_secret_value()),
        settings=[
            settings.ai,
            settings.storage.within(settings.home),
            settings.keeper,
            settings.upswitch,
            settings.kamioi,
        ],
    )
