"""The three servers together: their URLs, and running them for as long as a block lasts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from myriad.scale.embedded.errors import ServerStartError
from myriad.scale.embedded.postgres import APP, CROSSING, OWNER, EmbeddedPostgres
from myriad.scale.embedded.redis import EmbeddedRedis
from myriad.scale.embedded.state import HomeState, ServerUrls, home_lock, read_state, write_state

__all__ = ["EmbeddedServer", "EmbeddedServers", "ServerUrls", "running_servers"]

EmbeddedServer = EmbeddedPostgres | EmbeddedRedis
ALL_SERVERS = frozenset({"postgres", "redis-broker", "redis-cache"})
_TRIES = 3


@dataclass(frozen=True)
class EmbeddedServers:
    """The servers of one home folder, not started yet; None where the user has one already."""

    postgres: EmbeddedPostgres | None
    broker: EmbeddedRedis | None
    cache: EmbeddedRedis | None

    @classmethod
    def of(
        cls, home: Path, state: HomeState, wanted: frozenset[str] = ALL_SERVERS
    ) -> EmbeddedServers:
        """Return the wanted servers of `home`, each preferring the port that it had before."""
        port = state.ports.get
        return cls(
            EmbeddedPostgres(home, port("postgres")) if "postgres" in wanted else None,
            EmbeddedRedis(home, "broker", port("redis-broker"))
            if "redis-broker" in wanted
            else None,
            EmbeddedRedis(home, "cache", port("redis-cache")) if "redis-cache" in wanted else None,
        )

    @property
    def all(self) -> tuple[EmbeddedServer, ...]:
        """The servers in the order in which they start."""
        servers = (self.postgres, self.broker, self.cache)
        return tuple(server for server in servers if server is not None)

    @property
    def ports(self) -> dict[str, int]:
        """The port of each server that has one."""
        return {server.name: server.port for server in self.all if server.port is not None}

    @property
    def urls(self) -> ServerUrls:
        """The URLs, right once every server was spawned; empty where the user has a server."""
        return ServerUrls(
            database_url=self.postgres.url(OWNER) if self.postgres else "",
            app_url=self.postgres.url(APP) if self.postgres else "",
            crossing_url=self.postgres.url(CROSSING) if self.postgres else "",
            broker_url=self.broker.url if self.broker else "",
            cache_url=self.cache.url if self.cache else "",
        )


@contextlib.contextmanager
def running_servers(home: Path, wanted: frozenset[str] = ALL_SERVERS) -> Iterator[ServerUrls]:
    """Run the wanted servers of `home` while the block lasts, and yield their URLs.

    Raises HomeBusyError when another process runs them, ServerStartError when one does not start.
    """
    home = home.expanduser().absolute()
    with home_lock(home), contextlib.ExitStack() as stack:
        state = read_state(home)
        servers = EmbeddedServers.of(home, state, wanted)
        state.claim("command")
        for server in servers.all:
            server.initialise()
            stack.enter_context(_running(server))
        state.ports, state.urls = state.ports | servers.ports, servers.urls
        write_state(home, state)
        stack.callback(_forget, home)
        yield servers.urls


def _forget(home: Path) -> None:
    state = read_state(home)
    state.release()
    write_state(home, state)


@contextlib.contextmanager
def _running(server: EmbeddedServer) -> Iterator[None]:
    """Run one server; a port taken between choice and use costs a second try."""
    for attempt in range(1, _TRIES + 1):
        child = server.spawn()
        try:
            server.wait_ready(child)
            break
        except ServerStartError:
            server.stop(child)
            if attempt == _TRIES:
                raise
    try:
        yield
    finally:
        server.stop(child)
