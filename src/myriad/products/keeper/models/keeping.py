"""What an owner prefers, who saw whom, what was erased, and consents that were used."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, Time, text
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from myriad.products.keeper.models.columns import (
    SCHEMA,
    Cents,
    TenantKey,
    Word,
    Words,
    of_account,
    of_person,
)
from myriad.scale.data import Model, TenantModel, TimestampedModel
from myriad.scale.directory.models import Tenant


class Preference(TenantKey, TimestampedModel):
    """What the owner chose; an account without a row has the defaults.

    `closed_days` is a list of {day, name}; `opening_hours` maps ISO weekdays ("1" is Monday) to
    lists of {opens, closes}; `notify_emails` maps a member's id to kinds of messages.
    """

    __tablename__ = "preference"
    __table_args__ = (of_account(), {"schema": SCHEMA})

    takings_per_month: Mapped[Cents | None]
    calls_per_week: Mapped[int | None]
    quiet_start: Mapped[time | None] = mapped_column(Time)
    quiet_end: Mapped[time | None] = mapped_column(Time)
    urgent_may_pass: Mapped[bool] = mapped_column(server_default=text("true"))
    closed_days: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    public_holidays: Mapped[bool] = mapped_column(server_default=text("true"))
    opening_hours: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    staff_privacy: Mapped[Word] = mapped_column(server_default="own")
    control_group: Mapped[bool] = mapped_column(server_default=text("true"))
    reply_tone: Mapped[Word] = mapped_column(server_default="warm")
    notify_emails: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))


class ViewLog(TenantKey, Model):
    """Somebody looked at a person within an hour; `places` says where (page, api, export …)."""

    __tablename__ = "view_log"
    __table_args__ = (
        of_person(),
        Index(
            "ix_view_log_newest",
            "tenant_id",
            text("hour DESC"),
            text("person_id DESC"),
            text("actor_id DESC"),
        ),
        {"schema": SCHEMA},
    )

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    actor_id: Mapped[UUID] = mapped_column(primary_key=True)
    actor_kind: Mapped[Word]
    places: Mapped[Words]
    seen_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class ErasedKey(TenantKey, Model):
    """A keyed digest of an id outside (kind `customer` …) whose personal data stay erased."""

    __tablename__ = "erased_key"
    __table_args__ = (of_account(), {"schema": SCHEMA})

    kind: Mapped[Word] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(BYTEA, primary_key=True)
    erased_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Consent(TenantModel):
    """An answer of Square's to one consent; its state can be used once.

    The code is sealed by the vault and forgotten when it was used. `outcome` is waiting, granted
    or failed, with a `message` for the owner.
    """

    __tablename__ = "consent"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], [Tenant.id], ondelete="CASCADE"),
        Index("uq_consent_state", "tenant_id", "state_digest", unique=True),
        {"schema": SCHEMA},
    )

    state_digest: Mapped[bytes] = mapped_column(BYTEA)
    code_enc: Mapped[bytes | None] = mapped_column(BYTEA)
    outcome: Mapped[Word] = mapped_column(server_default="waiting")
    message: Mapped[Word | None]
    connection_id: Mapped[UUID | None]
    job_id: Mapped[UUID | None]
