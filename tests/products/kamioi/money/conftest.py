"""Two programmes, of two tenants."""

from __future__ import annotations

import pytest

from myriad.scale.runtime import Runtime
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
