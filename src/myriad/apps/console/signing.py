"""Pages for signing in and out and for switching the account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Form
from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from myriad.kit.errors import MyriadError, NotFoundError, TooManyRequestsError
from myriad.products.keeper.settings import KeeperSettings, is_simulated
from myriad.scale import ui
from myriad.scale.directory import (
    NoMembershipError,
    Principal,
    Role,
    SuspendedTenantError,
    WrongCredentialsError,
    find_principal_by_session,
    has_tenants,
    sign_in,
    sign_out,
    switch_tenant,
)
from myriad.scale.http import (
    CurrentRuntime,
    Known,
    MaybeCaller,
    Problem,
    Router,
    check_csrf,
    clear_session_cookie,
    find_session_token,
    public,
    request_id_of,
    runtime_of,
    set_session_cookie,
)
from myriad.scale.http.problem import of_myriad_error
from myriad.scale.runtime import Runtime
from myriad.scale.schedule import list_scheduled
from myriad.scale.tenancy import TenantId
from myriad.scale.ui.page import ProductFrame, products_for, visitor_page

LOGIN = "/login"
_SEE_OTHER = 303
_UNAUTHORIZED = 401
_LONGEST_FIELD = 320

_DEMO_COMES = Problem(
    503,
    "demo_comes",
    "The demo is being made",
    "The demo's account is being made. This page looks for it again every two seconds.",
    headers={"Retry-After": "2", "Refresh": "2"},
)

router = Router(tags=["signing"])
_renderer = ui.Renderer(Path(__file__).parent / "templates")

Field = Annotated[str, Form(max_length=_LONGEST_FIELD)]


def local_path(next_path: str) -> str:
    """Return `next_path` when it stays on this site, else the start page.

    Browsers read a backslash as a slash, so an address with one may lead elsewhere.
    """
    stays = next_path.startswith("/") and not next_path.startswith("//") and "\\" not in next_path
    return next_path if stays and next_path.isprintable() else "/"


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, _SEE_OTHER)


def _login_page(
    request: Request,
    next_path: str,
    *,
    email: str = "",
    error: str | None = None,
    status: int = 200,
) -> Response:
    return ui.respond(
        visitor_page(request),
        "ui/login.html",
        status=status,
        email=email,
        error=error,
        next_path=local_path(next_path),
    )


@router.get("/", dependencies=[public("leads to the first product or to the sign-in")])
async def start(request: Request, runtime: CurrentRuntime, caller: MaybeCaller) -> Response:
    """Lead to the home of the product that the account uses, or to the sign-in."""
    if caller is None:
        return _to(LOGIN)
    products = products_for(request, caller)
    if not products and caller.role is Role.MEMBER:
        raise NotFoundError("nothing here is open to you yet; ask whoever invited you")
    return _to((await _in_use(runtime, caller, products)).link.href if products else LOGIN)


async def _in_use(
    runtime: Runtime, caller: Principal, products: Sequence[ProductFrame]
) -> ProductFrame:
    """Return the product for which most runs in the account, the first where nothing does yet."""
    if caller.tenant is None or len(products) == 1:
        return products[0]
    async with runtime.database.read_session(caller.tenant_id) as session:
        names = await list_scheduled(session, caller.tenant_id)
    many = Counter(name.partition(".")[0] for name in names)
    return max(products, key=lambda product: many[product.name])


@router.get(LOGIN, dependencies=[public("nobody is signed in yet")])
async def show_login(request: Request, caller: MaybeCaller, next: str = "/") -> Response:
    """Show the sign-in, or lead on who is signed in already."""
    return _to(local_path(next)) if caller is not None else _login_page(request, next)


@router.post(LOGIN, dependencies=[public("nobody is signed in yet")])
async def log_in(
    request: Request,
    runtime: CurrentRuntime,
    email: Field,
    password: Field,
    next_path: Annotated[str, Form(alias="next", max_length=2000)] = "/",
) -> Response:
    """Check e-mail and password and lead to where the person wanted to go."""
    await check_csrf(request)
    try:
        signed_in = await sign_in(
            runtime.database,
            email,
            password,
            replacing=find_session_token(request),
            came_from=request.client.host if request.client else "",
        )
    except (WrongCredentialsError, TooManyRequestsError) as error:
        page = _login_page(
            request, next_path, email=email, error=_explain(error), status=error.status
        )
        page.headers.update(of_myriad_error(error).headers)
        return page
    response = _to(local_path(next_path))
    set_session_cookie(request, response, signed_in.token, signed_in.expires_at)
    return response


def _explain(error: MyriadError) -> str:
    if isinstance(error, TooManyRequestsError):
        minutes = max(1, round(error.retry_after_seconds / 60))
        return f"Too many attempts. Wait {minutes} min, then try again."
    return "That e-mail and password do not belong together."


@router.post("/logout", dependencies=[public("ending a session that is gone is no error")])
async def log_out(request: Request, runtime: CurrentRuntime, caller: MaybeCaller) -> Response:
    """End the session; the guard behind `caller` has checked the form."""
    token = find_session_token(request)
    if caller is not None and token is not None:
        await sign_out(runtime.database, token)
    response = _to(LOGIN)
    clear_session_cookie(request, response)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@router.post("/tenant")
async def switch(
    request: Request,
    runtime: CurrentRuntime,
    caller: Known,
    tenant_id: Annotated[UUID, Form()],
) -> Response:
    """Let the browser's session act for another account of the same person."""
    token = find_session_token(request) or ""
    await switch_tenant(runtime.database, token, caller, TenantId(tenant_id))
    return _to("/")


