"""Statements that leave in one system call: psycopg's pipeline, held until all are asked.

psycopg sends each statement of a pipeline as it is asked, with a look at the socket each; where
nobody reads a result before the last was asked, that is half of what a statement costs the client.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from psycopg import AsyncConnection, AsyncPipeline
from psycopg.abc import PQGen


class _Held(AsyncPipeline):
    """A pipeline that sends nothing before its end."""

    _is_ending = False

    def _communicate_gen(self) -> PQGen[None]:
        if self._is_ending:
            yield from super()._communicate_gen()

    def _exit_gen(self) -> PQGen[None]:
        self._is_ending = True
        yield from super()._exit_gen()


@asynccontextmanager
async def together(connection: AsyncConnection[Any]) -> AsyncIterator[None]:
    """Send what is executed in the block at its end; results are there behind it.

    Errors are raised at the end of the block. `connection` is the caller's alone and in no
    pipeline. On a connection in autocommit the block is one transaction, as the protocol has it.
    """
    assert connection._pipeline is None, "this connection is in a pipeline"  # noqa: SLF001
    pipeline = connection._pipeline = _Held(connection)  # noqa: SLF001
    try:
        async with pipeline:
            yield
    finally:
        connection._pipeline = None  # noqa: SLF001
