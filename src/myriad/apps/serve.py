"""The API under uvicorn: `python -m myriad.apps.serve`, as `./myriad up` runs it.

It listens where MYRIAD_HTTP__HOST and MYRIAD_HTTP__PORT say, unless the command line says else.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Sequence

import uvicorn
from fastapi import FastAPI

from myriad.apps.products import PRODUCTS
from myriad.apps.settings import load_settings
from myriad.kit.errors import MyriadError
from myriad.scale.manifest import load


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


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGINT or SIGTERM; requests under way get two seconds to end."""
    parser = argparse.ArgumentParser(description="Serve the API and the screens.")
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    given = parser.parse_args(arguments)
    try:
        settings = load_settings().http
    except MyriadError as error:
        sys.exit(f"the API cannot start: {error.detail}")
    uvicorn.run(
        make_app(),
        host=given.host or settings.host,
        port=settings.port if given.port is None else given.port,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    main()
