"""Static files under addresses that carry their content's digest, so that browsers keep them."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from myriad.kit.errors import NotFoundError

ROOT = Path(__file__).parent / "static"
PREFIX = "/static"
_DIGEST_LENGTH = 12
_FOREVER = "public, max-age=31536000, immutable"


@lru_cache
def digest_of(name: str) -> str:
    """Return the first 12 hexadecimal digits of the file's SHA-256, or raise NotFoundError."""
    try:
        return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()[:_DIGEST_LENGTH]
    except OSError:
        raise NotFoundError(f"there is no static file {name!r}") from None


def static_url(name: str) -> str:
    """Return the address of a static file: `myriad.css` is `/static/<digest>/myriad.css`."""
    return f"{PREFIX}/{digest_of(name)}/{name}"


class HashedStaticFiles(StaticFiles):
    """Serves `<digest>/<name>`; only the right digest may be kept for a year.

    An older digest, which a page from before a deployment still asks for, gets today's file and
    is not kept.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file that `path` names below its digest."""
        digest, _, name = path.partition("/")
        response = await super().get_response(name, scope)
        fresh = response.status_code in (200, 304) and digest == digest_of(name)
        response.headers["Cache-Control"] = _FOREVER if fresh else "no-cache"
        return response


def static_mount() -> Mount:
    """Return the route that serves every static file of the pages."""
    return Mount(PREFIX, app=HashedStaticFiles(directory=ROOT), name="static")
