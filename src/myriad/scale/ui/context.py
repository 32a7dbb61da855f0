"""What the page shell needs to know about a request; plain values that any edge can fill."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from myriad.kit.clock import utc_now
from myriad.scale.ui.holes import Holes

Theme = Literal["auto", "light", "dark"]

THEME_COOKIE = "myriad_theme"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A place to go. `key` is the letter that follows `g`, `badge` a count that waits there."""

    title: str
    href: str
    key: str = ""
    badge: int | None = None
    current: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantChoice:
    """A tenant that the signed-in person may switch to."""

    id: str
    name: str
    current: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One thing that people should know; `level` is urgent, high or normal.

    A form sent to `seen_href` says that somebody has seen it.
    """

    id: str
    title: str
    href: str
    level: str
    seen_href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """What stands above every page of a product: how many nobody has seen, and the first of them.

    `href` lists them all, `events_href` streams `alerts` (this, as JSON) and `alert` (a new one).
    """

    href: str
    events_href: str
    unseen: int = 0
    shown: tuple[Alert, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """What always holds of a product here and everybody must know, such as that it is a simulation.

    `label` is the word for it, `text` the sentence, `level` info, warn or bad.
    """

    label: str
    text: str
    level: str = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContext:
    """Who looks at the page, where they are and what stands around it.

    `zone` is the account's IANA time zone: every time on the page is shown in it. `now` is the
    moment that relative times are measured from. `account` leads to what belongs to no product.
    `shortcuts` are the product's own keys: what they do, in words, and which. Empty `user_name`
    means nobody is signed in. `standing` stands above every page of the product. `holes` is set
    while a part is drawn that many will look at.
    """

    path: str = "/"
    csrf_token: str = ""
    user_name: str = ""
    user_email: str = ""
    tenant_name: str = ""
    tenants: tuple[TenantChoice, ...] = ()
    products: tuple[Link, ...] = ()
    navigation: tuple[Link, ...] = ()
    account: tuple[Link, ...] = ()
    shortcuts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    zone: str = "UTC"
    theme: Theme = "auto"
    request_id: str = ""
    login_path: str = "/login"
    logout_path: str = "/logout"
    switch_tenant_path: str = "/tenant"
    settings_path: str = "/settings"
    you_path: str = "/password"
    home_path: str = "/"
    environment: str = ""
    alerts: Alerts | None = None
    standing: Standing | None = None
    now: datetime = field(default_factory=utc_now)
    holes: Holes | None = None


def theme_of(cookie: str | None) -> Theme:
    """Return the remembered theme, or `auto` for anything else that a cookie may hold."""
    if cookie == "light":
        return "light"
    return "dark" if cookie == "dark" else "auto"
