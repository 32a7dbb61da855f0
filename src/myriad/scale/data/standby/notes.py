"""Who has just written: of each tenant the moment at which this process learned of a commit.

A note is a token that changes with every commit, kept beside Redis for the other processes. It says
nothing of time: whoever meets a new token takes the moment of meeting it, which is later than the
commit, and no clock is compared with another.
"""

from __future__ import annotations

import math
import time
from secrets import token_bytes

from redis.asyncio import Redis
from redis.exceptions import RedisError

from myriad.scale.observe.logs import get_logger
from myriad.scale.observe.metrics import Counter
from myriad.scale.tenancy import TenantId

_log = get_logger(__name__)
_lost = Counter(
    "myriad_data_write_notes_lost", "Commits that other processes were not told of: Redis was away"
)
# A note must outlive what the lag gate lets pass; the gate is seconds at most.
KEPT_SECONDS = 60.0


class WriteNotes:
    """The notes of one process; `share` lets others of the same Redis see them."""

    def __init__(self) -> None:
        self._learned: dict[TenantId, float] = {}
        self._tokens: dict[TenantId, bytes] = {}
        self._everybody = -math.inf
        self._redis: Redis | None = None

    def share(self, redis: Redis) -> None:
        """Tell other processes from now on, and hear of them; `redis` must not evict."""
        self._redis = redis

    async def note(self, tenant_id: TenantId) -> None:
        """Note that a transaction of this tenant was committed, before its caller hears of it."""
        token = token_bytes(12)
        self._tokens[tenant_id] = token
        self._learned[tenant_id] = time.monotonic()
        if self._redis is None:
            return
        try:
            await self._redis.set(_key(tenant_id), token, px=int(KEPT_SECONDS * 1000))
            # Our token may have taken the place of another's whose commit came after our own.
            self._learned[tenant_id] = time.monotonic()
        except (RedisError, OSError) as error:
            # Perhaps it arrives later: then it is to be met as a new one.
            self._tokens.pop(tenant_id, None)
            _lost.inc()
            _log.warning("write_note_lost", error=type(error).__name__)

    def note_everybody(self) -> None:
        """Note that rows of any tenant may have changed; known to this process alone."""
        self._everybody = time.monotonic()

    async def find_last(self, tenant_id: TenantId) -> float:
        """Return the monotonic moment by which the tenant's last known commit was done.

        Minus infinity where none is known, infinity where nobody can say: Redis does not answer.
        """
        if self._redis is not None:
            try:
                token = await self._redis.get(_key(tenant_id))
            except (RedisError, OSError):
                return math.inf
            if token is not None and token != self._tokens.get(tenant_id):
                self._tokens[tenant_id] = token
                self._learned[tenant_id] = time.monotonic()
        return max(self._learned.get(tenant_id, -math.inf), self._everybody)

    def forget_old(self) -> None:
        """Forget what every standby that may be read has long since."""
        oldest = time.monotonic() - 2 * KEPT_SECONDS
        for tenant_id in [key for key, learned in self._learned.items() if learned < oldest]:
            del self._learned[tenant_id]
            self._tokens.pop(tenant_id, None)


def _key(tenant_id: TenantId) -> str:
    return f"myriad:written:v1:{tenant_id}"
