"""A seller's permission: asked for, received, kept fresh, given back.

OAuth 2 code flow of a confidential application (Square's "OAuth API", 2025-08). Access tokens
live 30 days; Square asks for a refresh every seven.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from datetime import datetime, timedelta
from secrets import token_urlsafe
from urllib.parse import urlencode
from uuid import UUID

import httpx
import msgspec
from square import AsyncSquare
from square.core.api_error import ApiError

from myriad.kit.clock import utc_now
from myriad.products.keeper.errors import AuthorizationFailedError, ConnectionRevokedError
from myriad.products.keeper.notify.losing import tell_lost
from myriad.products.keeper.repository.accounts import open_account
from myriad.products.keeper.repository.connections import SCOPES as ASKED
from myriad.products.keeper.schedules import SCHEDULES
from myriad.products.keeper.settings import KeeperSettings
from myriad.products.keeper.square.client import TIMEOUT_SECONDS, open_client
from myriad.products.keeper.square.connections import (
    StoredConnection,
    Tokens,
    mark_revoked,
    store_connection,
    store_refreshed,
    unseal,
)
from myriad.products.keeper.square.errors import SquareUnavailableError, TokenRevokedError
from myriad.products.keeper.square.pages import Json
from myriad.products.keeper.square.policy import SQUARE
from myriad.products.keeper.square.transport import OPTIONS
from myriad.scale.data import Session
from myriad.scale.limits import connection_options
from myriad.scale.observe.logs import get_logger
from myriad.scale.runtime import Runtime
from myriad.scale.schedule import ensure_schedules
from myriad.scale.tenancy import current_tenant
from myriad.scale.vault import Vault

_log = get_logger(__name__)

SCOPES = tuple(name for name, _, is_required in ASKED if is_required)
STATE_LIFE_SECONDS = 900
REFRESH_AFTER = timedelta(days=7)
DISCONNECTED_NOTICE = "Disconnected. Your data is kept; connect again to go on."
GONE_NOTICE = "Square no longer lets Keeper read. Connect again to go on; your data is kept."


class _State(msgspec.Struct, array_like=True):
    expires_at: float
    nonce: str


def start(settings: KeeperSettings, vault: Vault, *, bound_to: str, redirect_uri: str) -> str:
    """Return the address of Square's consent page; the answer is good for `bound_to` alone.

    `bound_to` identifies the login session (or, on the command line, the tenant).
    """
    query = {
        "client_id": settings.square_application_id,
        "scope": " ".join(SCOPES),
        "session": "false",
        "state": new_state(vault, bound_to),
        "redirect_uri": redirect_uri,
    }
    return f"{settings.square_base_url}/oauth2/authorize?{urlencode(query)}"


def new_state(vault: Vault, bound_to: str) -> str:
    """Return a state parameter that only `bound_to` can bring back, within 15 minutes."""
    body = msgspec.json.encode(_State(time.time() + STATE_LIFE_SECONDS, token_urlsafe(12)))
    return base64.urlsafe_b64encode(_sign(vault, body, bound_to) + body).decode().rstrip("=")


def check_state(vault: Vault, state: str | None, bound_to: str) -> None:
    """Raise AuthorizationFailedError unless the state was made for `bound_to` and is fresh."""
    try:
        raw = base64.urlsafe_b64decode((state or "") + "=" * (-len(state or "") % 4))
        body = msgspec.json.decode(raw[32:], type=_State)
    except (binascii.Error, msgspec.DecodeError, ValueError):
        raise AuthorizationFailedError("the state parameter is damaged; connect again") from None
    if not hmac.compare_digest(_sign(vault, raw[32:], bound_to), raw[:32]):
        raise AuthorizationFailedError("this answer belongs to another session; connect again")
    if body.expires_at < time.time():
        raise AuthorizationFailedError("the consent page was open for too long; connect again")


def _sign(vault: Vault, body: bytes, bound_to: str) -> bytes:
    key = vault.derive("keeper-square-state")
    return hmac.digest(key, bound_to.encode() + b"\0" + body, hashlib.sha256)


async def callback(
    session: Session,
    runtime: Runtime,
    *,
    code: str | None,
    state: str | None,
    bound_to: str,
    redirect_uri: str,
    error: str | None = None,
) -> UUID:
    """Turn Square's answer into a stored connection and return its id.

    Opens the account and its schedules where they are missing.

    Raises AuthorizationFailedError when consent was denied or the answer cannot be used.
    """
    checked = check_answer(runtime.vault, code, state, bound_to, error)
    return await accept(session, runtime, checked, redirect_uri)


def check_answer(
    vault: Vault, code: str | None, state: str | None, bound_to: str, error: str | None
) -> str:
    """Return the code of Square's answer, or raise AuthorizationFailedError; asks nobody."""
    check_state(vault, state, bound_to)
    if error or not code:
        raise AuthorizationFailedError(f"Square did not give access: {error or 'no code'}")
    return code


async def accept(session: Session, runtime: Runtime, code: str, redirect_uri: str) -> UUID:
    """Exchange the code of a checked answer for a stored connection and return its id.

    Raises AuthorizationFailedError when Square does not take the code.
    """
    settings = runtime.settings_of(KeeperSettings)
    tokens = await _obtain(
        settings, grant_type="authorization_code", code=code, redirect_uri=redirect_uri
    )
    merchant = await _merchant(runtime, settings, tokens)
    await open_account(session, currency=merchant.get("currency") or "USD")
    await ensure_schedules(session, current_tenant(), SCHEDULES)
    return await store_connection(
        session,
        runtime.vault,
        tokens,
        merchant_name=merchant.get("business_name") or tokens.merchant_id,
        base_url=settings.square_base_url,
        scopes=list(SCOPES),
    )