async def fault_page(request: Request, problem: Problem) -> Response:
    """Draw an error for a person; who is not signed in is led to the sign-in."""
    if problem.status == _UNAUTHORIZED:
        return _lead_to_login(request)
    if problem.code == NoMembershipError.code and await _is_demo_coming(runtime_of(request)):
        problem = _DEMO_COMES
    if problem.code == SuspendedTenantError.code:
        return await _suspended_page(request, problem)
    words = ui.fault(problem.status, request_id_of(request), _detail(problem))
    page = ui.respond(visitor_page(request), "ui/error.html", status=problem.status, fault=words)
    page.headers.update(problem.headers)
    return page


async def _suspended_page(request: Request, problem: Problem) -> Response:
    """Say that the account is closed, and lead to the person's others."""
    token = find_session_token(request)
    caller = await find_principal_by_session(runtime_of(request).database, token) if token else None
    tenant = caller.tenant if caller is not None else None
    return _renderer.respond(
        visitor_page(request),
        "console/suspended.html",
        status=problem.status,
        name=tenant.name if tenant is not None else "This account",
        others=caller.tenants if caller is not None else (),
        reference=request_id_of(request),
    )


async def _is_demo_coming(runtime: Runtime) -> bool:
    """Whether nobody has an account here yet, and the demo's is on its way."""
    if not is_simulated(runtime.settings_of(KeeperSettings).square_base_url):
        return False
    async with runtime.database.crossing("has this installation any account") as session:
        return not await has_tenants(session)


def _detail(problem: Problem) -> str:
    # The shell's own words cover what the framework says ("Not Found"); ours say more.
    return problem.detail if problem.code not in ("not_found", "internal_error") else ""


def _lead_to_login(request: Request) -> Response:
    wanted = URL(scope=request.scope)
    back = wanted.path + (f"?{wanted.query}" if wanted.query else "")
    if request.method != "GET":
        back = "/"
    target = LOGIN if back == "/" else f"{LOGIN}?{urlencode({'next': back})}"
    if "hx-request" in request.headers:
        return Response(status_code=_UNAUTHORIZED, headers={"HX-Redirect": target})
    return _to(target)
