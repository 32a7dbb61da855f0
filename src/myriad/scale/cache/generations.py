"""Generations: a number in the key, so that changing it makes everything before it unfindable.

A tenant's entries of a namespace carry two, the namespace's own and the tenant's; namespaces that
follow the tenant have the latter in common (`family_of`). A generation is a fresh random name and
never a counter: when the server forgets one, the next is new, so nothing that was invalidated ever
comes back.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from dataclasses import dataclass

from myriad.scale.cache.namespace import Keys, family_of
from myriad.scale.cache.store import Store
from myriad.scale.tenancy import TenantId

_KEEP_SECONDS = 7 * 86_400.0
Place = tuple[str, TenantId]
Where = tuple[str, TenantId | None]


@dataclass(slots=True)
class Mark:
    """The generation that a process knows, and until when (monotonic seconds) it may trust it."""

    generation: str
    until: float
    epoch: tuple[int, int]


class Generations:
    """What this process knows of generations; asks the shared layer when that is too old."""

    def __init__(self, store: Store | None, keys: Keys) -> None:
        self._store = store
        self._keys = keys
        self._marks: dict[Place, Mark] = {}
        self._forgotten: Counter[Where] = Counter()
        self._alone = 0

    def epoch(self, place: Place) -> tuple[int, int]:
        """Return how often this place was forgotten; what began in an earlier epoch may be old."""
        return self._forgotten[where_of(*place)], self._forgotten[place[0], None]

    def find(self, place: Place) -> str | None:
        """Return the generation that may still be trusted, or None."""
        mark = self._mark(place)
        return mark.generation if mark is not None and time.monotonic() < mark.until else None

    def guess(self, place: Place) -> str:
        """Return the generation that was last known, to be asked for together with the truth."""
        mark = self._mark(place)
        return mark.generation if mark is not None else "none"

    def addresses(self, place: Place) -> tuple[str, str]:
        """Return where the two generations of a place stand."""
        return self._keys.generation(place[0], None), self._keys.generation(*where_of(*place))

    def trust(self, place: Place, generation: str, epoch: tuple[int, int], until: float) -> None:
        """Take a generation as true until a moment, unless it was forgotten since `epoch`."""
        if epoch == self.epoch(place):
            self._marks[place] = Mark(generation, until, epoch)

    def trust_alone(self, place: Place, seconds: float) -> str:
        """Begin a generation of this process's own, for as long as the shared layer is away."""
        self._alone += 1
        generation = f"alone{self._alone}"
        self.trust(place, generation, self.epoch(place), time.monotonic() + seconds)
        return generation

    def forget(self, namespace: str, tenant_id: TenantId | None) -> None:
        """Trust nothing that is known of a tenant, or with None of every tenant."""
        self._forgotten[where_of(namespace, tenant_id)] += 1

    def _mark(self, place: Place) -> Mark | None:
        """Return what is known of a place unless it was forgotten since."""
        mark = self._marks.get(place)
        return mark if mark is not None and mark.epoch == self.epoch(place) else None

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
            key = self._keys.generation(*where_of(namespace, tenant_id))
            await self._store.write(key, _new(), _KEEP_SECONDS)


def where_of(namespace: str, tenant_id: TenantId | None) -> Where:
    """Return where the generation stands that a change of this namespace and tenant begins anew."""
    return (namespace if tenant_id is None else family_of(namespace)), tenant_id


def _new() -> bytes:
    return b"g" + secrets.token_hex(6).encode()
