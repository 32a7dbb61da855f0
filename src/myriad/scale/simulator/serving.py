"""Serving a simulator until it is told to stop, and its command line."""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from myriad.kit.errors import InvalidInputError, MyriadError

_OPTIONS: dict[str, Any] = {
    "server_header": False,
    "lifespan": "off",
    "timeout_graceful_shutdown": 2,
}


def serve(
    app: ASGIApp, *, host: str = "127.0.0.1", port: int, quiet: bool = True, greeting: str = ""
) -> None:
    """Serve `app` until SIGINT or SIGTERM; unless quiet, say `greeting` first.

    Raises InvalidInputError when the port is taken.
    """
    _check_port(host, port)
    if not quiet:
        sys.stderr.write(greeting)
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_level="error" if quiet else "info",
        access_log=not quiet,
        **_OPTIONS,
    )


class _OneOfSeveral(uvicorn.Server):
    """A server that leaves the signals to who runs it beside others."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


async def serve_all(apps: Mapping[int, ASGIApp], *, host: str = "127.0.0.1") -> None:
    """Serve each application at its port, quietly, until SIGINT or SIGTERM.

    Raises InvalidInputError when a port is taken.
    """
    servers = []
    for port, app in apps.items():
        _check_port(host, port)
        quiet: dict[str, Any] = {"log_level": "error", "access_log": False}
        config = uvicorn.Config(app, host=host, port=port, **quiet, **_OPTIONS)
        servers.append(_OneOfSeveral(config))

    def leave() -> None:
        for server in servers:
            server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, leave)
    await asyncio.gather(*(server.serve() for server in servers))


def _check_port(host: str, port: int) -> None:
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        message = f"port {port} cannot be used ({error.strerror}); choose another with --port"
        raise InvalidInputError(message) from None


def create_parser(vendor: str, port: int) -> argparse.ArgumentParser:
    """Return a parser of the options that every simulator has; `port` is where it is by default."""
    parser = argparse.ArgumentParser(description=f"A real server that behaves like {vendor}.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=port)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--webhook-url", default="")
    parser.add_argument("--quiet", action="store_true")
    return parser


def run_command(
    parser: argparse.ArgumentParser, run: Callable[..., None], arguments: Sequence[str] | None
) -> int:
    """Call `run` with the options by name; 2 when it says that something given cannot be used."""
    try:
        run(**vars(parser.parse_args(arguments)))
    except MyriadError as error:
        sys.stderr.write(f"{error.detail}\n")
        return 2
    return 0
