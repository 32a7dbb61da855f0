"""The tables of the directory, in schema `platform`."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from myriad.scale.data import Model, TimestampedModel

_SCHEMA = {"schema": "platform"}
_TENANT = "platform.tenant.id"
_USER = "platform.user_account.id"


class Tenant(TimestampedModel):
    """A customer of this installation; every row of a product belongs to one."""

    __tablename__ = "tenant"
    __table_args__ = (
        CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{1,62}$'", name="slug"),
        CheckConstraint("length(name) BETWEEN 1 AND 200", name="name"),
        CheckConstraint("status IN ('active', 'suspended')", name="status"),
        _SCHEMA,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    slug: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    timezone: Mapped[str] = mapped_column(Text, server_default="UTC")
    plan: Mapped[str] = mapped_column(Text, server_default="standard")
    status: Mapped[str] = mapped_column(Text, server_default="active")


class UserAccount(TimestampedModel):
    """A person who signs in; may belong to several tenants."""

    __tablename__ = "user_account"
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email"),
        CheckConstraint("length(name) BETWEEN 1 AND 200", name="name"),
        _SCHEMA,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    email: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str | None] = mapped_column(Text)
    is_operator: Mapped[bool] = mapped_column(server_default=text("false"))
    disabled_at: Mapped[datetime | None]


class Membership(Model):
    """A user's role in one tenant."""

    __tablename__ = "membership"
    __table_args__ = (
        CheckConstraint("role IN ('owner', 'staff', 'member')", name="role"),
        Index(None, "user_id"),
        _SCHEMA,
    )

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey(_TENANT, ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[UUID] = mapped_column(ForeignKey(_USER, ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Invitation(Model):
    """A link that lets one person in, once; only its token's hash is kept."""

    __tablename__ = "invitation"
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email"),
        CheckConstraint("length(name) BETWEEN 1 AND 200", name="name"),
        CheckConstraint("role IN ('member', 'staff')", name="role"),
        CheckConstraint("length(token_hash) = 32", name="token_hash"),
        Index(
            "uq_invitation_open",
            "tenant_id",
            "email",
            "about",
            unique=True,
            postgresql_where=text("accepted_at IS NULL"),
        ),
        Index(None, "tenant_id", "accepted_by"),
        _SCHEMA,
    )

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey(_TENANT, ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    email: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    about: Mapped[str] = mapped_column(Text, server_default="")
    token_hash: Mapped[bytes] = mapped_column(BYTEA, unique=True)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey(_USER, ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    accepted_by: Mapped[UUID | None] = mapped_column(ForeignKey(_USER, ondelete="SET NULL"))


class LoginSession(Model):
    """A browser that is signed in; the token itself is known to the browser only."""

    __tablename__ = "login_session"
    __table_args__ = (
        CheckConstraint("length(token_hash) = 32", name="token_hash"),
        Index(None, "user_id"),
        Index(None, "current_tenant_id"),
        _SCHEMA,
    )

    token_hash: Mapped[bytes] = mapped_column(BYTEA, primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey(_USER, ondelete="CASCADE"))
    current_tenant_id: Mapped[UUID | None] = mapped_column(ForeignKey(_TENANT, ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    last_seen_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime]


class SignInThrottle(Model):
    """Failed sign-ins for one e-mail address, whether or not somebody has it."""

    __tablename__ = "sign_in_throttle"
    __table_args__ = (Index(None, "failed_at"), _SCHEMA)

    email_digest: Mapped[bytes] = mapped_column(BYTEA, primary_key=True)
    failures: Mapped[int]
    blocked_until: Mapped[datetime | None]
    failed_at: Mapped[datetime]


class ApiKey(Model):
    """A key for programs; only its hash and its first characters are kept."""

    __tablename__ = "api_key"
    __table_args__ = (
        CheckConstraint("length(name) BETWEEN 1 AND 200", name="name"),
        CheckConstraint("length(token_hash) = 32", name="token_hash"),
        CheckConstraint("role IN ('owner', 'staff')", name="role"),
        CheckConstraint("scopes <@ ARRAY['read', 'write']", name="scopes"),
        Index(None, "tenant_id", "created_by"),
        _SCHEMA,
    )

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey(_TENANT, ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    name: Mapped[str] = mapped_column(Text)
    prefix: Mapped[str] = mapped_column(Text)
    token_hash: Mapped[bytes] = mapped_column(BYTEA, unique=True)
    role: Mapped[str] = mapped_column(Text)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey(_USER, ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class AuditEvent(Model):
    """Something that somebody did and that stays written: the table takes inserts only."""

    __tablename__ = "audit_event"
    __table_args__ = (
        CheckConstraint("actor_kind IN ('user', 'key', 'system')", name="actor_kind"),
        _SCHEMA,
    )

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey(_TENANT, ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    occurred_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    actor_kind: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[UUID | None]
    action: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text, server_default="")
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))


class IdempotencyKey(Model):
    """A request that was answered once, and its answer for whoever asks again."""

    __tablename__ = "idempotency_key"
    __table_args__ = (
        CheckConstraint("length(key) BETWEEN 1 AND 255", name="key"),
        Index(None, "tenant_id", "expires_at"),
        _SCHEMA,
    )

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey(_TENANT, ondelete="CASCADE"), primary_key=True
    )
    route: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(BYTEA)
    status: Mapped[int | None]
    headers: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    body: Mapped[bytes | None] = mapped_column(BYTEA)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime]
