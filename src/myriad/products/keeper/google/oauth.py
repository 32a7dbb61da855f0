"""A permission to a Google account: asked for, received, kept fresh, given back.

OAuth 2.0 for web server applications (Google Identity, "Using OAuth 2.0 for Web Server
Applications"): access tokens live an hour, the refresh token is given once, with `prompt=consent`
and `access_type=offline`, and dies when the owner revokes it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx

from myriad.kit.clock import utc_now
from myriad.products.keeper.errors import AuthorizationFailedError
from myriad.products.keeper.google.client import TIMEOUT_SECONDS
from myriad.products.keeper.google.connections import (
    GoogleConnection,
    GoogleTokens,
    store_token,
    unseal,
)
from myriad.products.keeper.google.errors import (
    GoogleAccessGoneError,
    GoogleAnswerError,
    GoogleUnavailableError,
)
from myriad.products.keeper.google.hosts import Hosts
from myriad.products.keeper.google.transport import read_object
from myriad.products.keeper.settings import KeeperSettings
from myriad.products.keeper.square.oauth import check_state, new_state
from myriad.scale.data import Session
from myriad.scale.limits import connection_options
from myriad.scale.observe.logs import get_logger
from myriad.scale.runtime import Runtime
from myriad.scale.vault import Vault

SCOPES = ("https://www.googleapis.com/auth/business.manage",)
_FRESH = timedelta(minutes=5)
_SERVER_FAULT = 500
_log = get_logger(__name__)


def start(settings: KeeperSettings, vault: Vault, *, bound_to: str, redirect_uri: str) -> str:
    """Return the address of Google's consent page; the answer is good for `bound_to` alone."""
    query = {
        "client_id": settings.google_client_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": " ".join(SCOPES),
        "access_type": "offline",
        "prompt": "consent",
        "state": new_state(vault, f"google:{bound_to}"),
    }
    return f"{Hosts.of(settings.google_base_url).consent}?{urlencode(query)}"


def check_answer(vault: Vault, *, state: str | None, code: str | None, bound_to: str) -> str:
    """Return the code of an answer that belongs here; raises AuthorizationFailedError."""
    check_state(vault, state, f"google:{bound_to}")
    if not code:
        raise AuthorizationFailedError("Google did not give access; connect again to allow it")
    return code


async def redeem(settings: KeeperSettings, code: str, redirect_uri: str) -> GoogleTokens:
    """Turn a code into tokens; raises AuthorizationFailedError, GoogleUnavailableError."""
    try:
        answer = await _post(
            settings,
            Hosts.of(settings.google_base_url).token,
            grant_type="authorization_code",
            code=code,
            redirect_uri=redirect_uri,
        )
    except GoogleAccessGoneError as error:
        raise AuthorizationFailedError(f"{error.detail}; connect again") from error
    if not answer.get("refresh_token"):
        raise AuthorizationFailedError(
            "Google gave no lasting permission; remove Keeper under Google's third-party access "
            "and connect again"
        )
    return _tokens(answer, "")


async def access_token(session: Session, runtime: Runtime, connection: GoogleConnection) -> str:
    """Return an access token that is good for some minutes more, refreshed where needed.

    Raises GoogleAccessGoneError when the permission is gone.
    """
    token = unseal(runtime.vault, connection, "access")
    if token is None or connection.status == "revoked":
        raise GoogleAccessGoneError("Google access was withdrawn; connect again")
    if connection.expires_at is not None and connection.expires_at - utc_now() > _FRESH:
        return token
    return (await refresh(session, runtime, connection)).access


async def refresh(session: Session, runtime: Runtime, connection: GoogleConnection) -> GoogleTokens:
    """Fetch and store a new access token; raises GoogleAccessGoneError when Google refuses."""
    settings = runtime.settings_of(KeeperSettings).for_google(connection.base_url)
    token = unseal(runtime.vault, connection, "refresh") or ""
    answer = await _post(
        settings,
        Hosts.of(connection.base_url).token,
        grant_type="refresh_token",
        refresh_token=token,
    )
    tokens = _tokens(answer, token)
    await store_token(session, runtime.vault, connection, tokens)
    return tokens


async def revoke(runtime: Runtime, connection: GoogleConnection) -> None:
    """Give the permission back; when Google cannot be reached, that is only noted."""
    token = unseal(runtime.vault, connection, "refresh")
    if token is None:
        return
    try:
        async with httpx.AsyncClient(
            timeout=TIMEOUT_SECONDS, **connection_options(connection.base_url)
        ) as http:
            answer = await http.post(Hosts.of(connection.base_url).revoke, data={"token": token})
            answer.raise_for_status()
    except httpx.HTTPError as error:
        _log.warning("google_revoke_failed", error=type(error).__name__)


async def _post(settings: KeeperSettings, url: str, **fields: str) -> dict[str, Any]:
    secret = settings.google_client_secret.get_secret_value()
    form = {"client_id": settings.google_client_id, "client_secret": secret, **fields}
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, **connection_options(url)) as http:
            answer = await http.post(url, data=form)
    except httpx.HTTPError as error:
        raise GoogleUnavailableError("Google did not answer; try again in a minute") from error
    if answer.status_code >= _SERVER_FAULT or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise GoogleUnavailableError("Google gives no token now; try again in a minute")
    body = read_object(answer.content)
    if not answer.is_success:
        told = body.get("error_description") or body.get("error")
        raise GoogleAccessGoneError(f"Google refused: {told}")
    return body


def _tokens(answer: dict[str, Any], refresh_token: str) -> GoogleTokens:
    access = answer.get("access_token")
    if not isinstance(access, str) or not access:
        raise GoogleAnswerError("Google's answer holds no token")
    life = timedelta(seconds=float(answer.get("expires_in") or 0))
    return GoogleTokens(access, answer.get("refresh_token") or refresh_token, utc_now() + life)
