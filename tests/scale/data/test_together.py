"""Statements that are asked together leave together, on psycopg's own pipeline."""

from __future__ import annotations

import psycopg
import pytest

from myriad.scale.data.together import together
from myriad.scale.embedded.servers import ServerUrls


async def test_nothing_leaves_before_all_is_asked_and_all_is_one_transaction(
    database_urls: ServerUrls,
) -> None:
    """The piece of psycopg that is taken in hand here holds statements back, and sends them."""
    sql = "SELECT %s::integer AS number, pg_current_xact_id()::text AS xact"
    async with await psycopg.AsyncConnection.connect(
        database_urls.app_url, autocommit=True
    ) as connection:
        async with together(connection):
            cursors = [await connection.execute(sql, [number]) for number in range(3)]
            assert connection._pipeline is not None
            assert len(connection._pipeline.command_queue) >= len(cursors)
        rows = [await cursor.fetchone() for cursor in cursors]
        assert [row[0] for row in rows if row] == [0, 1, 2]
        assert len({row[1] for row in rows if row}) == 1
        assert connection._pipeline is None
        with pytest.raises(psycopg.errors.DivisionByZero):
            async with together(connection):
                await connection.execute("SELECT 1 / %s::integer", [0])
        assert (await (await connection.execute("SELECT 4")).fetchone()) == (4,)
