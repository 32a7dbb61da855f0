"""Who may call: the types that stand in an endpoint's signature.

    async def list_tasks(caller: Staff, session: TenantReadSession) -> ...
    async def list_my_lots(caller: Belonging, reader: OwnReader) -> ...
    async def issue_key(caller: Owner, session: TenantSession, body: KeyCreate) -> ...

A program sends `Authorization: Bearer myr_…`; a browser sends its session cookie and, to change
something, the CSRF token. A route without a guard must say why: `dependencies=[public("reason")]`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request

from myriad.kit.errors import ForbiddenError, UnauthorizedError
from myriad.scale.directory import (
    Principal,
    SuspendedTenantError,
    find_principal_by_key,
    find_principal_by_session,
)
from myriad.scale.directory.principal import READ, WRITE
from myriad.scale.http.cookies import SESSION, find_session_token
from myriad.scale.http.csrf import SAFE_METHODS, check_csrf
from myriad.scale.http.rates import count_caller, count_stranger
from myriad.scale.runtime import Runtime

_bearer = HTTPBearer(auto_error=False, scheme_name="ApiKey", description="An API key, `myr_…`.")
_cookie = APIKeyCookie(
    name=SESSION,
    auto_error=False,
    scheme_name="Session",
    description="The session of a signed-in browser; changes need the header X-CSRF-Token as well.",
)


def runtime_of(request: Request) -> Runtime:
    """Return what this process holds: database, cache, keys, settings."""
    runtime: Runtime = request.app.state.runtime
    return runtime


async def _get_runtime(request: Request) -> Runtime:
    # A coroutine, because FastAPI sends plain functions to a thread.
    return runtime_of(request)


CurrentRuntime = Annotated[Runtime, Depends(_get_runtime)]


async def find_caller(
    request: Request,
    runtime: CurrentRuntime,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    _session: Annotated[str | None, Depends(_cookie)],
) -> Principal | None:
    """Return who calls, or None; the same object for the whole request."""
    if "authorization" in request.headers:
        token = bearer.credentials if bearer is not None else ""
        return await find_principal_by_key(runtime.database, token)
    session_token = find_session_token(request)
    if session_token is None:
        return None
    caller = await find_principal_by_session(runtime.database, session_token)
    if caller is not None:
        await check_csrf(request)
    return caller


MaybeCaller = Annotated[Principal | None, Depends(find_caller)]


async def get_known(request: Request, caller: MaybeCaller) -> Principal:
    """Return who calls, also for a suspended tenant, which one may leave for another.

    Raises for nobody, and for a key without the scope.
    """
    if caller is None:
        await count_stranger(request)
        raise UnauthorizedError("sign in, or send a valid API key as a bearer token")
    await count_caller(request, caller)
    if caller.tenant is not None:
        request.state.log_facts = {"tenant_id": str(caller.tenant.id), "caller": caller.kind}
    needed = READ if request.method in SAFE_METHODS else WRITE
    if needed not in caller.scopes:
        raise ForbiddenError(f"the API key lacks the scope {needed!r}")
    return caller


async def get_caller(caller: Annotated[Principal, Depends(get_known)]) -> Principal:
    """Return who calls, or raise: nobody, a suspended tenant, a key without the scope."""
    if caller.tenant is not None and caller.tenant.is_suspended:
        raise SuspendedTenantError(
            "this account is suspended; whoever runs this installation can open it again"
        )
    return caller


async def get_belonging(caller: Annotated[Principal, Depends(get_caller)]) -> Principal:
    """Return the caller, who belongs to a tenant in whatever role, or raise.

    For routes that answer people about themselves and nothing else.
    """
    _ = caller.tenant_id
    return caller


async def get_staff(caller: Annotated[Principal, Depends(get_caller)]) -> Principal:
    """Return the caller, who runs a tenant or acts for it, or raise; members are refused."""
    _ = caller.tenant_id
    if not caller.is_staff:
        raise ForbiddenError("only those who run the account may do this")
    return caller


async def get_owner(caller: Annotated[Principal, Depends(get_staff)]) -> Principal:
    """Return the caller, who owns the tenant, or raise ForbiddenError."""
    if not caller.is_owner:
        raise ForbiddenError("only an owner of the account may do this")
    return caller


async def get_operator(caller: Annotated[Principal, Depends(get_caller)]) -> Principal:
    """Return the caller, who runs this installation, or raise ForbiddenError."""
    if not caller.is_operator:
        raise ForbiddenError("only an operator of this installation may do this")
    return caller


Known = Annotated[Principal, Depends(get_known)]
Caller = Annotated[Principal, Depends(get_caller)]
Belonging = Annotated[Principal, Depends(get_belonging)]
Staff = Annotated[Principal, Depends(get_staff)]
Owner = Annotated[Principal, Depends(get_owner)]
Operator = Annotated[Principal, Depends(get_operator)]


@dataclass(frozen=True)
class EverybodyMay:
    """Why a route needs no caller; lets everybody in."""

    reason: str

    async def __call__(self, request: Request) -> None:
        """Let everybody in, at the rate that an address may have."""
        await count_stranger(request)


def public(reason: str) -> Any:
    """Declare that a route needs no caller: `dependencies=[public("webhooks are signed")]`.

    A test over all routes fails for any that has neither a guard nor this.
    """
    return Depends(EverybodyMay(reason))
