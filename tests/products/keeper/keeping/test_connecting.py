"""Connecting and disconnecting speak to Square in a job; an answer of Square counts once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from myriad.products.keeper import connecting
from myriad.products.keeper.errors import AuthorizationFailedError
from myriad.products.keeper.repository.connections import get_connections
from myriad.products.keeper.settings import KeeperSettings
from myriad.products.keeper.square import oauth
from myriad.products.keeper.square.simulator.purchases import purchases_seller
from myriad.products.keeper.square.simulator.world import World
from myriad.scale.directory.principal import Principal, Role, TenantFacts
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.fixtures.database import TwoTenants
from tests.products.keeper.square.accounts import approve, runtime_of
from tests.products.keeper.square.conftest import LOG, RunningSquare, running_square

_CONSENTS = "SELECT id, outcome, message, code_enc FROM keeper.consent ORDER BY created_at"


@pytest.fixture
def square(tmp_path: Path) -> Iterator[RunningSquare]:
    """A seller with a few old sales."""
    log = tmp_path / "log.csv"
    log.write_text(LOG)
    world = World()
    world.add(purchases_seller(log))
    with running_square(world) as running:
        yield running


def _owner(tenant_id: TenantId) -> Principal:
    facts = TenantFacts(tenant_id, "Spa", "UTC", "standard", is_suspended=False)
    return Principal("user", uuid4(), "Owner", "owner@example.com", facts, Role.OWNER)


async def _answer(runtime: Runtime, square: RunningSquare, owner: Principal) -> dict[str, str]:
    address = connecting.begin(runtime, owner.tenant_id, owner.id)
    return await approve(address, square.world.first.merchant_id)


async def test_a_consent_becomes_a_connection_by_a_job_and_counts_once(
    runtime: Runtime, tenants: TwoTenants, square: RunningSquare
) -> None:
    runtime, owner = runtime_of(runtime, square), _owner(tenants.first)
    database, rows = runtime.database, runtime.database.reader.rows
    given = await _answer(runtime, square, owner)
    async with database.session(tenants.first) as session:
        await connecting.take_answer(
            session, runtime, owner, code=given["code"], state=given["state"]
        )
        shown = await get_connections(session)
    assert shown.job is not None
    assert shown.job.title == "Connecting to Square"
    (consent,) = await rows(tenants.first, _CONSENTS)
    assert given["code"].encode() not in bytes(consent["code_enc"])
    with pytest.raises(AuthorizationFailedError, match="used already"):
        async with database.session(tenants.first) as session:
            await connecting.take_answer(
                session, runtime, owner, code=given["code"], state=given["state"]
            )
    async with database.session(tenants.first) as session:
        await connecting.finish(session, runtime, UUID(str(consent["id"])))
    (done,) = await rows(tenants.first, _CONSENTS)
    assert (done["outcome"], done["code_enc"]) == ("granted", None)
    async with database.session(tenants.first) as session:
        (card,) = (await get_connections(session)).connections
        assert card.status == "active"
        await connecting.end(session, card.id, owner)
        (ended,) = (await get_connections(session)).connections
    assert ended.status == "revoked", "reading stops before Square is told"
    async with database.session(tenants.first) as session:
        await connecting.give_back(session, runtime, card.id)
    assert await rows(tenants.second, _CONSENTS) == []


async def test_a_code_that_square_refuses_is_told_on_the_page(
    runtime: Runtime, tenants: TwoTenants, square: RunningSquare
) -> None:
    runtime, owner = runtime_of(runtime, square), _owner(tenants.first)
    state = oauth.new_state(runtime.vault, f"{tenants.first}:{owner.id}")
    async with runtime.database.session(tenants.first) as session:
        await connecting.take_answer(session, runtime, owner, code="sq-made-up", state=state)
        consent = (await runtime.database.reader.rows(tenants.first, _CONSENTS)) or []
    assert consent == [], "nothing is kept before the commit"
    (kept,) = await runtime.database.reader.rows(tenants.first, _CONSENTS)
    async with runtime.database.session(tenants.first) as session:
        await connecting.finish(session, runtime, UUID(str(kept["id"])))
        shown = await get_connections(session)
    assert shown.job is not None
    assert shown.job.state == "failed"
    assert "Square did not give a token" in shown.job.message
    assert runtime.settings_of(KeeperSettings).square_base_url == square.url
