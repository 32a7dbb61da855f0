"""The account, its connection to Square, and how far the data was read."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from myriad.products.keeper.models.columns import (
    SCHEMA,
    Cents,
    Count,
    Day,
    TenantKey,
    Word,
    Words,
    of_account,
)
from myriad.scale.data import TenantModel, TimestampedModel
from myriad.scale.directory.models import Tenant


class Account(TenantKey, TimestampedModel):
    """One business that uses Keeper; its zone is that of `platform.tenant`.

    `business_date` is the day that the last run of the agents looked at, None before the first.
    `vertical_source` says where the trade comes from: `default`, `square` (of `category_code`, the
    merchant category code of most locations) or `owner`.
    `network_opt_in` says whether its figures may enter the pool that peers compare with.
    """

    __tablename__ = "account"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], [Tenant.id], ondelete="CASCADE"),
        {"schema": SCHEMA},
    )

    vertical: Mapped[Word] = mapped_column(server_default="spa")
    vertical_source: Mapped[Word] = mapped_column(server_default="default")
    category_code: Mapped[Word | None]
    currency: Mapped[Word] = mapped_column(server_default="USD")
    size_band: Mapped[Word] = mapped_column(server_default="small")
    business_date: Mapped[Day | None]
    network_opt_in: Mapped[bool] = mapped_column(server_default=text("false"))
    settings: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))


class Connection(TenantModel):
    """A seller's permission to read; tokens are sealed by the vault, bound to (tenant, merchant).

    `plan_flags` holds what the seller's plan allows (`bookings`: all, own or none). `notice` is
    what the owner should know, None when all is well.
    """

    __tablename__ = "connection"
    __table_args__ = (
        of_account(),
        Index("uq_connection_merchant", "tenant_id", "provider", "merchant_id", unique=True),
        Index("ix_connection_merchant", "provider", "merchant_id", "tenant_id"),
        {"schema": SCHEMA},
    )

    provider: Mapped[Word] = mapped_column(server_default="square")
    merchant_id: Mapped[Word]
    merchant_name: Mapped[Word] = mapped_column(server_default="")
    base_url: Mapped[Word]
    access_token_enc: Mapped[bytes | None]
    refresh_token_enc: Mapped[bytes | None]
    scopes: Mapped[Words]
    expires_at: Mapped[datetime | None]
    refreshed_at: Mapped[datetime | None]
    status: Mapped[Word] = mapped_column(server_default="pending")
    plan_flags: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    notice: Mapped[Word | None]


class SyncCursor(TenantKey, TimestampedModel):
    """How far one kind of object is read, at one location or (empty text) for all of them.

    While `phase` is backfill, `window_start` and `window_end` bound the window in hand and
    `cursor` is Square's own page mark; `watermark` is the newest change seen.
    """

    __tablename__ = "sync_cursor"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["keeper.connection.tenant_id", "keeper.connection.id"],
            ondelete="CASCADE",
        ),
        {"schema": SCHEMA},
    )

    connection_id: Mapped[UUID] = mapped_column(primary_key=True)
    object: Mapped[Word] = mapped_column(primary_key=True)
    location_ext_id: Mapped[Word] = mapped_column(primary_key=True, server_default="")
    phase: Mapped[Word] = mapped_column(server_default="backfill")
    watermark: Mapped[datetime | None]
    cursor: Mapped[Word | None]
    window_start: Mapped[datetime | None]
    window_end: Mapped[datetime | None]
    last_ok_at: Mapped[datetime | None]
    rows: Mapped[Count] = mapped_column(server_default="0")
    lag_seconds: Mapped[Count | None]
    error: Mapped[Word | None]


class WebhookEvent(TenantKey, TimestampedModel):
    """One verified event from Square; a second arrival of the same `event_id` changes nothing."""

    __tablename__ = "webhook_event"
    __table_args__ = (
        of_account(),
        Index("ix_webhook_event_received", "tenant_id", "received_at"),
        {"schema": SCHEMA},
    )

    event_id: Mapped[Word] = mapped_column(primary_key=True)
    type: Mapped[Word]
    body: Mapped[dict[str, Any]]
    received_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    processed_at: Mapped[datetime | None]
    outcome: Mapped[Word | None]


class Quarantine(TenantModel):
    """An object that makes no sense (refund above its payment, mixed currency …), kept apart."""

    __tablename__ = "quarantine"
    __table_args__ = (
        of_account(),
        Index("uq_quarantine_object", "tenant_id", "object", "ext_id", "reason", unique=True),
        {"schema": SCHEMA},
    )

    object: Mapped[Word]
    ext_id: Mapped[Word]
    reason: Mapped[Word]
    body: Mapped[dict[str, Any]]
    seen_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class DayTotal(TenantKey, TimestampedModel):
    """Our total and Square's of one closed day at one location; `drift` is ours minus Square's."""

    __tablename__ = "day_total"
    __table_args__ = (of_account(), {"schema": SCHEMA})

    location_ext_id: Mapped[Word] = mapped_column(primary_key=True)
    local_date: Mapped[date] = mapped_column(primary_key=True)
    ours: Mapped[Cents]
    square: Mapped[Cents]
    drift: Mapped[Cents]
    checked_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
