"""The API under uvicorn: `python -m myriad.apps.serve --port 8000`, as `./myriad up` runs it."""

from __future__ import annotations

import argparse
import gc
from collections.abc import Sequence

import uvicorn

from myriad.scale.manifest import load

_APPLICATION = "myriad.apps.api:create_app"


def import_quickly() -> None:
    """Import the application without garbage collection, and keep what it made out of later ones.

    An eighth of the time to the first page went into collecting what nobody had thrown away.
    """
    gc.disable()
    load(_APPLICATION)
    gc.freeze()
    gc.enable()


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGINT or SIGTERM; requests under way get two seconds to end."""
    parser = argparse.ArgumentParser(description="Serve the API and the screens.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    given = parser.parse_args(arguments)
    import_quickly()
    uvicorn.run(
        _APPLICATION,
        factory=True,
        host=given.host,
        port=given.port,
        access_log=False,
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    main()
