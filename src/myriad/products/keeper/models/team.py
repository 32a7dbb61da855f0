"""Figures of staff, and which signed-in user is which member of staff."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Integer, LargeBinary, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from myriad.products.keeper.models.columns import (
    SCHEMA,
    Day,
    TenantKey,
    Word,
    Words,
    of_account,
)
from myriad.scale.data import TimestampedModel
from myriad.scale.directory.models import Membership

Packed = Annotated[bytes, mapped_column(LargeBinary, server_default=text("''"))]
"""Records of a fixed size, one after the other."""

Places = Annotated[list[int], mapped_column(ARRAY(Integer), server_default=text("'{}'"))]


def _of_member() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["tenant_id", "team_member_id"],
        ["keeper.team_member.tenant_id", "keeper.team_member.id"],
        ondelete="CASCADE",
    )


class StaffFigures(TenantKey, TimestampedModel):
    """All figures of one member in one period, which the view `staff_metrics` shows one by one.

    Hidden ones hold `n` and `reason` alone. `shrunk` with `lo` and `hi` is the value drawn towards
    the team with its 90 % interval, `ratio` observed over expected by service mix, `peer` the
    team's mean and band, `parts` the services that weigh most. `basis` is a sign of the settled
    past that a period was made from.
    """

    __tablename__ = "staff_figures"
    __table_args__ = (
        CheckConstraint("period IN ('days_90', 'days_365', 'month')", name="period"),
        _of_member(),
        {"schema": SCHEMA},
    )

    period: Mapped[Word] = mapped_column(primary_key=True)
    period_start: Mapped[date] = mapped_column(primary_key=True)
    team_member_id: Mapped[UUID] = mapped_column(primary_key=True)
    period_end: Mapped[Day]
    figures: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    basis: Mapped[Word] = mapped_column(server_default="")


class TeamDay(TenantKey, TimestampedModel):
    """What one day holds of the team, in records that `team/packing.py` describes, by kind.

    `updated_at` is when the contents changed, not when they were last looked at.
    """

    __tablename__ = "team_day"
    __table_args__ = (of_account(), {"schema": SCHEMA})

    local_date: Mapped[date] = mapped_column(primary_key=True)
    visits: Mapped[Packed]
    appointments: Mapped[Packed]
    bookings: Mapped[Packed]
    sales: Mapped[Packed]
    shifts: Mapped[Packed]
    cards: Mapped[Packed]
    services: Mapped[Packed]
    names: Mapped[Packed]


class TeamState(TenantKey, TimestampedModel):
    """How far the kept days of the team have come, and what they were made with.

    Only ever a shortcut: without the row every day is counted anew. `places` are the zones of the
    locations, `words` what the records name by place, `services` what was booked, `people` whose
    person each profile was (32 bytes each, in order).
    """

    __tablename__ = "team_state"
    __table_args__ = (of_account(), {"schema": SCHEMA})

    business_date: Mapped[Day]
    noted_at: Mapped[datetime]
    whole_on: Mapped[Day]
    places: Mapped[Word]
    words: Mapped[Words]
    services: Mapped[Places]
    people: Mapped[Packed]


class StaffLink(TenantKey, TimestampedModel):
    """A signed-in user is this member of staff, as the owner said; leaves with the membership."""

    __tablename__ = "staff_link"
    __table_args__ = (
        _of_member(),
        ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            [Membership.tenant_id, Membership.user_id],
            ondelete="CASCADE",
        ),
        Index("uq_staff_link_user", "tenant_id", "user_id", unique=True),
        {"schema": SCHEMA},
    )

    team_member_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    linked_by: Mapped[UUID | None]
