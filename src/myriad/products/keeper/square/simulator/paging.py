"""Cursors as Square hands them out: opaque, bound to one query, and dead after a while."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec

from myriad.products.keeper.square.simulator.records import Position, Record


class CursorError(Exception):
    """The cursor is unknown, too old, or belongs to another query."""


class _Body(msgspec.Struct, array_like=True):
    query: str
    time: float
    name: str
    issued: float


def digest_of(query: object) -> str:
    """Return a short digest of a query; a cursor goes on only with the query it came from."""
    return hashlib.blake2b(msgspec.json.encode(query), digest_size=8).hexdigest()


@dataclass(frozen=True)
class Cursors:
    """Issues and reads cursors of one simulator."""

    secret: bytes
    life_seconds: float

    def issue(self, query: str, position: Position, now: float) -> str:
        """Return the cursor that goes on after `position`."""
        body = msgspec.json.encode(_Body(query, position[0], position[1], now))
        return base64.urlsafe_b64encode(self._sign(body) + body).decode().rstrip("=")

    def read(self, cursor: str, query: str, now: float) -> Position:
        """Return the position of a cursor, or raise CursorError."""
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            body = msgspec.json.decode(raw[8:], type=_Body)
        except (binascii.Error, msgspec.DecodeError, ValueError):
            raise CursorError("The cursor is not valid.") from None
        if not hmac.compare_digest(self._sign(raw[8:]), raw[:8]):
            raise CursorError("The cursor is not valid.")
        if now - body.issued > self.life_seconds:
            raise CursorError("The cursor has expired.")
        if body.query != query:
            raise CursorError("The cursor belongs to another query.")
        return body.time, body.name

    def _sign(self, body: bytes) -> bytes:
        return hmac.digest(self.secret, body, hashlib.sha256)[:8]


@dataclass(frozen=True)
class Page:
    """The bodies of one page and the position after which more follow, if any."""

    bodies: list[bytes]
    next_after: Position | None


def take(
    rows: Iterable[tuple[Position, Record]], size: int, keep: Callable[[Record], bool]
) -> Page:
    """Return the first `size` kept rows; more follow only when another kept row exists."""
    bodies: list[bytes] = []
    last: Position | None = None
    for position, record in rows:
        if not keep(record):
            continue
        if len(bodies) >= size:
            return Page(bodies, last)
        bodies.append(record.body)
        last = position
    return Page(bodies, None)
