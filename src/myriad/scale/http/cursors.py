"""Keyset pages: `limit` and an opaque, signed `cursor`.

A cursor names the last row of a page by its sort key. It is signed together with the tenant, the
route and the filters, so it can be neither forged nor carried to another list. Pages are stable
while rows are added, and the thousandth costs as much as the first.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlencode

import msgspec
from fastapi import Depends, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from myriad.kit.errors import InvalidInputError
from myriad.scale.http.answers import json_bytes
from myriad.scale.http.guards import Belonging, Operator, Staff

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 100
_LONGEST_CURSOR = 1000
_VERSION = 1
_SIGNATURE_BYTES = 16

RowT = TypeVar("RowT")


class InvalidCursorError(InvalidInputError):
    """The cursor is damaged, forged, or belongs to another list."""

    code = "invalid_cursor"
    title = "Invalid cursor"

    def __init__(self) -> None:
        expected = "the next_cursor of the page before, for the same list and filters"
        detail = f"the cursor cannot be used; send {expected}, or leave it out to begin again"
        super().__init__(detail, [("/query/cursor", expected)])


def seal(key: bytes, place: str, position: Sequence[Any]) -> str:
    """Return the cursor of `position`, a row's sort key, valid in the list `place` only."""
    payload = bytes([_VERSION]) + msgspec.json.encode(list(position))
    return base64.urlsafe_b64encode(_signature(key, place, payload) + payload).decode().rstrip("=")


def unseal(key: bytes, place: str, cursor: str) -> tuple[Any, ...]:
    """Return the position of a cursor, or raise InvalidCursorError.

    Dates, times and ids come back as the strings that PostgreSQL and JSON use.
    """
    try:
        sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidCursorError from None
    signature, payload = sealed[:_SIGNATURE_BYTES], sealed[_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _signature(key, place, payload)):
        raise InvalidCursorError
    if payload[:1] != bytes([_VERSION]):
        raise InvalidCursorError
    return tuple(msgspec.json.decode(payload[1:]))


def _signature(key: bytes, place: str, payload: bytes) -> bytes:
    digest = hmac.digest(key, place.encode() + b"\0" + payload, hashlib.sha256)
    return digest[:_SIGNATURE_BYTES]


class Page(BaseModel, Generic[RowT]):
    """One page of a list; `next_cursor` is null on the last."""

    items: list[RowT]
    next_cursor: str | None


@dataclass(frozen=True)
class Paging:
    """What page is asked for: at most `limit` rows after the position `after`.

    An endpoint asks for `fetch` rows, one more than the page holds, and hands them to `answer`.
    """

    limit: int
    after: tuple[Any, ...] | None
    key: bytes
    place: str
    path: str
    filters: Mapping[str, str]

    @property
    def after_key(self) -> str | None:
        """The position of a list whose sort key is one text, or None on the first page."""
        return str(self.after[0]) if self.after else None

    @property
    def fetch(self) -> int:
        """How many rows to ask the database for."""
        return self.limit + 1

    def answer(
        self,
        rows: Sequence[Mapping[str, Any]],
        position: Callable[[Mapping[str, Any]], Sequence[Any]],
    ) -> Response:
        """Return the page as JSON with a `Link` to the next; `position` gives a row's sort key."""
        shown = rows[: self.limit]
        cursor = self.next_cursor(rows, position)
        response = Response(
            json_bytes({"items": shown, "next_cursor": cursor}), media_type="application/json"
        )
        self.link_next(response, cursor)
        return response

    def next_cursor(
        self, rows: Sequence[RowT], position: Callable[[RowT], Sequence[Any]]
    ) -> str | None:
        """Return the cursor of the page after these `fetch` rows, or None at the end."""
        if len(rows) <= self.limit:
            return None
        return self.cursor_at(*position(rows[self.limit - 1]))

    def cursor_at(self, *position: Any) -> str:
        """Return the cursor of the page after the row with this sort key."""
        return seal(self.key, self.place, position)

    def link_next(self, response: Response, cursor: str | None) -> None:
        """Let the `Link` header of an answer lead to the next page, if there is one."""
        if cursor is not None:
            response.headers["Link"] = f'<{self.next_path(cursor)}>; rel="next"'

    def next_path(self, cursor: str) -> str:
        """Return the address of the next page, with the same filters."""
        query = {**self.filters, "limit": str(self.limit), "cursor": cursor}
        return f"{self.path}?{urlencode(query)}"


_Limit = Annotated[int, Query(ge=1, le=LARGEST_LIMIT)]
_Cursor = Annotated[
    str | None, Query(max_length=_LONGEST_CURSOR, description="`next_cursor` of a page")
]


async def page_request(
    request: Request, caller: Staff, limit: _Limit = DEFAULT_LIMIT, cursor: _Cursor = None
) -> Paging:
    """Read `limit` and `cursor`; every other query parameter is a filter of the list."""
    return _paging(request, str(caller.tenant_id), limit, cursor)


async def own_page_request(
    request: Request, caller: Belonging, limit: _Limit = DEFAULT_LIMIT, cursor: _Cursor = None
) -> Paging:
    """Read the same for a list of what is the caller's own; a cursor is theirs alone."""
    return _paging(request, f"{caller.tenant_id} {caller.id}", limit, cursor)


async def operator_page_request(
    request: Request, caller: Operator, limit: _Limit = DEFAULT_LIMIT, cursor: _Cursor = None
) -> Paging:
    """Read the same for a list over all tenants; a cursor is the operator's alone."""
    return _paging(request, f"operator {caller.id}", limit, cursor)


def _paging(request: Request, whose: str, limit: int, cursor: str | None) -> Paging:
    query = request.query_params
    filters = {name: value for name, value in query.items() if name not in ("limit", "cursor")}
    place = f"{whose} {request.url.path} {urlencode(sorted(filters.items()))}"
    key: bytes = request.app.state.cursor_key
    after = unseal(key, place, cursor) if cursor else None
    return Paging(limit, after, key, place, request.url.path, filters)


PageRequest = Annotated[Paging, Depends(page_request)]
OwnPageRequest = Annotated[Paging, Depends(own_page_request)]
OperatorPageRequest = Annotated[Paging, Depends(operator_page_request)]
