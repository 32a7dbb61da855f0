"""Generations: a number in the key, so that changing it makes everything before it unfindable.

A tenant's entries of a namespace carry two, the namespace's own and the tenant's. A generation is a
fresh random name and never a counter: when the server forgets one, the next is new, so nothing that
was invalidated ever comes back.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from dataclasses import dataclass

from myriad.scale.cache.namespace import Keys
from myriad.scale.cache.store import Store
from myriad.scale.tenancy import TenantId

_KEEP_SECONDS = 7 * 86_400.0
Place = tuple[str, TenantId]


@dataclass(slots=True)
class Mark:
    """The generation that a process knows, and until when (monotonic seconds) it may trust it."""

    generation: str
    until: float


class Generations:
    """What this process knows of generations; asks the shared layer when that is too old."""

    def __init__(self, store: Store | None, keys: Keys) -> None:
        self._store = store
        self._keys = keys
        self._marks: dict[Place, Mark] = {}
        self._forgotten: Counter[tuple[str, TenantId | None]] = Counter()
        self._alone = 0

    def epoch(self, place: Place) -> tuple[int, int]:
        """Return how often this place was forgotten; what began in an earlier epoch may be old."""
        return self._forgotten[place], self._forgotten[place[0], None]

    def find(self, place: Place) -> str | None:
        """Return the generation that may still be trusted, or None."""
        mark = self._marks.get(place)
        return mark.generation if mark is not None and time.monotonic() < mark.until else None

    def guess(self, place: Place) -> str:
        """Return the generation that was last known, to be asked for together with the truth."""
        mark = self._marks.get(place)
        return mark.generation if mark is not None else "none"

    def addresses(self, place: Place) -> tuple[str, str]:
        """Return where the two generations of a place stand."""
        namespace, tenant_id = place
        return self._keys.generation(namespace, None), self._keys.generation(namespace, tenant_id)

    def trust(self, place: Place, generation: str, epoch: tuple[int, int], until: float) -> None:
        """Take a generation as true until a moment, unless it was forgotten since `epoch`."""
        if epoch != self.epoch(place):
            return
        self._marks[place] = Mark(generation, until)

    def trust_alone(self, place: Place, seconds: float) -> str:
        """Begin a generation of this process's own, for as long as the shared layer is away."""
        self._alone += 1
        generation = f"alone{self._alone}"
        self.trust(place, generation, self.epoch(place), time.monotonic() + seconds)
        return generation

    def forget(self, namespace: str, tenant_id: TenantId | None) -> None:
        """Trust nothing that is known of a tenant, or with None of every tenant."""
        self._forgotten[namespace, tenant_id] += 1
        if tenant_id is not None:
            self._marks.pop((namespace, tenant_id), None)
            return
        for place in [place for place in self._marks if place[0] == namespace]:
            del self._marks[place]

    async def complete(self, place: Place, found: list[bytes | None]) -> str:
        """Return the generation that `found` (of both keys) tells; make what is missing.

        Raises StoreAwayError.
        """
        assert self._store is not None
        parts = []
        for key, value in zip(self.addresses(place), found, strict=True):
            known = value
            while known is None:
                mine = _new()
                if await self._store.write_new(key, mine, _KEEP_SECONDS):
                    known = mine
                else:
                    known = (await self._store.read(key))[0]
            parts.append(known.decode())
        return ".".join(parts)

    async def bump(self, namespace: str, tenant_id: TenantId | None) -> None:
        """Begin a new generation for everybody. Raises StoreAwayError."""
        if self._store is not None:
            key = self._keys.generation(namespace, tenant_id)
            await self._store.write(key, _new(), _KEEP_SECONDS)


def _new() -> bytes:
    return b"g" + secrets.token_hex(6).encode()
