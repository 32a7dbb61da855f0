"""What the cache page and `./myriad cache` tell: each namespace, its rule and how it answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from myriad.scale.cache import EVERYBODY, Cache, get_namespace, list_namespaces
from myriad.scale.cache.statistics import HOURS, SAVED, How, Rates
from myriad.scale.directory import Principal
from myriad.scale.directory.audit import record_event
from myriad.scale.observe.logs import get_logger
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from myriad.scale.ui.filters import plural

WANTED_SHARE = 0.80
_ENOUGH_LOOKUPS = 100
_log = get_logger(__name__)


@dataclass(frozen=True)
class NamespaceRow:
    """One namespace: its policy and its look-ups of the last day."""

    name: str
    policy: str
    fresh_seconds: float
    stale_seconds: float
    local_seconds: float
    is_shared: bool
    rates: Rates

    @property
    def answered(self) -> dict[str, int]:
        """How many look-ups were answered from where."""
        return {how.value: self.rates.counts.get(how.value, 0) for how in How}

    @property
    def fresh_for(self) -> str:
        """How long an answer is fresh, in the largest unit that it fills."""
        for seconds, unit in ((86_400, "day"), (3600, "hour"), (60, "minute")):
            if self.fresh_seconds >= seconds:
                return plural(round(self.fresh_seconds / seconds), unit)
        return plural(round(self.fresh_seconds), "second")

    @property
    def is_low(self) -> bool:
        """Whether so few look-ups were saved that somebody should look."""
        return self.rates.lookups >= _ENOUGH_LOOKUPS and self.rates.hit_share < WANTED_SHARE


@dataclass(frozen=True)
class CachePage:
    """The cache of the installation over the last day."""

    rows: Sequence[NamespaceRow]
    hours: int = field(default=HOURS)

    @property
    def lookups(self) -> int:
        """All look-ups."""
        return sum(row.rates.lookups for row in self.rows)

    @property
    def hit_share(self) -> float:
        """The share of all look-ups that was saved."""
        saved = sum(row.answered[how.value] for row in self.rows for how in SAVED)
        return saved / self.lookups if self.lookups else 0.0

    @property
    def answer(self) -> str:
        """The first line of the page."""
        low = [row.name for row in self.rows if row.is_low]
        if low:
            return f"{low[0]} saves too little: {self._percent(self._row(low[0]))} of its look-ups"
        if not self.lookups:
            return "Nothing has been looked up yet"
        return f"{self.hit_share:.0%} of {self.lookups:,} look-ups were saved"

    @property
    def lead(self) -> str:
        """The second line."""
        return f"Of the last {self.hours} hours, over all processes and accounts."

    def _row(self, name: str) -> NamespaceRow:
        return next(row for row in self.rows if row.name == name)

    def _percent(self, row: NamespaceRow) -> str:
        return f"{row.rates.hit_share:.0%}"


async def look_at_cache(caches: Cache) -> CachePage:
    """Return how every namespace that this process knows has done."""
    await caches.statistics.tell()
    rates = {rate.namespace: rate for rate in await caches.statistics.list_rates()}
    rows = [
        NamespaceRow(
            known.name,
            known.policy.name,
            known.policy.fresh_seconds,
            known.policy.stale_seconds,
            known.policy.local_seconds,
            known.is_shared,
            rates.get(known.name, Rates(known.name, {})),
        )
        for known in list_namespaces()
    ]
    return CachePage(rows)


async def purge(
    runtime: Runtime, name: str, tenant_id: TenantId | None, caller: Principal | None
) -> bool:
    """Empty a namespace for one account or for all; return whether Redis took it at once.

    Raises InvalidInputError for a namespace that nobody declared.
    """
    namespace = get_namespace(name)
    whose = EVERYBODY if namespace.is_shared and tenant_id is None else tenant_id
    told = await runtime.caches.invalidate(namespace, whose)
    _log.info("cache_purged", namespace=name, tenant_id=str(tenant_id or "all"), told=told)
    if tenant_id is not None:
        async with runtime.database.crossing("an operator purges a cache") as session:
            record_event(session, tenant_id, "cache.purged", actor=caller, subject=name)
    return told
