"""Shops for the tests of agents, queries and commands."""

from __future__ import annotations

import pytest

from myriad.scale.runtime import Runtime
from tests.fixtures.database import TwoTenants
from tests.products.keeper.ledger import Shop, fill


@pytest.fixture
async def shop(runtime: Runtime, tenants: TwoTenants) -> Shop:
    """An open account without customers."""
    return await Shop.open(runtime, tenants.first)


@pytest.fixture
async def other_shop(runtime: Runtime, tenants: TwoTenants) -> Shop:
    """Another tenant's account."""
    return await Shop.open(runtime, tenants.second)


@pytest.fixture
async def busy_shop(shop: Shop) -> Shop:
    """An account with sixty customers and a year of sales."""
    await fill(shop)
    return shop
