"""The page shell: layout, components, charts, static files, and the pages that belong to nobody.

For an edge that answers with a page:

    page = ui.PageContext(path=..., csrf_token=..., user_name=..., navigation=..., zone=...)
    ui.render(page, "ui/login.html", email="", error=None, next_path="/")      -> str
    ui.respond(page, "ui/error.html", status=404, fault=ui.fault(404, request_id)) -> HTMLResponse

A product makes a `Renderer` over its own template folder and calls the same two methods; its
templates extend `ui/base.html` and import their components from `ui/components.html`. A page that
many see alike begins with `{% extends layout %}` and is drawn without its shell by
`Renderer.draw`, kept, and answered by `respond_part` (see `part`).

Templates of the shell and their values:

    ui/base.html       blocks `title`, `content`; extended, never drawn itself
    ui/login.html      email: str, error: str | None, next_path: str (posted back as `next`)
    ui/error.html      fault: Fault (see `fault`): 403, 404, 409, 422, 429, 500, 503 and others
    ui/offline.html    nothing; what is shown while the server cannot be reached
    ui/home.html       products: the cards come from `page.products`
    ui/styleguide.html sample: Sample (see `styleguide.sample`)

Every form posts the field `csrf_token`; htmx sends the header `X-CSRF-Token` by itself. `respond`
adds the headers of a page, with a content security policy that allows no inline script or style.
`static_mount()` is the route of the static files and `static_url("myriad.css")` an address in it.
"""

from __future__ import annotations

from markupsafe import Markup
from starlette.responses import HTMLResponse

from myriad.scale.ui import charts
from myriad.scale.ui.context import (
    THEME_COOKIE,
    Link,
    PageContext,
    TenantChoice,
    Theme,
    theme_of,
)
from myriad.scale.ui.faults import Fault, fault
from myriad.scale.ui.part import Part
from myriad.scale.ui.render import PAGE_HEADERS, Renderer
from myriad.scale.ui.shell import Shell
from myriad.scale.ui.static import PREFIX, static_mount, static_url

CSRF_FIELD = "csrf_token"
CSRF_HEADER = "X-CSRF-Token"

_SHELL = Renderer()


def render(page: PageContext, template: str, **values: object) -> str:
    """Return one of the shell's own templates drawn for `page`."""
    return _SHELL.render(page, template, **values)


def respond(
    page: PageContext, template: str, *, status: int = 200, **values: object
) -> HTMLResponse:
    """Return one of the shell's own templates as an answer with a page's strict headers."""
    return _SHELL.respond(page, template, status=status, **values)


def respond_part(page: PageContext, part: Part) -> HTMLResponse:
    """Return a part within the shell of who looks, as an answer with a page's strict headers."""
    content, title = part.content(page), Markup(part.title)  # noqa: S704 - drawn by a template
    body = _AROUND.around(page, title, content)
    return HTMLResponse(body, headers=dict(PAGE_HEADERS))


def _draw_whole(page: PageContext, title: Markup, content: Markup) -> str:
    return _SHELL.render(page, "ui/whole.html", title=title, content=content)


_AROUND = Shell(_draw_whole)


__all__ = [
    "CSRF_FIELD",
    "CSRF_HEADER",
    "PAGE_HEADERS",
    "PREFIX",
    "THEME_COOKIE",
    "Fault",
    "Link",
    "PageContext",
    "Part",
    "Renderer",
    "TenantChoice",
    "Theme",
    "charts",
    "fault",
    "render",
    "respond",
    "respond_part",
    "static_mount",
    "static_url",
    "theme_of",
]
