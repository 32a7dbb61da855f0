"""Serving a simulator until it is told to stop, and its command line."""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Callable, Sequence

import uvicorn
from starlette.types import ASGIApp

from myriad.kit.errors import InvalidInputError, MyriadError


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
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=2,
    )


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
