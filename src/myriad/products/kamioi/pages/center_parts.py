"""What the center's screens share: their templates, addresses, and how forms name a brand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import Form
from starlette.responses import RedirectResponse

from myriad.kit.errors import InvalidInputError
from myriad.products.kamioi.pages import center_words
from myriad.scale import ui

CENTER, QUEUE, MAPPINGS = (f"/kamioi/admin/{name}" for name in ("center", "queue", "mappings"))
RENDERER = ui.Renderer(
    Path(__file__).parents[1] / "templates", say=center_words, MAPPINGS=MAPPINGS, QUEUE=QUEUE
)
# A brand's id, or nothing for no brand.
Brand = Annotated[str, Form(max_length=36)]


def brand_of(text: str) -> UUID | None:
    """Return the brand that a form names, None for no brand; raises InvalidInputError."""
    try:
        return UUID(text) if text else None
    except ValueError:
        raise InvalidInputError("choose a brand from the list, or none") from None


def see_other(path: str) -> RedirectResponse:
    """Return the answer that lets a browser load `path` after a form was sent."""
    return RedirectResponse(path, 303)
