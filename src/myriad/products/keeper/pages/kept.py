"""Screens that are drawn once and kept until their account changes; see scale/cache.

Kept is the content of a screen, as everybody with the same role in the same account sees it who asks
the same thing on the same day. The shell, the CSRF token and how long ago something was are the
looker's own and put in at each answer. Any committed change of the account's rows makes what was
kept unfindable.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from myriad.kit.clock import local_date
from myriad.scale import ui
from myriad.scale.cache import Namespace, declare
from myriad.scale.data import ReadSession
from myriad.scale.directory import Principal
from myriad.scale.http import CurrentRuntime, Paging, Staff
from myriad.scale.runtime import Runtime
from myriad.scale.ui.page import CurrentPage

TODAY = declare("keeper.today", ui.Part, "dashboard", follows_tenant=True)
CUSTOMERS = declare("keeper.customers", ui.Part, "list", follows_tenant=True)

Asked = tuple[Hashable, ...]
Draw = Callable[[ReadSession], Awaitable[ui.Part]]


@dataclass(frozen=True, slots=True)
class Kept:
    """Who looks, at which page, with what this process holds."""

    page: ui.PageContext
    caller: Principal
    runtime: Runtime

    async def respond(self, namespace: Namespace[ui.Part], asked: Asked, draw: Draw) -> Response:
        """Return the screen, drawn by `draw` in a session of its own unless it is kept.

        `asked` is all that makes one answer differ from another beside account, role and day.
        """
        tenant_id = self.caller.tenant_id

        async def load() -> ui.Part:
            async with self.runtime.database.read_session(tenant_id) as session:
                return await draw(session)

        day = local_date(self.page.now, self.page.zone).isoformat()
        key = (str(self.caller.role), self.page.zone, day, *asked)
        part = await self.runtime.caches.get(namespace, tenant_id, key, load)
        return ui.respond_part(self.page, part)


def asked_of(paging: Paging) -> Asked:
    """Return what a page of a list was asked: its filters, how much, and after which row."""
    return (*sorted(paging.filters.items()), paging.limit, paging.after_key)


async def _kept(page: CurrentPage, caller: Staff, runtime: CurrentRuntime) -> Kept:
    return Kept(page, caller, runtime)


CurrentKept = Annotated[Kept, Depends(_kept)]
