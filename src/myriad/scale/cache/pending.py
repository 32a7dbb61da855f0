"""Invalidations that the shared layer has not heard of yet.

While one is pending, this process uses nothing of its namespace and tenant: it works without a
cache, which is slower and never wrong. It tells the shared layer again each second.
"""

from __future__ import annotations

import asyncio
from collections import Counter

from myriad.scale.cache.generations import Generations, Place, Where, where_of
from myriad.scale.cache.store import StoreAwayError
from myriad.scale.observe.logs import get_logger
from myriad.scale.tenancy import TenantId

_log = get_logger(__name__)
_AGAIN_SECONDS = 1.0


class Pending:
    """What is to be told, and the task that tells it."""

    def __init__(self, generations: Generations) -> None:
        self._generations = generations
        self._announced: Counter[Where] = Counter()
        self._untold: set[Where] = set()
        self._telling: asyncio.Task[None] | None = None

    def holds(self, place: Place) -> bool:
        """Whether something that bears on this place is pending."""
        if not self._announced and not self._untold:
            return False
        return any(
            where in self._untold or self._announced[where] > 0
            for where in (where_of(*place), (place[0], None))
        )

    def announce(self, namespace: str, tenant_id: TenantId | None) -> None:
        """Stop using a place until the bump that follows is done."""
        self._announced[where_of(namespace, tenant_id)] += 1
        self._generations.forget(namespace, tenant_id)

    async def bump(self, namespace: str, tenant_id: TenantId | None) -> bool:
        """Begin the generation that was announced; return whether the shared layer took it now."""
        where = where_of(namespace, tenant_id)
        try:
            await self._generations.bump(*where)
        except StoreAwayError:
            self._untold.add(where)
            self._tell_later()
            return False
        finally:
            self._generations.forget(*where)
            self._announced[where] -= 1
            if not self._announced[where]:
                del self._announced[where]
        return True

    async def close(self) -> None:
        """Stop telling; what was never told is logged, and ends with the entries' own time."""
        if self._telling is not None:
            self._telling.cancel()
        for namespace, tenant_id in self._untold:
            _log.warning("cache_invalidation_lost", namespace=namespace, tenant_id=str(tenant_id))

    def _tell_later(self) -> None:
        if self._telling is None or self._telling.done():
            self._telling = asyncio.get_running_loop().create_task(self._tell())

    async def _tell(self) -> None:
        while self._untold:
            await asyncio.sleep(_AGAIN_SECONDS)
            for where in list(self._untold):
                try:
                    await self._generations.bump(*where)
                except StoreAwayError:
                    break
                self._generations.forget(*where)
                self._untold.discard(where)
