"""Connecting Google from the command line and in the demo: the same consent, without a screen."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import httpx

from myriad.kit.errors import UnavailableError
from myriad.products.keeper.errors import AuthorizationFailedError
from myriad.products.keeper.google import connecting
from myriad.products.keeper.google.sync import ReadReport, read_account
from myriad.products.keeper.settings import KeeperSettings, is_simulated
from myriad.scale.jobs.direct import direct_work
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

_TIMEOUT_SECONDS = 20.0


def speaking_google(runtime: Runtime, base_url: str) -> Runtime:
    """Return the runtime with the settings that reach Google, or its simulator, at `base_url`."""
    settings = runtime.settings_of(KeeperSettings).for_google(base_url)
    others = [item for item in runtime.settings if not isinstance(item, KeeperSettings)]
    return replace(runtime, settings=(*others, settings))


def consent_address(runtime: Runtime, tenant_id: TenantId) -> str:
    """Return where the owner agrees, outside any session of a browser.

    Raises GoogleNotConfiguredError.
    """
    return connecting.begin(runtime, tenant_id, UUID(str(tenant_id)))


async def ask_google(runtime: Runtime, tenant_id: TenantId) -> dict[str, str]:
    """Return the answer of a simulated Google, which agrees at once; writes nothing.

    Raises AuthorizationFailedError for a server that is no simulator or refuses, UnavailableError
    when it does not answer.
    """
    base_url = runtime.settings_of(KeeperSettings).google_base_url
    if not is_simulated(base_url):
        raise AuthorizationFailedError(f"{base_url} is no simulator on this machine")
    asked = httpx.URL(consent_address(runtime, tenant_id)).copy_merge_params({"auto": "1"})
    try:
        async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=False) as http:
            response = await http.get(asked)
    except httpx.HTTPError as error:
        message = (
            f"{base_url} does not answer ({type(error).__name__}); "
            "start ./myriad keeper google-simulator, or correct the address"
        )
        raise UnavailableError(message) from None
    if response.status_code != httpx.codes.FOUND:
        raise AuthorizationFailedError(f"no consent (status {response.status_code})")
    return answer_of(response.headers["location"])


def answer_of(address: str) -> dict[str, str]:
    """Return what Google added to the address that it sent the browser to."""
    return dict(httpx.URL(address).params)


async def accept_google(
    runtime: Runtime, tenant_id: TenantId, answer: dict[str, str]
) -> tuple[list[UUID], ReadReport]:
    """Redeem an answer, store the connections and read every review now.

    Raises AuthorizationFailedError.
    """
    async with direct_work(runtime, tenant_id) as work:
        sealed = await connecting.take_code(
            work.session,
            runtime,
            tenant_id,
            UUID(str(tenant_id)),
            code=answer.get("code"),
            state=answer.get("state"),
        )
        await work.checkpoint()
        found = await connecting.connect(work, sealed)
        await work.checkpoint()
        return found, await read_account(work, "full")
