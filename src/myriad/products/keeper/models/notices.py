"""Notices: what people are told, and how each of them was told."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from myriad.products.keeper.models.columns import SCHEMA, Small, Word, of_account, of_person
from myriad.scale.data import TenantModel


class NoticeRow(TenantModel):
    """Something that people should know; at most one for a `dedup_key`.

    `level` is urgent, high or normal; `audience` everyone or owner. `review_id` names the review
    that it speaks of. `cleared_at` says that it has settled itself before anybody looked.
    """

    __tablename__ = "notice"
    __table_args__ = (
        CheckConstraint("level IN ('urgent', 'high', 'normal')", name="level"),
        CheckConstraint("audience IN ('everyone', 'owner')", name="audience"),
        of_account(),
        of_person(),
        Index("uq_notice_dedup_key", "tenant_id", "dedup_key", unique=True),
        Index("ix_notice_person", "tenant_id", "person_id"),
        Index(
            "ix_notice_unseen",
            "tenant_id",
            text("id DESC"),
            postgresql_where=text("seen_at IS NULL AND cleared_at IS NULL"),
        ),
        {"schema": SCHEMA},
    )

    dedup_key: Mapped[Word]
    kind: Mapped[Word]
    level: Mapped[Word]
    audience: Mapped[Word] = mapped_column(server_default="everyone")
    title: Mapped[Word]
    detail: Mapped[Word] = mapped_column(server_default="")
    href: Mapped[Word] = mapped_column(server_default="")
    person_id: Mapped[UUID | None]
    review_id: Mapped[UUID | None]
    seen_at: Mapped[datetime | None]
    seen_by: Mapped[Word | None]
    cleared_at: Mapped[datetime | None]


class NoticeDelivery(TenantModel):
    """One notice to one person by one channel.

    `form` is own (a message of its own) or digest (one of many in the day's message); `state` is
    waiting, sent, failed or skipped. `provider_id` is the Message-ID; `error` an SMTP code or a
    word, never an address.
    """

    __tablename__ = "notice_delivery"
    __table_args__ = (
        CheckConstraint("channel IN ('mail')", name="channel"),
        CheckConstraint("form IN ('own', 'digest')", name="form"),
        CheckConstraint("state IN ('waiting', 'sent', 'failed', 'skipped')", name="state"),
        ForeignKeyConstraint(
            ["tenant_id", "notice_id"],
            ["keeper.notice.tenant_id", "keeper.notice.id"],
            ondelete="CASCADE",
        ),
        Index(
            "uq_notice_delivery_notice",
            "tenant_id",
            "notice_id",
            "user_id",
            "channel",
            unique=True,
        ),
        Index("ix_notice_delivery_user", "tenant_id", "user_id", "state", "due_at"),
        {"schema": SCHEMA},
    )

    notice_id: Mapped[UUID]
    channel: Mapped[Word]
    user_id: Mapped[UUID]
    form: Mapped[Word] = mapped_column(server_default="own")
    state: Mapped[Word] = mapped_column(server_default="waiting")
    attempts: Mapped[Small] = mapped_column(server_default="0")
    provider_id: Mapped[Word | None]
    error: Mapped[Word | None]
    due_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    sent_at: Mapped[datetime | None]
