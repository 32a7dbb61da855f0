"""Two programmes, of two tenants."""

from __future__ import annotations

import pytest

from myriad.scale.directory import Principal, Role, find_principal_by_key
from myriad.scale.runtime import Runtime
from tests.fixtures.app import create_person
from tests.fixtures.database import TwoTenants
from tests.products.kamioi.money.programme import Programme


@pytest.fixture
def programme(runtime: Runtime, tenants: TwoTenants) -> Programme:
    """The programme that a test is about."""
    return Programme(runtime, tenants.first)


@pytest.fixture
def other_programme(runtime: Runtime, tenants: TwoTenants) -> Programme:
    """That of somebody else."""
    return Programme(runtime, tenants.second)


@pytest.fixture
async def caller(runtime: Runtime, tenants: TwoTenants) -> Principal:
    """Somebody who operates the installation and owns the first programme."""
    person = await create_person(runtime, tenants.first, Role.OWNER, is_operator=True)
    found = await find_principal_by_key(runtime.database, person.key)
    assert found is not None
    return found
