"""What a transaction has still to send: it leaves with the next statement, in one system call.

BEGIN waits here for the first statement, and so does every statement whose result nobody reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from psycopg import AsyncConnection, AsyncRawCursor

from myriad.scale.data.together import together

# The text with $1, $2, ... and their values in that order.
Statement = tuple[bytes, Sequence[Any]]

COMMIT: Statement = (b"COMMIT", ())

_PLACEHOLDER = re.compile(r"%(?:%|\((\w+)\)s)")


class Outbox:
    """The connection of one transaction, and the statements that wait to be sent on it."""

    def __init__(self, driver: AsyncConnection[Any], begin: Iterable[Statement]) -> None:
        self.driver = driver
        self._begin = list(begin)
        self._waiting: list[Statement] = []
        self._is_over = False

    @property
    def is_empty(self) -> bool:
        """Whether all that was asked has been sent, BEGIN included."""
        return not self._begin and not self._waiting

    @property
    def has_asked(self) -> bool:
        """Whether a statement of the transaction itself waits."""
        return bool(self._waiting)

    def add(self, statement: Statement) -> None:
        """Let a statement wait for the next one; its errors are raised there, or by COMMIT."""
        self._waiting.append(statement)

    def clear(self) -> None:
        """Send nothing of what waits."""
        self._begin, self._waiting = [], []

    async def finish(self, asked: Sequence[Statement]) -> list[AsyncRawCursor[Any]]:
        """Run what waits, `asked` and COMMIT in one round trip; the transaction is over then."""
        cursors = await self.send([*asked, COMMIT])
        self._is_over = True
        return cursors[:-1]

    async def send(self, asked: Sequence[Statement] = ()) -> list[AsyncRawCursor[Any]]:
        """Run what waits and then `asked`, in one round trip; return the cursors of `asked`."""
        assert not self._is_over, "this transaction has been committed"
        first = [*self._begin, *self._waiting]
        self.clear()
        every = [*first, *asked]
        # One takes all the results that nobody reads.
        unread: AsyncRawCursor[Any] = AsyncRawCursor(self.driver)
        cursors = [unread] * len(first) + [AsyncRawCursor(self.driver) for _ in asked]
        if len(every) == 1:
            await cursors[0].execute(*every[0])
        elif every:
            async with together(self.driver):
                for cursor, statement in zip(cursors, every, strict=True):
                    await cursor.execute(*statement)
        return cursors[len(first) :]


def statement_of(sql: str, parameters: Mapping[str, Any]) -> Statement:
    """Return `sql` with named parameters as PostgreSQL takes it; raises KeyError for a missing one."""
    text, names = _numbered(sql)
    return text, [parameters[name] for name in names]


@lru_cache(maxsize=4096)
def _numbered(sql: str) -> tuple[bytes, tuple[str, ...]]:
    """Return the text with $1, $2, ... and their names.

    psycopg does this too, but remembers 128 texts only: a night asks more, each in its turn.
    """
    places: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        name: str | None = found[1]
        if name is None:
            return "%"
        return f"${places.setdefault(name, len(places) + 1)}"

    text = _PLACEHOLDER.sub(number, sql)
    return text.encode(), tuple(places)
