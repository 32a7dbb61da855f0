"""Idempotency-Key: a POST or PATCH that is sent twice happens once.

The key, at most 255 visible characters, counts per tenant and route for a day; on routes that answer
people about themselves, per person. Its row and the
stored answer are written in the very transaction that does the work, so either both stay or
neither. The same key with the same request gets the first answer again, with another request it
gets 422, and while the first is still being answered 409. A failed request left nothing behind
and its key is free again. A stored answer is sealed, for it may hold a secret that is shown once.
(draft-ietf-httpapi-idempotency-key-header, section 2)
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from starlette.requests import Request
from starlette.responses import Response

from myriad.kit.clock import utc_now
from myriad.kit.errors import ConflictError, InvalidInputError
from myriad.scale.data import Session
from myriad.scale.directory import Principal
from myriad.scale.directory.models import IdempotencyKey
from myriad.scale.vault import Vault

HEADER = "idempotency-key"
REPLAYED_HEADER = "Idempotent-Replayed"
METHODS = frozenset({"POST", "PATCH"})
LIFETIME = timedelta(hours=24)
_VISIBLE = re.compile(r"[\x21-\x7e]{1,255}")
_KEPT_HEADERS = frozenset({"content-type", "location", "link", "etag"})
_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")


class IdempotencyConflictError(ConflictError):
    """The first request with this key is still being answered."""

    code = "idempotency_in_flight"
    title = "Request in flight"


class IdempotencyMismatchError(InvalidInputError):
    """The key was used for a different request."""

    code = "idempotency_mismatch"
    title = "Key used for another request"


class AnsweredBeforeError(Exception):
    """Not a failure: the stored answer takes the place of the endpoint's."""

    def __init__(self, response: Response) -> None:
        super().__init__("answered before")
        self.response = response


@dataclass(frozen=True)
class OpenKey:
    """A key whose first request is being answered in this transaction."""

    session: Session
    vault: Vault
    tenant_id: Any
    route: str
    key: str

    @property
    def place(self) -> str:
        """What the stored answer is bound to."""
        return f"idempotency {self.tenant_id} {self.route} {self.key}"


async def keep_body(request: Request) -> None:
    """Read the body of a request with a key before its form is parsed, which would consume it."""
    if HEADER in request.headers:
        await request.body()


async def begin(
    request: Request, session: Session, caller: Principal, *, is_own: bool = False
) -> None:
    """Claim the request's key in `session`, or raise with the stored answer or a conflict.

    With `is_own` the key counts for the caller alone, whose answer nobody else may be given.
    """
    key = request.headers.get(HEADER)
    if key is None or request.method not in METHODS:
        return
    if not _VISIBLE.fullmatch(key):
        expected = "1 to 255 visible ASCII characters"
        raise InvalidInputError(f"Idempotency-Key has {expected}", [("/Idempotency-Key", expected)])
    vault, route = request.app.state.runtime.vault, f"{request.method} {request.url.path}"
    route = f"{route} of {caller.id}" if is_own else route
    opened = OpenKey(session, vault, caller.tenant_id, route, key)
    if not await session.scalar(_TRY_LOCK, {"name": f"{opened.tenant_id} {opened.route} {key}"}):
        raise IdempotencyConflictError("the first request with this key is still in flight")
    await _forget_old(opened)
    fingerprint = await _fingerprint(request)
    claimed = await session.scalar(_claim(opened, fingerprint))
    if claimed is None:
        raise AnsweredBeforeError(await _stored(opened, fingerprint))
    request.state.idempotency = opened


def _claim(opened: OpenKey, fingerprint: bytes) -> Any:
    return (
        insert(IdempotencyKey)
        .values(
            tenant_id=opened.tenant_id,
            route=opened.route,
            key=opened.key,
            fingerprint=fingerprint,
            expires_at=utc_now() + LIFETIME,
        )
        .on_conflict_do_nothing()
        .returning(IdempotencyKey.key)
    )


async def _forget_old(opened: OpenKey) -> None:
    await opened.session.execute(
        delete(IdempotencyKey).where(
            IdempotencyKey.tenant_id == opened.tenant_id, IdempotencyKey.expires_at < func.now()
        )
    )


async def _fingerprint(request: Request) -> bytes:
    digest = hashlib.sha256(request.url.query.encode() + b"\0")
    digest.update(await request.body())
    return digest.digest()


def _is_this(opened: OpenKey) -> Any:
    return (
        (IdempotencyKey.tenant_id == opened.tenant_id)
        & (IdempotencyKey.route == opened.route)
        & (IdempotencyKey.key == opened.key)
    )


async def _stored(opened: OpenKey, fingerprint: bytes) -> Response:
    found = await opened.session.scalars(select(IdempotencyKey).where(_is_this(opened)))
    row = found.one()
    if row.fingerprint != fingerprint:
        raise IdempotencyMismatchError("this Idempotency-Key belongs to a different request")
    body = opened.vault.decrypt(row.body, opened.place) if row.body else b""
    response = Response(body, row.status or 200)
    for name, value in row.headers:
        response.headers[name] = value
    response.headers[REPLAYED_HEADER] = "true"
    return response


async def finish(request: Request, response: Response) -> None:
    """Store the answer beside the work, before the transaction commits."""
    opened: OpenKey | None = getattr(request.state, "idempotency", None)
    if opened is None:
        return
    sealed = opened.vault.encrypt(bytes(response.body), opened.place)
    kept = [[name, value] for name, value in response.headers.items() if name in _KEPT_HEADERS]
    await opened.session.execute(
        update(IdempotencyKey)
        .where(_is_this(opened))
        .values(status=response.status_code, headers=kept, body=sealed)
    )
