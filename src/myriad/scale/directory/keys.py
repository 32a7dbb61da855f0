"""API keys: shown once, kept as a hash, scoped, expiring, revocable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update

from myriad.kit.clock import utc_now
from myriad.kit.errors import ForbiddenError, InvalidInputError, NotFoundError
from myriad.kit.ids import new_id
from myriad.scale.data import ReadSession, Session
from myriad.scale.directory.audit import record_event
from myriad.scale.directory.models import ApiKey
from myriad.scale.directory.principal import SCOPES, Principal, Role
from myriad.scale.directory.tokens import API_KEY_PREFIX, hash_token, new_token
from myriad.scale.tenancy import TenantId

DEFAULT_LIFETIME = timedelta(days=365)
_SHOWN_CHARACTERS = len(API_KEY_PREFIX) + 6


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key; `token` cannot be shown again."""

    id: UUID
    token: str


async def issue_api_key(
    session: Session,
    tenant_id: TenantId,
    *,
    name: str,
    role: Role = Role.STAFF,
    scopes: Iterable[str] = SCOPES,
    lifetime: timedelta | None = DEFAULT_LIFETIME,
    actor: Principal | None = None,
) -> IssuedKey:
    """Make a key for the session's tenant; `lifetime` None never expires.

    Raises InvalidInputError for an unknown scope or a member's role (a key acts for the tenant, a
    member for themselves), ForbiddenError when staff ask for an owner's key or a program asks for
    any.
    """
    wanted = frozenset(scopes)
    if not wanted or wanted - SCOPES:
        expected = "one or both of read and write"
        raise InvalidInputError(f"a key's scopes are {expected}", [("/scopes", expected)])
    if role is Role.MEMBER:
        expected = "owner or staff"
        raise InvalidInputError(f"a key's role is {expected}", [("/role", expected)])
    if actor is not None and not actor.is_owner:
        raise ForbiddenError("only an owner may issue keys")
    issued = IssuedKey(new_id(), new_token(API_KEY_PREFIX))
    session.add(
        ApiKey(
            tenant_id=tenant_id,
            id=issued.id,
            name=name,
            prefix=issued.token[:_SHOWN_CHARACTERS],
            token_hash=hash_token(issued.token),
            role=role.value,
            scopes=sorted(wanted),
            created_by=actor.id if actor and actor.kind == "user" else None,
            expires_at=utc_now() + lifetime if lifetime is not None else None,
        )
    )
    record_event(session, tenant_id, "api_key.issued", actor=actor, subject=str(issued.id))
    await session.flush()
    return issued


async def list_api_keys(session: ReadSession) -> Sequence[ApiKey]:
    """Return the tenant's keys, newest first; the secrets are not among what is known."""
    return (await session.scalars(select(ApiKey).order_by(ApiKey.id.desc()))).all()


async def revoke_api_key(session: Session, principal: Principal, key_id: UUID) -> None:
    """End a key of the caller's tenant at once, or raise NotFoundError; twice is no error."""
    found = await session.scalar(
        update(ApiKey)
        .where(ApiKey.tenant_id == principal.tenant_id, ApiKey.id == key_id)
        .values(revoked_at=utc_now())
        .returning(ApiKey.id)
    )
    if found is None:
        raise NotFoundError("there is no such API key")
    record_event(
        session, principal.tenant_id, "api_key.revoked", actor=principal, subject=str(key_id)
    )
