"""The API under uvicorn: `python -m myriad.apps.serve`, as `./myriad up` runs it.

It listens where MYRIAD_HTTP__HOST and MYRIAD_HTTP__PORT say, unless the command line says else.
MYRIAD_HTTP__PROCESSES says by how many processes, see `fleet`.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import uvicorn
from fastapi import FastAPI

from myriad.apps.fleet import SERVING, serve_by
from myriad.apps.products import PRODUCTS
from myriad.apps.settings import load_settings
from myriad.kit.errors import MyriadError
from myriad.scale.manifest import load
from myriad.scale.observe import logs

_OPTIONS: dict[str, Any] = {
    "access_log": False,
    "log_config": None,
    "timeout_graceful_shutdown": 2,
}


def import_all() -> None:
    """Import the application and what it imports once it is made."""
    load("myriad.apps.api:create_app")
    for product in PRODUCTS:
        product.load_router()
        product.load_pages()


def make_app() -> FastAPI:
    """Make the application without garbage collection, and keep it out of later collections.

    An eighth of the time to the first page went into collecting what nobody had thrown away.
    """
    gc.disable()
    app: FastAPI = load("myriad.apps.api:create_app")()
    gc.freeze()
    gc.enable()
    return app


class FleetServer(uvicorn.Server):
    """One process of several: tells the parent when it serves, and ends when the parent has.

    `line` is this process's end of what the parent holds.
    """

    def __init__(self, config: uvicorn.Config, line: socket.socket) -> None:
        super().__init__(config)
        self._line = line

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as ever, then tell."""
        await super().startup(sockets)
        asyncio.get_running_loop().add_reader(self._line.fileno(), self._leave)
        with suppress(OSError):
            self._line.send(SERVING)

    def _leave(self) -> None:
        """Drain as by SIGTERM: the parent never sends anything, so this is its end."""
        asyncio.get_running_loop().remove_reader(self._line.fileno())
        self.should_exit = True


def serve_for_parent(listener: socket.socket, line: socket.socket) -> None:
    """Serve connections of the parent's socket until a signal or the parent's end."""
    config = uvicorn.Config(make_app(), **_OPTIONS)
    FleetServer(config, line).run(sockets=[listener])


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGINT or SIGTERM; requests under way get two seconds to end."""
    parser = argparse.ArgumentParser(description="Serve the API and the screens.")
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    parser.add_argument("--socket", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--line", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.socket is not None:
        serve_for_parent(socket.socket(fileno=given.socket), socket.socket(fileno=given.line))
        return
    try:
        settings = load_settings().http
    except MyriadError as error:
        sys.exit(f"the API cannot start: {error.detail}")
    host = given.host or settings.host
    port = settings.port if given.port is None else given.port
    if settings.processes > 1:
        logs.configure("api")
        try:
            sys.exit(serve_by(host, port, settings.processes))
        except OSError as error:
            sys.exit(f"the API cannot start: {host}:{port} cannot be listened at: {error.strerror}")
    uvicorn.run(make_app(), host=host, port=port, **_OPTIONS)


if __name__ == "__main__":
    main()
