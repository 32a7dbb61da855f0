"""Opening an account from the command line and in the demo: the seller's permission."""

from __future__ import annotations

from uuid import UUID

import httpx

from myriad.kit.errors import UnavailableError
from myriad.products.keeper.connecting import redirect_uri
from myriad.products.keeper.errors import AuthorizationFailedError
from myriad.products.keeper.settings import KeeperSettings, is_simulated
from myriad.products.keeper.square import oauth
from myriad.products.keeper.square.speaking import speaking_to
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

_TIMEOUT_SECONDS = 20.0


async def connect_simulated(
    runtime: Runtime, tenant_id: TenantId, base_url: str, merchant_id: str | None = None
) -> UUID:
    """Go through the OAuth code flow with a simulator, which gives its consent at once.

    Raises AuthorizationFailedError for a server that is no simulator or refuses, UnavailableError
    when it does not answer.
    """
    answer = await ask_consent(runtime, base_url, str(tenant_id), merchant_id)
    return await accept_consent(runtime, tenant_id, base_url, str(tenant_id), answer)


async def ask_consent(
    runtime: Runtime, base_url: str, bound_to: str, merchant_id: str | None = None
) -> dict[str, str]:
    """Return a simulator's answer to the request for access; writes nothing."""
    if not is_simulated(base_url):
        message = f"{base_url} is no simulator on this machine; connect on the Connections screen"
        raise AuthorizationFailedError(message)
    settings = speaking_to(runtime, base_url).settings_of(KeeperSettings)
    back_to = redirect_uri(settings)
    address = oauth.start(settings, runtime.vault, bound_to=bound_to, redirect_uri=back_to)
    return await _consent(address, merchant_id)


async def accept_consent(
    runtime: Runtime, tenant_id: TenantId, base_url: str, bound_to: str, answer: dict[str, str]
) -> UUID:
    """Turn a simulator's answer into a stored connection and return its id."""
    speaking = speaking_to(runtime, base_url)
    async with runtime.database.session(tenant_id) as session:
        return await oauth.callback(
            session,
            speaking,
            code=answer.get("code"),
            state=answer.get("state"),
            bound_to=bound_to,
            redirect_uri=redirect_uri(speaking.settings_of(KeeperSettings)),
            error=answer.get("error"),
        )


async def _consent(address: str, merchant_id: str | None) -> dict[str, str]:
    chosen = {"auto": "1", **({"merchant_id": merchant_id} if merchant_id else {})}
    asked = httpx.URL(address).copy_merge_params(chosen)
    try:
        async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=False) as http:
            response = await http.get(asked)
    except httpx.HTTPError as error:
        where = f"{asked.scheme}://{asked.netloc.decode()}"
        message = (
            f"{where} does not answer ({type(error).__name__}); "
            "start ./myriad keeper square-simulator, or correct the address"
        )
        raise UnavailableError(message) from None
    if response.status_code != httpx.codes.FOUND:
        raise AuthorizationFailedError(_refusal(response))
    return dict(httpx.URL(response.headers["location"]).params)


def _refusal(response: httpx.Response) -> str:
    try:
        said = str(response.json()["errors"][0]["detail"])
    except (ValueError, LookupError, TypeError):
        said = "This is no Square simulator."
    return f"no consent (status {response.status_code}): {said} Check the address and the seller."
