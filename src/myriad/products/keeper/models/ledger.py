"""What Square says happened: locations, staff, payments, refunds, orders, bookings.

Objects point at each other by Square's ids and may arrive in any order, so these are no foreign
keys. Enumerations are kept as Square sends them: an unknown value is stored, not refused.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from myriad.products.keeper.models.columns import (
    SCHEMA,
    Cents,
    Count,
    Day,
    Real,
    TenantKey,
    Word,
    of_account,
)
from myriad.scale.data import TenantModel, TimestampedModel


class Location(TenantModel):
    """A place of business; its zone decides the local day of what happens there."""

    __tablename__ = "location"
    __table_args__ = (
        of_account(),
        Index("uq_location_ext_id", "tenant_id", "ext_id", unique=True),
        {"schema": SCHEMA},
    )

    ext_id: Mapped[Word]
    name: Mapped[Word] = mapped_column(server_default="")
    timezone: Mapped[Word | None]
    currency: Mapped[Word | None]
    country: Mapped[Word | None]
    status: Mapped[Word | None]
    mcc: Mapped[Word | None]


class TeamMember(TenantModel):
    """A person who works for the business."""

    __tablename__ = "team_member"
    __table_args__ = (
        of_account(),
        Index("uq_team_member_ext_id", "tenant_id", "ext_id", unique=True),
        {"schema": SCHEMA},
    )

    ext_id: Mapped[Word]
    given_name: Mapped[Word | None]
    family_name: Mapped[Word | None]
    status: Mapped[Word | None]


class Timecard(TenantModel):
    """One stretch of work of a team member, and how long of it they were on a break."""

    __tablename__ = "timecard"
    __table_args__ = (
        of_account(),
        Index("uq_timecard_ext_id", "tenant_id", "ext_id", unique=True),
        Index("ix_timecard_start", "tenant_id", "start_at"),
        Index("ix_timecard_updated", "tenant_id", "updated_at"),
        {"schema": SCHEMA},
    )

    ext_id: Mapped[Word]
    team_member_ext_id: Mapped[Word | None]
    location_ext_id: Mapped[Word | None]
    start_at: Mapped[datetime | None]
    end_at: Mapped[datetime | None]
    status: Mapped[Word | None]
    break_seconds: Mapped[Count] = mapped_column(server_default="0")


class Payment(TenantModel):
    """One payment. `amount` excludes the tip; `refunded` is what went back so far."""

    __tablename__ = "payment"
    __table_args__ = (
        of_account(),
        Index("uq_payment_ext_id", "tenant_id", "ext_id", unique=True),
        Index(
            "ix_payment_day",
            "tenant_id",
            "local_date",
            postgresql_include=["amount", "refunded", "status"],
        ),
        Index("ix_payment_customer", "tenant_id", "customer_ext_id", "local_date"),
        Index("ix_payment_order", "tenant_id", "order_ext_id"),
        Index("ix_payment_updated", "tenant_id", "updated_at"),
        Index(
            "ix_payment_given_back",
            "tenant_id",
            "ext_updated_at",
            postgresql_where=text("refunded > 0"),
        ),
        Index(
            "ix_payment_card",
            "tenant_id",
            "customer_ext_id",
            "card_fingerprint",
            postgresql_where=text("card_fingerprint IS NOT NULL AND customer_ext_id IS NOT NULL"),
        ),
        {"schema": SCHEMA},
    )

    ext_id: Mapped[Word]
    customer_ext_id: Mapped[Word | None]
    order_ext_id: Mapped[Word | None]
    location_ext_id: Mapped[Word | None]
    team_member_ext_id: Mapped[Word | None]
    amount: Mapped[Cents]
    tip: Mapped[Cents] = mapped_column(server_default="0")
    refunded: Mapped[Cents] = mapped_column(server_default="0")
    currency: Mapped[Word]
    status: Mapped[Word]
    source_type: Mapped[Word | None]
    card_fingerprint: Mapped[Word | None]
    local_date: Mapped[Day]
    ext_created_at: Mapped[datetime]
    ext_updated_at: Mapped[datetime]


class Refund(TenantModel):
    """Money given back for a payment."""

    __tablename__ = "refund"
    __table_args__ = (
        of_account(),
        Index("uq_refund_ext_id", "tenant_id", "ext_id", unique=True),
        Index("ix_refund_payment", "tenant_id", "payment_ext_id"),
        Index("ix_refund_day", "tenant_id", "local_date"),
        {"schema": SCHEMA},
    )

    ext_id: Mapped[Word]
    payment_ext_id: Mapped[Word | None]
    location_ext_id: Mapped[Word | None]
    amount: Mapped[Cents]
    currency: Mapped[Word]
    status: Mapped[Word]
    local_date: Mapped[Day]
    ext_created_at: Mapped[datetime]
    ext_updated_at: Mapped[datetime]


class SalesOrder(TenantModel):
    """One order; its lines say what was sold."""

    __tablename__ = "sales_order"
    __table_args__ = (
        of_account(),
        Index("uq_sales_order_ext_id", "tenant_id", "ext_id", unique=True),
        Index("ix_sales_order_customer", "tenant_id", "customer_ext_id", "local_date"),
        Index("ix_sales_order_day", "tenant_id", "local_date"),
        Index("ix_sales_order_updated", "tenant_id", "updated_at"),
        {"schema": SCHEMA},
    )

    ext_id: Mapped[Word]
    customer_ext_id: Mapped[Word | None]
    location_ext_id: Mapped[Word | None]
    state: Mapped[Word]
    total: Mapped[Cents] = mapped_column(server_default="0")
    currency: Mapped[Word]
    local_date: Mapped[Day]
    ext_created_at: Mapped[datetime]
    ext_updated_at: Mapped[datetime]
    version: Mapped[Count] = mapped_column(server_default="0")


class OrderLine(TenantKey, TimestampedModel):
    """One line of an order; `net` is after discounts and before tax."""

    __tablename__ = "order_line"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "order_ext_id"],
            ["keeper.sales_order.tenant_id", "keeper.sales_order.ext_id"],
            ondelete="CASCADE",
        ),
        {"schema": SCHEMA},
    )

    order_ext_id: Mapped[Word] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    catalog_ext_id: Mapped[Word | None]
    name: Mapped[Word] = mapped_column(server_default="")
    quantity: Mapped[Real] = mapped_column(server_default="1")
    net: Mapped[Cents] = mapped_column(server_default="0")
    category: Mapped[Word | None]


class Booking(TenantModel):
    """One appointment; `segments` lists its services with who does them and for how long."""

    __tablename__ = "booking"
    __table_args__ = (
        of_account(),
        Index("uq_booking_ext_id", "tenant_id", "ext_id", unique=True),
        Index("ix_booking_start", "tenant_id", "start_at"),
        Index("ix_booking_updated", "tenant_id", "updated_at"),
        Index("ix_booking_day", "tenant_id", "local_date"),
        Index("ix_booking_customer", "tenant_id", "customer_ext_id", "start_at"),
        {"schema": SCHEMA},
    )

    ext_id: Mapped[Word]
    customer_ext_id: Mapped[Word | None]
    location_ext_id: Mapped[Word | None]
    status: Mapped[Word]
    start_at: Mapped[datetime]
    local_date: Mapped[Day]
    segments: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    source: Mapped[Word | None]
    any_team_member: Mapped[bool] = mapped_column(server_default=text("false"))
    version: Mapped[Count] = mapped_column(server_default="0")
    ext_created_at: Mapped[datetime | None]
    ext_updated_at: Mapped[datetime | None]
