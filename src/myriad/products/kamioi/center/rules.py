"""How much may hang on a string that one person decides alone."""

from __future__ import annotations

from dataclasses import dataclass

from myriad.kit.errors import InvalidInputError
from myriad.products.kamioi.repository.sql import execute, get
from myriad.scale.data import ReadSession, Session

# 500,000 smallest units, such as $5,000.00, until the owner of the programme says another sum.
SECOND_PERSON_MINOR = 500_000
_MOST = 10**12


@dataclass(frozen=True, slots=True)
class CenterRule:
    """Above `second_person_minor` of purchases at a string two persons decide; None: never.

    It is in smallest units of the programme's currency.
    """

    second_person_minor: int | None
    version: int = 0


async def get_rule(session: ReadSession) -> CenterRule:
    """Return the rule of the tenant's programme."""
    row = await get(session, "get_center_rule", otherwise=SECOND_PERSON_MINOR)
    return CenterRule(row["second_person_minor"], row["version"])


async def put_rule(session: Session, second_person_minor: int | None) -> None:
    """Change the sum; None lets one person decide everything. Raises InvalidInputError."""
    if second_person_minor is not None and not 0 <= second_person_minor <= _MOST:
        expected = f"a whole number of smallest units from 0 to {_MOST}, or null"
        raise InvalidInputError(
            f"the sum above which two decide is {expected}", [("/second_person_minor", expected)]
        )
    await execute(session, "put_center_rule", second_person_minor=second_person_minor)
