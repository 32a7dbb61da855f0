"""Letting people go: what every product puts right when a membership ends."""

from __future__ import annotations

from uuid import UUID

from myriad.apps.products import PRODUCTS
from myriad.scale.data import Database
from myriad.scale.directory import Leaving, Left, Principal, remove_member
from myriad.scale.manifest import load


def leavings() -> list[Leaving]:
    """Return what the products of this installation do when somebody leaves."""
    return [load(product.leaving) for product in PRODUCTS if product.leaving]


async def let_go(
    database: Database, caller: Principal, user_id: UUID, *, revokes_keys: bool = True
) -> Left:
    """Take a membership of the caller's account away, in every product; only an owner may.

    Raises what `remove_member` of the directory raises.
    """
    return await remove_member(
        database, caller, user_id, also=leavings(), revokes_keys=revokes_keys
    )
