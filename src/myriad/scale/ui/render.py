"""Templates to HTML: one strict Jinja environment for the shell and one more per product."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from jinja2.loaders import BaseLoader
from starlette.responses import HTMLResponse

from myriad.scale.ui import charts
from myriad.scale.ui.context import PageContext
from myriad.scale.ui.filters import FILTERS
from myriad.scale.ui.holes import Holes
from myriad.scale.ui.part import Part, open_page, part_of
from myriad.scale.ui.static import static_url

SHELL_TEMPLATES = Path(__file__).parent / "templates"
PAGE_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'; manifest-src 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


_drawn: ContextVar[PageContext] = ContextVar("page that is drawn")


class _PageBeingDrawn:
    """The page, for macros that are imported without context and so made once, not at each page."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_drawn.get(), name)


class _Environment(Environment):
    """Templates whose output is escaped by `escaped`: Jinja makes Markup of every piece it writes.

    A fifth of a page's drawing went into objects that the next step joined.
    """

    def _generate(self, *arguments: Any, **named: Any) -> str:
        # The first line imports what templates use; the lines after it keep their numbers.
        source: str = super()._generate(*arguments, **named)
        first, _, rest = source.partition("\n")
        return f"{first}; from myriad.scale.ui.charts.marks import escaped as escape\n{rest}"


class Renderer:
    """Draws the shell's templates (`ui/...`) and those of one folder more, usually a product's.

    `constants` are what every template knows, modules of words for one. Macros that need these and
    `page` only are imported without context: they are then made once, not at each page.
    """

    def __init__(self, templates: Path | None = None, **constants: object) -> None:
        folders = [SHELL_TEMPLATES] if templates is None else [templates, SHELL_TEMPLATES]
        loader: BaseLoader = ChoiceLoader([FileSystemLoader(folder) for folder in folders])
        self._environment = _Environment(
            loader=loader,
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            # Looking whether a file has changed costs a page ten system calls.
            auto_reload=False,
        )
        self._environment.filters.update(FILTERS)
        self._environment.globals.update(
            static_url=static_url, charts=charts, layout="ui/base.html", page=_PageBeingDrawn()
        )
        self._environment.globals.update(constants)

    def render(self, page: PageContext, template: str, **values: object) -> str:
        """Return the template drawn for `page`; an undefined name raises UndefinedError."""
        before = _drawn.set(page)
        try:
            return self._environment.get_template(template).render(page=page, **values)
        finally:
            _drawn.reset(before)

    def respond(
        self, page: PageContext, template: str, *, status: int = 200, **values: object
    ) -> HTMLResponse:
        """Return the drawn template as an answer with the strict headers of a page."""
        body = self.render(page, template, **values)
        return HTMLResponse(body, status_code=status, headers=dict(PAGE_HEADERS))

    def draw(self, zone: str, template: str, **values: object) -> Part:
        """Return the content of a template that begins with `{% extends layout %}`, without shell.

        Times are shown in `zone`, an IANA name.
        """
        holes = Holes()
        page = open_page(zone, holes)
        return part_of(zone, holes, self.render(page, template, layout="ui/part.html", **values))
