"""A seller's permission: given, bound to the session, refreshed, withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from secrets import randbelow

import httpx
import pytest

from myriad.products.keeper.errors import AuthorizationFailedError, ConnectionRevokedError
from myriad.products.keeper.settings import KeeperSettings
from myriad.products.keeper.square import oauth
from myriad.products.keeper.square.connections import list_connections, unseal
from myriad.products.keeper.square.errors import TokenRevokedError
from myriad.products.keeper.square.simulator.purchases import purchases_seller
from myriad.products.keeper.square.simulator.world import World
from myriad.scale.runtime import Runtime
from myriad.scale.vault import Vault, VaultError
from tests.fixtures.database import TwoTenants
from tests.products.keeper.square.accounts import REDIRECT, Shop, approve, connect, runtime_of
from tests.products.keeper.square.conftest import LOG, RunningSquare, running_square


@pytest.fixture
def square(tmp_path: Path) -> Iterator[RunningSquare]:
    world = World()
    log = tmp_path / f"log-{randbelow(10**9)}.csv"
    log.write_text(LOG)
    world.add(purchases_seller(log))
    with running_square(world) as running:
        yield running


async def test_tokens_are_stored_sealed_and_only_for_their_tenant(
    runtime: Runtime, tenants: TwoTenants, square: RunningSquare
) -> None:
    """The row holds no readable token, and another tenant cannot open it."""
    shop = await connect(runtime, tenants.first, square)
    async with runtime.database.session(tenants.first) as session:
        connection = (await list_connections(session))[0]
        token = unseal(runtime.vault, connection, "access")
    assert token is not None
    assert token.startswith("EAAA")
    assert token.encode() not in bytes(connection.access_token_enc or b"")
    async with runtime.database.session(tenants.second) as session:
        assert await list_connections(session) == []
        with pytest.raises(VaultError):
            unseal(runtime.vault, connection, "access")
    assert await shop.value("SELECT merchant_name FROM keeper.connection") != ""


async def test_connecting_again_keeps_the_connection(
    runtime: Runtime, tenants: TwoTenants, square: RunningSquare
) -> None:
    """A seller who returns gets his old connection, active again."""
    shop = await connect(runtime, tenants.first, square)
    before = await shop.value("SELECT id FROM keeper.connection")
    await connect(runtime, tenants.first, square)
    assert await shop.value("SELECT id FROM keeper.connection") == before


@pytest.mark.parametrize("broken", ["other session", "damaged", "missing", "stale"])
async def test_the_state_is_bound_to_the_session(
    broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that was not asked for in this session is refused."""
    vault = Vault(bytes(32))
    if broken == "stale":
        monkeypatch.setattr(oauth, "STATE_LIFE_SECONDS", -1)
    state: str | None = oauth.new_state(vault, "mine")
    if broken == "damaged":
        state = str(state)[:-2] + "xx"
    if broken == "missing":
        state = None
    with pytest.raises(AuthorizationFailedError):
        oauth.check_state(vault, state, "theirs" if broken == "other session" else "mine")


async def test_a_denied_consent_is_explained(
    runtime: Runtime, tenants: TwoTenants, square: RunningSquare
) -> None:
    """Pressing Deny gives an error that says so, and no connection."""
    runtime = runtime_of(runtime, square)
    url = oauth.start(
        runtime.settings_of(KeeperSettings), runtime.vault, bound_to="s", redirect_uri=REDIRECT
    )
    async with httpx.AsyncClient(trust_env=False) as http:
        page = await http.get(url)
        assert "Allow for" in page.text
        denied = (await http.get(url + "&decision=deny")).headers["location"]
    assert "error=access_denied" in denied
    async with runtime.database.session(tenants.first) as session:
        with pytest.raises(AuthorizationFailedError, match="access_denied"):
            await oauth.callback(
                session,
                runtime,
                code=None,
                state=oauth.new_state(runtime.vault, "s"),
                bound_to="s",
                redirect_uri=REDIRECT,
                error="access_denied",
            )


