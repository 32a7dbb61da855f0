"""Profiles as Square has them, and the persons that they turn out to be."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from myriad.products.keeper.models.columns import (
    SCHEMA,
    Cents,
    Count,
    Real,
    Small,
    TenantKey,
    Word,
    Words,
    of_account,
    of_person,
)
from myriad.scale.data import TenantModel, TimestampedModel


class Person(TenantModel):
    """A human being. The id is that of the oldest profile, so that undoing a link restores it.

    `merged_into_id` names the person that this one was found to be; None while it stands alone.
    """

    __tablename__ = "person"
    __table_args__ = (
        of_account(),
        of_person("merged_into_id", "SET NULL (merged_into_id)"),
        Index("ix_person_name", "tenant_id", "sort_name", "id"),
        Index("ix_person_merged", "tenant_id", "merged_into_id", postgresql_include=["id"]),
        {"schema": SCHEMA},
    )

    display_name: Mapped[Word] = mapped_column(server_default="")
    sort_name: Mapped[str] = mapped_column(Text(collation="C"), server_default="")
    email: Mapped[Word | None]
    phone: Mapped[Word | None]
    contact_allowed: Mapped[bool] = mapped_column(server_default=text("true"))
    merged_into_id: Mapped[UUID | None]


class PersonTerm(TenantKey, TimestampedModel):
    """A lower-case word, address or number by which a person is found.

    Searched by ranges in byte order: LIKE is no index condition under row security.
    """

    __tablename__ = "person_term"
    __table_args__ = (
        of_person(),
        Index("ix_person_term_person", "tenant_id", "person_id"),
        {"schema": SCHEMA},
    )

    term: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)


class Customer(TenantModel):
    """One profile in Square's directory. Birthdays keep what is known: the year may be missing."""

    __tablename__ = "customer"
    __table_args__ = (
        of_account(),
        of_person("person_id", "SET NULL (person_id)"),
        Index("uq_customer_ext_id", "tenant_id", "ext_id", unique=True),
        Index("ix_customer_person", "tenant_id", "person_id"),
        {"schema": SCHEMA},
    )

    ext_id: Mapped[Word]
    given_name: Mapped[Word | None]
    family_name: Mapped[Word | None]
    company_name: Mapped[Word | None]
    email: Mapped[Word | None]
    email_norm: Mapped[Word | None]
    email_unsubscribed: Mapped[bool] = mapped_column(server_default=text("false"))
    phone: Mapped[Word | None]
    phone_e164: Mapped[Word | None]
    birth_year: Mapped[Small | None]
    birth_month: Mapped[Small | None]
    birth_day: Mapped[Small | None]
    address_line: Mapped[Word | None]
    postcode: Mapped[Word | None]
    creation_source: Mapped[Word | None]
    version: Mapped[Count] = mapped_column(server_default="0")
    person_id: Mapped[UUID | None]
    merged_into_ext_id: Mapped[Word | None]
    deleted_at: Mapped[datetime | None]
    ext_created_at: Mapped[datetime | None]
    ext_updated_at: Mapped[datetime | None]


class IdentityLink(TenantModel):
    """A pair of profiles that may be one person, with its weight in bits and what speaks for it.

    `state` is one of proposed, auto_linked, linked, rejected, undone, vetoed.
    """

    __tablename__ = "identity_link"
    __table_args__ = (
        *(
            ForeignKeyConstraint(
                ["tenant_id", column],
                ["keeper.customer.tenant_id", "keeper.customer.id"],
                ondelete="CASCADE",
            )
            for column in ("left_customer_id", "right_customer_id")
        ),
        Index(
            "uq_identity_link_pair",
            "tenant_id",
            "left_customer_id",
            "right_customer_id",
            unique=True,
        ),
        Index("ix_identity_link_right", "tenant_id", "right_customer_id"),
        Index("ix_identity_link_state", "tenant_id", "state", "weight", "id"),
        {"schema": SCHEMA},
    )

    left_customer_id: Mapped[UUID]
    right_customer_id: Mapped[UUID]
    weight: Mapped[Real]
    probability: Mapped[Real]
    method: Mapped[Word]
    evidence: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    state: Mapped[Word]
    veto_reason: Mapped[Word | None]
    decided_by: Mapped[Word | None]
    decided_at: Mapped[datetime | None]


class Visit(TenantKey, TimestampedModel):
    """One local day on which a person came; `net` is paid less refunded, tips excluded."""

    __tablename__ = "visit"
    __table_args__ = (
        of_person(),
        Index("ix_visit_day", "tenant_id", "local_date", "person_id"),
        {"schema": SCHEMA},
    )

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    local_date: Mapped[date] = mapped_column(primary_key=True)
    net: Mapped[Cents] = mapped_column(server_default="0")
    services: Mapped[Words]
    staff: Mapped[Words]
