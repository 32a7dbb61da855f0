"""The page of a request: who looks, where they are, what stands around it.

    @pages.get("/customers")
    async def customers(page: CurrentPage, reader: TenantReader) -> Response:
        return RENDERER.respond(page, "shop/customers.html", rows=await reader.rows(...))

`CurrentPage` implies a caller who runs the tenant, as `Staff` does; `OwnPage` is the page of anybody
of the tenant, as `Belonging` is. A page that anybody may see asks `visitor_page(request)`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from myriad.scale.directory import Principal
from myriad.scale.http.csrf import csrf_token
from myriad.scale.http.guards import Belonging, CurrentRuntime, Operator, Staff, runtime_of
from myriad.scale.http.problem import request_id_of
from myriad.scale.runtime import Runtime
from myriad.scale.ui.context import (
    THEME_COOKIE,
    Alerts,
    Link,
    PageContext,
    Standing,
    TenantChoice,
    theme_of,
)

SETTINGS = "/settings"
YOU = "/password"
AlertsOf = Callable[[Runtime, Principal], Awaitable[Alerts]]
StandingOf = Callable[[Runtime, Principal], Standing | None]


@dataclass(frozen=True)
class ProductFrame:
    """One product as the shell shows it: its card, its side navigation, and what it alerts of.

    `own` is the navigation of those whom a tenant serves: pages that show a person what is theirs.
    `owners` are the addresses of the navigation that owners alone may open.
    """

    name: str
    link: Link
    navigation: tuple[Link, ...] = ()
    own: tuple[Link, ...] = ()
    owners: frozenset[str] = frozenset()
    operations: tuple[Link, ...] = ()
    alerts: AlertsOf | None = None
    standing: StandingOf | None = None
    shortcuts: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True)
class Frame:
    """What this installation puts around every page; the composition root fills it in."""

    products: tuple[ProductFrame, ...] = ()
    environment: str = ""


def frame_of(request: Request) -> Frame:
    """Return the frame of the application that answers."""
    frame: Frame = request.app.state.frame
    return frame


def visitor_page(request: Request) -> PageContext:
    """Return the page of somebody who is not signed in."""
    return PageContext(
        path=request.url.path,
        csrf_token=csrf_token(request),
        theme=theme_of(request.cookies.get(THEME_COOKIE)),
        request_id=request_id_of(request),
        environment=frame_of(request).environment,
    )


def member_page(request: Request, caller: Principal) -> PageContext:
    """Return the page of a signed-in person, with the navigation of the product they are in."""
    path = request.url.path
    here = path.split("/")[1] if "/" in path else ""
    products = products_for(request, caller)
    tenant = caller.tenant
    # Pages of no product show the navigation of the first, so that nobody is stranded.
    shown = next(
        (item for item in products if item.name == here), products[0] if products else None
    )
    return replace(
        visitor_page(request),
        user_name=caller.name,
        user_email=caller.email,
        tenant_name=tenant.name if tenant else "",
        zone=tenant.timezone if tenant else "UTC",
        tenants=tuple(
            TenantChoice(
                id=str(choice.id),
                name=choice.name,
                current=tenant is not None and choice.id == tenant.id,
            )
            for choice in caller.tenants
        ),
        products=tuple(_mark(item.link, item.name == here) for item in products),
        navigation=_marked(shown.navigation if shown else (), path),
        shortcuts=shown.shortcuts if shown else (),
        standing=_standing(request, caller, shown) if shown and shown.name == here else None,
        account=_account(caller, path, products),
        settings_path=SETTINGS if caller.is_staff else "",
    )


def products_for(request: Request, caller: Principal) -> tuple[ProductFrame, ...]:
    """Return the products as this caller sees them: members only what shows them their own.

    Who runs the tenant and stands on such a page finds the way between them, and the way back.
    """
    products, path = frame_of(request).products, request.url.path
    if caller.tenant is None or caller.is_staff:
        return tuple(_around_own(_open_to(product, caller), path) for product in products)
    return tuple(_for_member(product) for product in products if product.own)


def _open_to(product: ProductFrame, caller: Principal) -> ProductFrame:
    """Return the product without what is not open to the caller, who is staff or an operator."""
    if caller.is_owner or not product.owners:
        return product
    kept = tuple(link for link in product.navigation if link.href not in product.owners)
    return replace(product, navigation=kept)


def _around_own(product: ProductFrame, path: str) -> ProductFrame:
    if not any(_is_at(link, path) for link in product.own):
        return product
    return replace(product, navigation=(*product.own, *product.navigation[:1]))


def _for_member(product: ProductFrame) -> ProductFrame:
    home = replace(product.link, href=product.own[0].href)
    return ProductFrame(product.name, home, navigation=product.own, standing=product.standing)


def _standing(request: Request, caller: Principal, product: ProductFrame) -> Standing | None:
    return product.standing(runtime_of(request), caller) if product.standing else None


def _account(caller: Principal, path: str, products: tuple[ProductFrame, ...]) -> tuple[Link, ...]:
    """Return what the caller may see of the account and, as an operator, of the installation."""
    links = [Link(title="Settings", href=SETTINGS)] if caller.is_staff else []
    if caller.is_owner:
        links.append(Link(title="Jobs", href="/jobs", key="j"))
    if caller.is_operator:
        links.append(Link(title="Whole queue", href="/queue", key="q"))
        links.append(Link(title="Cache", href="/cache"))
        links.append(Link(title="Models", href="/models"))
        links.append(Link(title="Database", href="/database"))
        links += [link for product in products for link in product.operations]
    return _marked(links, path)


def _marked(links: Iterable[Link], path: str) -> tuple[Link, ...]:
    """Return the links, each told whether the page lies at it or below."""
    return tuple(_mark(link, _is_at(link, path)) for link in links)


def _is_at(link: Link, path: str) -> bool:
    return path == link.href or path.startswith(link.href + "/")


def _mark(link: Link, current: bool) -> Link:
    """Return the link as it is or, which is rare, a copy that says otherwise."""
    return link if link.current is current else replace(link, current=current)


async def page_context(request: Request, runtime: CurrentRuntime, caller: Staff) -> PageContext:
    """Return the page of the caller, with the tenants that they may switch to."""
    return replace(member_page(request, caller), alerts=await _alerts(request, runtime, caller))


async def _alerts(request: Request, runtime: Runtime, caller: Principal) -> Alerts | None:
    """Return the alerts of the product whose page this is; a part of a page has none."""
    here = request.url.path.split("/")[1]
    product = next((item for item in frame_of(request).products if item.name == here), None)
    if product is None or product.alerts is None or "hx-request" in request.headers:
        return None
    return await product.alerts(runtime, caller)


async def own_page(request: Request, caller: Belonging) -> PageContext:
    """Return the page of somebody of the tenant that shows them what is theirs."""
    return member_page(request, caller)


async def operator_page(request: Request, caller: Operator) -> PageContext:
    """Return the page of an operator, who need not belong to an account."""
    return member_page(request, caller)


OperatorPage = Annotated[PageContext, Depends(operator_page)]
OwnPage = Annotated[PageContext, Depends(own_page)]
CurrentPage = Annotated[PageContext, Depends(page_context)]
