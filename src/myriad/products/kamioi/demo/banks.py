"""The forty link their banks at the simulated Plaid, as each would through Link."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import httpx

from myriad.kit.errors import UnavailableError
from myriad.products.kamioi.demo.members import DemoMember
from myriad.products.kamioi.plaid.items import enqueue_all, finish_link
from myriad.products.kamioi.plaid.syncing import sync_item
from myriad.products.kamioi.settings import KamioiSettings
from myriad.scale.jobs.direct import direct_work
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

_TIMEOUT_SECONDS = 20.0


async def link_banks(runtime: Runtime, tenant_id: TenantId, members: Sequence[DemoMember]) -> int:
    """Link and read the bank of each member without one; return how many were linked now.

    Raises UnavailableError while the simulator does not answer.
    """
    waiting = [member for member in members if member.item_id is None]
    for member in waiting:
        asked = {"options": {"override_username": member.person.username}}
        token = (await ask_simulator(runtime, "/sandbox/public_token/create", asked))[
            "public_token"
        ]
        item_id = await finish_link(
            runtime, tenant_id, member.id, token, institution=member.person.institution
        )
        await _read(runtime, tenant_id, item_id)
    return len(waiting)


async def _read(runtime: Runtime, tenant_id: TenantId, item_id: UUID) -> None:
    async with direct_work(runtime, tenant_id) as work:
        await sync_item(work, item_id)


async def read_banks(runtime: Runtime, tenant_id: TenantId) -> None:
    """Queue reading what is new at all linked banks: the simulator lived on while it was off."""
    async with runtime.database.session(tenant_id) as session:
        await enqueue_all(session)


async def break_link(runtime: Runtime, tenant_id: TenantId, member: DemoMember) -> None:
    """Let one bank ask for a new login; reading it tells the member."""
    await ask_simulator(runtime, "/_control/end_login", {"username": member.person.username})
    if member.item_id is not None:
        await _read(runtime, tenant_id, member.item_id)


async def ask_simulator(runtime: Runtime, path: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Return a simulator's answer to what no client of the real Plaid asks."""
    settings = runtime.settings_of(KamioiSettings)
    secret = settings.plaid_secret.get_secret_value()
    body = {"client_id": settings.plaid_client_id, "secret": secret, **asked}
    try:
        # Plain HTTP on this machine: to read the certificates of the world would cost more than to ask.
        async with httpx.AsyncClient(
            timeout=_TIMEOUT_SECONDS,
            trust_env=False,
            verify=False,  # noqa: S501
        ) as http:
            answer = await http.post(f"{settings.plaid_base_url}{path}", json=body)
            answer.raise_for_status()
    except httpx.HTTPError as error:
        message = f"the simulated Plaid does not answer ({type(error).__name__})"
        raise UnavailableError(message) from None
    found: dict[str, Any] = answer.json()
    return found
