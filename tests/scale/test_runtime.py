"""What a process holds is closed to the end, also by a busy process."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.runtime import cache_client, close_client


async def _late(urls: ServerUrls) -> Redis:
    """Return a client whose connection has no time to end."""
    client = cache_client(urls.cache_url)
    await client.set("test:late", b"", ex=1)
    for connection in client.connection_pool._available_connections:
        connection.socket_connect_timeout = 0
    return client


async def test_a_connection_that_ends_late_keeps_nothing_else_open(servers: ServerUrls) -> None:
    """redis-py raises then, which would leave out whatever is to be closed next."""
    with pytest.raises(RedisError):
        await (await _late(servers)).aclose()
    await close_client(await _late(servers))