async def test_a_code_is_good_once(
    runtime: Runtime, tenants: TwoTenants, square: RunningSquare
) -> None:
    """A code that was used already gives no token."""
    runtime = runtime_of(runtime, square)
    url = oauth.start(
        runtime.settings_of(KeeperSettings), runtime.vault, bound_to="s", redirect_uri=REDIRECT
    )
    answer = await approve(url, square.world.first.merchant_id)
    given = {"code": answer["code"], "state": answer["state"], "bound_to": "s"}
    async with runtime.database.session(tenants.first) as session:
        await oauth.callback(session, runtime, redirect_uri=REDIRECT, **given)
    async with runtime.database.session(tenants.second) as session:
        with pytest.raises(AuthorizationFailedError, match="did not give a token"):
            await oauth.callback(session, runtime, redirect_uri=REDIRECT, **given)


async def aged(shop: Shop) -> None:
    async with shop.runtime.database.session(shop.tenant_id) as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            "UPDATE keeper.connection SET refreshed_at = now() - interval '8 days'"
        )


async def test_an_old_token_is_refreshed(
    runtime: Runtime, tenants: TwoTenants, square: RunningSquare
) -> None:
    """A token older than seven days is renewed before the next sync."""
    shop = await connect(runtime, tenants.first, square)
    before = await shop.value("SELECT access_token_enc FROM keeper.connection")
    await shop.sync()
    assert await shop.value("SELECT access_token_enc FROM keeper.connection") == before
    await aged(shop)
    await shop.sync()
    assert await shop.value("SELECT access_token_enc FROM keeper.connection") != before
    age = "SELECT now() - refreshed_at < interval '1 minute' FROM keeper.connection"
    assert await shop.value(age)


async def test_a_refused_refresh_ends_the_connection(
    runtime: Runtime, tenants: TwoTenants, square: RunningSquare
) -> None:
    """When Square refuses to renew, the connection says so instead of failing for ever."""
    shop = await connect(runtime, tenants.first, square)
    square.simulator.issuer.revoke(shop.merchant_id, square.simulator.now())
    await aged(shop)
    assert (await shop.sync()).is_revoked
    async with shop.runtime.database.session(shop.tenant_id) as session:
        connection = (await list_connections(session))[0]
        with pytest.raises(ConnectionRevokedError):
            await oauth.access_token(session, shop.runtime, connection)


async def test_disconnecting_revokes_at_square_and_keeps_the_data(
    runtime: Runtime, tenants: TwoTenants, square: RunningSquare
) -> None:
    """After disconnecting the tokens are worthless and gone; rows stay."""
    shop = await connect(runtime, tenants.first, square)
    await shop.sync()
    async with shop.runtime.database.session(shop.tenant_id) as session:
        connection = (await list_connections(session))[0]
        await oauth.disconnect(session, shop.runtime, connection)
    grant = square.simulator.issuer.read(unseal_in(shop, connection), "access")
    assert grant is not None
    assert square.simulator.issuer.is_revoked(grant)
    assert await shop.value("SELECT access_token_enc IS NULL FROM keeper.connection")
    assert await shop.value("SELECT count(*) FROM keeper.payment") == 5


def unseal_in(shop: Shop, connection) -> str:  # type: ignore[no-untyped-def]
    from myriad.scale.tenancy import acting_for  # noqa: PLC0415

    with acting_for(shop.tenant_id):
        return unseal(shop.runtime.vault, connection, "access") or ""


async def test_disconnecting_works_while_square_is_away(
    runtime: Runtime, tenants: TwoTenants, square: RunningSquare
) -> None:
    """An unreachable Square does not keep an owner from leaving."""
    shop = await connect(runtime, tenants.first, square)
    async with shop.runtime.database.session(shop.tenant_id) as session:
        connection = (await list_connections(session))[0]
        away = replace(connection, base_url="http://127.0.0.1:1")
        await oauth.disconnect(session, shop.runtime, away)
    assert await shop.value("SELECT status FROM keeper.connection") == "revoked"


async def test_a_wrong_secret_gets_no_token(
    runtime: Runtime, tenants: TwoTenants, square: RunningSquare
) -> None:
    """The simulator checks the application's secret as Square does."""
    shop = await connect(runtime, tenants.first, square)
    settings = shop.runtime.settings_of(KeeperSettings)
    wrong = settings.model_copy(update={"square_application_id": "other"})
    async with shop.runtime.database.session(shop.tenant_id) as session:
        connection = (await list_connections(session))[0]
        with pytest.raises(TokenRevokedError):
            await oauth.refresh(session, replace(shop.runtime, settings=(wrong,)), connection)
