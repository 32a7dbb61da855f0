"""Accounts that are connected to a running simulator."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from myriad.products.keeper.settings import KeeperSettings
from myriad.products.keeper.square import oauth
from myriad.products.keeper.square.simulator.settings import APPLICATION_ID, APPLICATION_SECRET
from myriad.products.keeper.square.sync import Mode, SyncReport, sync_account
from myriad.products.keeper.square.work import direct_work
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.products.keeper.square.conftest import RunningSquare

REDIRECT = "http://127.0.0.1/callback"


@dataclass(frozen=True)
class Shop:
    """One tenant connected to one seller of a simulator."""

    runtime: Runtime
    tenant_id: TenantId
    square: RunningSquare
    merchant_id: str

    async def sync(self, mode: Mode = "increment") -> SyncReport:
        async with direct_work(self.runtime, self.tenant_id) as work:
            return await sync_account(work, mode)

    async def rows(self, sql: str, **parameters: Any) -> list[dict[str, Any]]:
        return await self.runtime.database.reader.rows(self.tenant_id, sql, parameters)

    async def value(self, sql: str, **parameters: Any) -> Any:
        return next(iter((await self.rows(sql, **parameters))[0].values()))


def runtime_of(runtime: Runtime, square: RunningSquare) -> Runtime:
    """Return the runtime with settings that lead to the simulator."""
    settings = KeeperSettings(
        square_application_id=APPLICATION_ID,
        square_application_secret=APPLICATION_SECRET,
        square_base_url=square.url,
    )
    return replace(runtime, settings=(settings,))


async def approve(url: str, merchant_id: str) -> dict[str, str]:
    """Give consent as the seller does; return the parameters of the redirect."""
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"{url}&auto=1&merchant_id={merchant_id}")
    assert answer.status_code == 302, answer.text
    found = parse_qs(urlsplit(answer.headers["location"]).query)
    return {name: values[0] for name, values in found.items()}


async def connect(
    runtime: Runtime, tenant_id: TenantId, square: RunningSquare, merchant_id: str | None = None
) -> Shop:
    """Connect the tenant through the whole OAuth flow."""
    merchant = merchant_id or square.world.first.merchant_id
    runtime = runtime_of(runtime, square)
    settings = runtime.settings_of(KeeperSettings)
    url = oauth.start(settings, runtime.vault, bound_to="session", redirect_uri=REDIRECT)
    answer = await approve(url, merchant)
    async with runtime.database.session(tenant_id) as session:
        await oauth.callback(
            session,
            runtime,
            code=answer["code"],
            state=answer["state"],
            bound_to="session",
            redirect_uri=REDIRECT,
        )
    return Shop(runtime, tenant_id, square, merchant)
