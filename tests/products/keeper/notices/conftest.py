"""Companies whose mail goes to a server of the test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from myriad.products.keeper.settings import KeeperSettings
from myriad.scale.runtime import Runtime
from tests.fixtures.app import create_company
from tests.fixtures.mailbox import serving
from tests.products.keeper.keeping.conftest import keeper_app
from tests.products.keeper.ledger import Shop
from tests.products.keeper.notices.offices import Office

__all__ = ["keeper_app"]


@pytest.fixture
async def office(runtime: Runtime, tmp_path: Path) -> AsyncIterator[Office]:
    """A company whose mail goes to a server of the test."""
    async with serving(tmp_path) as box:
        settings = runtime.settings_of(KeeperSettings).model_copy(
            update={"smtp": box.settings(), "public_url": "https://keeper.example.com"}
        )
        others = [one for one in runtime.settings if not isinstance(one, KeeperSettings)]
        able = replace(runtime, settings=(*others, settings))
        company = await create_company(able)
        yield Office(await Shop.open(able, company.tenant_id), box)
