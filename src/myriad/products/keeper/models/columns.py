"""Column types and constraints that Keeper's tables share."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from sqlalchemy import BigInteger, Date, Double, ForeignKeyConstraint, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

SCHEMA = "keeper"

Cents = Annotated[int, mapped_column(BigInteger)]
"""Money in the smallest unit of the row's currency."""

Count = Annotated[int, mapped_column(BigInteger)]
Small = Annotated[int, mapped_column(SmallInteger)]
Word = Annotated[str, mapped_column(Text)]
Day = Annotated[date, mapped_column(Date)]
Real = Annotated[float, mapped_column(Double)]
Words = Annotated[list[str], mapped_column(ARRAY(Text), server_default=text("'{}'"))]


class TenantKey:
    """The column that leads the key of a table whose own key is not an `id`."""

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-10)


def of_account() -> ForeignKeyConstraint:
    """Return the tie to the account: rows leave with it."""
    return ForeignKeyConstraint(["tenant_id"], ["keeper.account.tenant_id"], ondelete="CASCADE")


def of_person(column: str = "person_id", ondelete: str = "CASCADE") -> ForeignKeyConstraint:
    """Return the tie to a person of the same tenant."""
    return ForeignKeyConstraint(
        ["tenant_id", column],
        ["keeper.person.tenant_id", "keeper.person.id"],
        ondelete=ondelete,
    )
