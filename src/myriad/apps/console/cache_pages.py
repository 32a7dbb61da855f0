"""The operator's page of the cache: what it saves, and emptying it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import Form
from starlette.responses import RedirectResponse, Response

from myriad.apps.console.cache_views import look_at_cache, purge
from myriad.scale.http import CurrentRuntime, Operator, Router
from myriad.scale.ui import Renderer
from myriad.scale.ui.page import OperatorPage

CACHE = "/cache"
_SEE_OTHER = 303

router = Router(tags=["cache"])
_renderer = Renderer(Path(__file__).parent / "templates")

Name = Annotated[str, Form(min_length=1, max_length=200)]


@router.get(CACHE)
async def show_cache(_caller: Operator, page: OperatorPage, runtime: CurrentRuntime) -> Response:
    """Show what each namespace saves, for operators of the installation."""
    view = await look_at_cache(runtime.caches)
    return _renderer.respond(page, "console/cache.html", view=view)


@router.post(f"{CACHE}/purge")
async def purge_namespace(caller: Operator, runtime: CurrentRuntime, namespace: Name) -> Response:
    """Empty one namespace for every account."""
    await purge(runtime, namespace, None, caller)
    return RedirectResponse(CACHE, _SEE_OTHER)
