"""Screens that are drawn once and kept until their account changes; see scale/cache.

Kept is the content of a screen, as everybody with the same role in the same account sees it who
asks the same thing on the same day, by the code that drew it: a Redis of one's own outlives a
release, and what it holds of the one before is not found any more. The shell, the CSRF token and
how long ago something was are the looker's own and put in at each answer. Any committed change of
the account's rows makes what was kept unfindable.

Not kept are screens that note who looked at a person, that show a job under way, that name who may
sign in, and what of the team somebody may see: these are of the looker, or of other tables.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from myriad.products.keeper.kept import Asked, asked_of, get_kept
from myriad.scale import ui
from myriad.scale.cache import Namespace, declare
from myriad.scale.data import ReadSession
from myriad.scale.directory import Principal
from myriad.scale.http import CurrentRuntime, Staff
from myriad.scale.runtime import Runtime
from myriad.scale.ui.edition import edition_of
from myriad.scale.ui.page import CurrentPage

TODAY = declare("keeper.today", ui.Part, "dashboard", follows_tenant=True)
CUSTOMERS = declare("keeper.customers", ui.Part, "list", follows_tenant=True)
INSIGHTS = declare("keeper.insights", ui.Part, "list", follows_tenant=True)
PATTERNS = declare("keeper.patterns", ui.Part, "analytics", follows_tenant=True)
# It also shows what the network publishes for everybody, which is no change of the account.
PROOF = declare("keeper.proof", ui.Part, "list", follows_tenant=True)
REPORT = declare("keeper.report", ui.Part, "result", follows_tenant=True)
REPORTS = declare("keeper.reports", ui.Part, "list", follows_tenant=True)
REVIEWS = declare("keeper.reviews", ui.Part, "list", follows_tenant=True)

_PRODUCT = Path(__file__).parents[1]
Draw = Callable[[ReadSession], Awaitable[ui.Part]]


@dataclass(frozen=True, slots=True)
class Kept:
    """Who looks, at which page, with what this process holds."""

    page: ui.PageContext
    caller: Principal
    runtime: Runtime

    @property
    def zone(self) -> str:
        """The account's time zone."""
        return self.page.zone

    async def respond(self, namespace: Namespace[ui.Part], asked: Asked, draw: Draw) -> Response:
        """Return the screen, drawn by `draw` in a session of its own unless it is kept.

        `asked` is all that makes one answer differ from another beside account, role and day.
        """
        edition = edition_of(_PRODUCT)
        part = await get_kept(self.runtime, self.caller, namespace, (edition, *asked), draw)
        return ui.respond_part(self.page, part)


async def _kept(page: CurrentPage, caller: Staff, runtime: CurrentRuntime) -> Kept:
    return Kept(page, caller, runtime)


CurrentKept = Annotated[Kept, Depends(_kept)]

__all__ = ["CurrentKept", "Kept", "asked_of"]