async def access_token(session: Session, runtime: Runtime, connection: StoredConnection) -> str:
    """Return a fresh access token, refreshing one older than seven days.

    Raises TokenRevokedError when Square refuses the refresh, ConnectionRevokedError when the
    permission is known to be gone.
    """
    token = unseal(runtime.vault, connection, "access")
    if token is None or connection.status == "revoked":
        raise ConnectionRevokedError("the seller has withdrawn the permission; connect again")
    age = utc_now() - (connection.refreshed_at or datetime.min.replace(tzinfo=utc_now().tzinfo))
    if age < REFRESH_AFTER:
        return token
    return (await refresh(session, runtime, connection)).access


async def refresh(session: Session, runtime: Runtime, connection: StoredConnection) -> Tokens:
    """Fetch and store new tokens; raises TokenRevokedError when Square refuses."""
    token = unseal(runtime.vault, connection, "refresh")
    try:
        tokens = await _obtain(
            runtime.settings_of(KeeperSettings),
            base_url=connection.base_url,
            grant_type="refresh_token",
            refresh_token=token or "",
        )
    except AuthorizationFailedError as error:
        raise TokenRevokedError(error.detail) from error
    await store_refreshed(session, runtime.vault, connection.id, tokens)
    _log.info("square_token_refreshed", connection_id=str(connection.id))
    return tokens


async def end_lost(
    session: Session, *, connection_id: UUID | None = None, merchant_id: str | None = None
) -> None:
    """Stop reading because Square no longer lets Keeper in, and tell the owner."""
    if await mark_revoked(
        session, GONE_NOTICE, connection_id=connection_id, merchant_id=merchant_id
    ):
        lost = str(connection_id or merchant_id)
        await tell_lost(session, lost, GONE_NOTICE, "/keeper/connections")


async def disconnect(session: Session, runtime: Runtime, connection: StoredConnection) -> None:
    """Give the permission back to Square and forget the tokens; the data stays.

    When Square cannot be reached the tokens are forgotten all the same.
    """
    await mark_revoked(session, DISCONNECTED_NOTICE, connection_id=connection.id)
    await give_back(runtime, connection)


async def give_back(runtime: Runtime, connection: StoredConnection) -> None:
    """Ask Square to take the permission back; that it cannot be reached is only logged."""
    settings = runtime.settings_of(KeeperSettings)
    secret = settings.square_application_secret.get_secret_value()
    try:
        async with _http(connection.base_url) as http:
            await _sdk(connection.base_url, settings, http, f"Client {secret}").o_auth.revoke_token(
                client_id=settings.square_application_id,
                merchant_id=connection.merchant_id,
                request_options=OPTIONS,
            )
    except (ApiError, httpx.HTTPError) as error:
        _log.warning("square_revoke_failed", error=type(error).__name__)


def _http(base_url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=TIMEOUT_SECONDS, **connection_options(base_url))


def _sdk(
    base_url: str, settings: KeeperSettings, http: httpx.AsyncClient, authorization: str = ""
) -> AsyncSquare:
    headers = {"Authorization": authorization} if authorization else {}
    http.headers.update(headers)
    return AsyncSquare(
        base_url=base_url, token=None, version=settings.square_version, httpx_client=http
    )


async def _obtain(
    settings: KeeperSettings,
    *,
    grant_type: str,
    base_url: str | None = None,
    code: str | None = None,
    redirect_uri: str | None = None,
    refresh_token: str | None = None,
) -> Tokens:
    url = base_url or settings.square_base_url
    given = {"code": code, "redirect_uri": redirect_uri, "refresh_token": refresh_token}
    try:
        async with _http(url) as http:
            answer = await _sdk(url, settings, http).o_auth.obtain_token(
                client_id=settings.square_application_id,
                client_secret=settings.square_application_secret.get_secret_value(),
                grant_type=grant_type,
                request_options=OPTIONS,
                **{name: value for name, value in given.items() if value is not None},
            )
    except ApiError as error:
        if (error.status_code or 500) >= 500 or error.status_code == 429:
            raise SquareUnavailableError("Square did not give a token now") from error
        detail = error.errors[0].detail or "no reason given"
        raise AuthorizationFailedError(f"Square did not give a token: {detail}") from error
    except httpx.HTTPError as error:
        raise SquareUnavailableError(f"Square did not answer: {type(error).__name__}") from error
    if not answer.access_token or not answer.merchant_id:
        raise AuthorizationFailedError("Square's answer holds no token")
    expires = datetime.fromisoformat(answer.expires_at) if answer.expires_at else None
    return Tokens(
        answer.access_token,
        answer.refresh_token or refresh_token or "",
        expires,
        answer.merchant_id,
    )


async def _merchant(runtime: Runtime, settings: KeeperSettings, tokens: Tokens) -> Json:
    limiter, breaker = SQUARE.limits_of(runtime.cache)
    async with open_client(
        base_url=settings.square_base_url,
        version=settings.square_version,
        token=tokens.access,
        merchant_id=tokens.merchant_id,
        limiter=limiter,
        breaker=breaker,
    ) as client:
        return await client.merchant()
