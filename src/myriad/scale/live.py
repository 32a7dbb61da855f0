"""Telling open pages at once: a short Redis stream beside a truth that is kept elsewhere.

A stream holds about 200 events for an hour and may vanish at any time, so who reads it also looks
at the truth. Personal data stays out of it: an event names a row, and the reader asks for that row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from myriad.scale.observe.logs import get_logger

KEPT_EVENTS = 200
KEPT_SECONDS = 3600
FIELD = "event"

_log = get_logger(__name__)


async def publish(cache: Redis, stream: str, facts: Mapping[str, Any]) -> bool:
    """Tell who follows `stream`, and return whether Redis took it.

    One round trip, at most the client's timeout, and never an error.
    """
    try:
        async with cache.pipeline(transaction=False) as pipeline:
            pipeline.xadd(
                stream, {FIELD: json.dumps(dict(facts))}, maxlen=KEPT_EVENTS, approximate=True
            )
            pipeline.expire(stream, KEPT_SECONDS)
            await pipeline.execute()
    except (RedisError, OSError, ValueError) as error:
        _log.debug("live_event_lost", stream=stream.partition(":")[0], error=type(error).__name__)
        return False
    return True
