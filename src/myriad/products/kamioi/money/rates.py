"""Rates between currencies as persons state them: none is fetched, none is guessed.

The last one of each pair is kept. By it, or by its inverse, sums are compared in the programme's
currency (`kamioi.programme_rate`).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from myriad.kit.errors import InvalidInputError
from myriad.kit.money import minor_digits
from myriad.products.kamioi.repository.sql import execute
from myriad.scale.data import Session

_MOST_RATE = Decimal(1_000_000)
Currency = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]


class StatedRate(BaseModel):
    """What one unit of `currency` is in `into_currency`, and who says so."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    currency: Currency
    into_currency: Currency
    rate: Decimal = Field(gt=0, le=_MOST_RATE, decimal_places=10)
    source: str = Field(min_length=3, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")

    def minor_rate(self) -> Decimal:
        """Return the rate between smallest units.

        Raises InvalidInputError for one currency on both sides.
        """
        if self.currency == self.into_currency:
            raise InvalidInputError("a rate leads from one currency to another one")
        return self.rate.scaleb(minor_digits(self.into_currency) - minor_digits(self.currency))


async def put_rate(
    session: Session, stated: StatedRate, last_on: date, stated_by: UUID | None
) -> None:
    """Keep a rate as the last one of its pair, unless one for a later day was stated.

    `last_on` is the last day that it was stated for. Raises InvalidInputError as `minor_rate` does.
    """
    await execute(
        session,
        "put_rate",
        currency=stated.currency,
        into_currency=stated.into_currency,
        rate=stated.rate,
        minor_rate=stated.minor_rate(),
        source=stated.source,
        last_on=last_on,
        stated_by=stated_by,
    )
