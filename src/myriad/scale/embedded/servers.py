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
_TRIES = 3


@dataclass(frozen=True)
class EmbeddedServers:
    """PostgreSQL, the broker and the cache of one home folder, not started yet."""

    postgres: EmbeddedPostgres
    broker: EmbeddedRedis
    cache: EmbeddedRedis

    @classmethod
    def of(cls, home: Path, state: HomeState) -> EmbeddedServers:
        """Return the servers of `home`, each preferring the port that it had before."""
        port = state.ports.get
        return cls(
            EmbeddedPostgres(home, port("postgres")),
            EmbeddedRedis(home, "broker", port("redis-broker")),
            EmbeddedRedis(home, "cache", port("redis-cache")),
        )

    @property
    def all(self) -> tuple[EmbeddedServer, ...]:
        """The servers in the order in which they start."""
        return (self.postgres, self.broker, self.cache)

    @property
    def ports(self) -> dict[str, int]:
        """The port of each server that has one."""
        return {server.name: server.port for server in self.all if server.port is not None}

    @property
    def urls(self) -> ServerUrls:
        """The URLs, right once every server was spawned."""
        return ServerUrls(
            database_url=self.postgres.url(OWNER),
            app_url=self.postgres.url(APP),
            crossing_url=self.postgres.url(CROSSING),
            broker_url=self.broker.url,
            cache_url=self.cache.url,
        )


@contextlib.contextmanager
def running_servers(home: Path) -> Iterator[ServerUrls]:
    """Run the servers of `home` while the block lasts, and yield their URLs.

    Raises HomeBusyError when another process runs them, ServerStartError when one does not start.
    """
    home = home.expanduser().absolute()
    with home_lock(home), contextlib.ExitStack() as stack:
        state = read_state(home)
        servers = EmbeddedServers.of(home, state)
        state.claim("command")
        for server in servers.all:
            server.initialise()
            stack.enter_context(_running(server))
        state.ports, state.urls = servers.ports, servers.urls
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
