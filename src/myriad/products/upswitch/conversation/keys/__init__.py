"""What can be known of a company being valued: every fact's key, what it means and its bounds.

A key is the path of a field in the engine's inputs (`inputs.schema.json`), such as
`input_sheet.revenues`; figures of one financial year under `market_approach.history.` are told
apart by the fact's period. Keys under `normalisation.` are ours: they become the adjustments of a
year. Amounts are in EUR, one by one; shares and rates are fractions.

Where nothing was said the default holds; it is an assumption with its source and its day. A
default of None means that the engine has its own way (`otherwise` tells which) or goes without.
"""

from __future__ import annotations

from collections.abc import Iterator

from myriad.kit.errors import InvalidInputError
from myriad.products.upswitch.conversation.keys.assumptions import ASSUMPTIONS
from myriad.products.upswitch.conversation.keys.figures import (
    FIGURES,
    HISTORY,
    NORMALISATION,
    OPERATING_INCOME,
    REVENUES,
    YEARS,
)
from myriad.products.upswitch.conversation.keys.key import Group, Key, Kind
from myriad.products.upswitch.conversation.keys.outlook import (
    DILIGENCE,
    MARKET_PAY,
    OUTLOOK,
    OWNER_PAY,
    SECTOR,
)

__all__ = [
    "HISTORY",
    "KEYS",
    "MARKET_PAY",
    "OPERATING_INCOME",
    "OWNER_PAY",
    "REVENUES",
    "SECTOR",
    "Group",
    "Key",
    "Kind",
    "UnknownFactError",
    "key_of",
    "keys_in",
]


class UnknownFactError(InvalidInputError):
    """No fact has that key."""

    code = "upswitch_unknown_fact"
    title = "Unknown fact"


KEYS: dict[str, Key] = {
    key.name: key for key in (*FIGURES, *YEARS, *NORMALISATION, *OUTLOOK, *DILIGENCE, *ASSUMPTIONS)
}


def key_of(name: str) -> Key:
    """Return the key of that name; raises UnknownFactError."""
    found = KEYS.get(name)
    if found is None:
        raise UnknownFactError(
            f"there is no fact {name!r}; GET /api/v1/upswitch/facts lists the keys",
            [("/key", "a documented key")],
        )
    return found


def keys_in(group: Group) -> Iterator[Key]:
    """Yield the keys of a group, in the order in which people read them."""
    return (key for key in KEYS.values() if key.group == group)
