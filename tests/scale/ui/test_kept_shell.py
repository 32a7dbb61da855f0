"""A shell that is kept is, byte for byte, the one that would be drawn for who looks."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from myriad.scale import ui
from myriad.scale.ui.context import Alert, Alerts, TenantChoice
from myriad.scale.ui.part import Part

NAMES = st.sampled_from(["", "Mara", "Mara & Söhne <b>", "\"quoted\" 'name'", "{{ x }}", "m0123"])
PLACES = (
    ui.Link(title="Today", href="/shop/today", key="t", current=True),
    ui.Link(title="People", href="/shop/people", badge=3),
)
ALERT = Alert(id="1", title="Square <stopped>", href="/shop/x", level="urgent", seen_href="/seen")
TENANTS = tuple(TenantChoice(id=str(n), name=f"Shop {n}", current=n == 1) for n in (1, 2))
pages = st.builds(
    ui.PageContext,
    path=st.sampled_from(["/shop/today", "/shop/people?x=<y>"]),
    csrf_token=st.sampled_from(["a" * 64, "b" * 64]),
    user_name=NAMES,
    user_email=NAMES,
    tenant_name=NAMES,
    zone=st.sampled_from(["UTC", "Europe/Berlin"]),
    tenants=st.sampled_from([(), TENANTS[:1], TENANTS]),
    navigation=st.sampled_from([(), PLACES]),
    theme=st.sampled_from(["auto", "light", "dark"]),
    environment=st.sampled_from(["", "demo"]),
    alerts=st.one_of(
        st.none(),
        st.builds(
            Alerts,
            href=st.just("/shop/notices"),
            events_href=st.just("/shop/events"),
            unseen=st.integers(0, 3),
            shown=st.sampled_from([(), (ALERT,)]),
        ),
    ),
)


def _drawn(page: ui.PageContext) -> str:
    title, content = Markup("Today &amp; now"), Markup("<h1>Hello</h1>")
    return ui.render(page, "ui/whole.html", title=title, content=content)


def _kept(page: ui.PageContext) -> str:
    body = ui.respond_part(page, Part("Today &amp; now", page.zone, ("<h1>Hello</h1>",), ())).body
    return bytes(body).decode()


@settings(max_examples=150, deadline=None)
@given(page=pages)
def test_a_kept_shell_is_the_drawn_one(page: ui.PageContext) -> None:
    assert _kept(page) == _drawn(page)


def test_a_shell_holds_nothing_of_who_looked_first() -> None:
    first = ui.PageContext(
        path="/shop/first",
        csrf_token="f" * 64,
        user_name="Frida",
        user_email="frida@example.com",
        tenant_name="First",
        zone="Europe/Rome",
        navigation=PLACES,
    )
    second = replace(
        first,
        path="/shop/second",
        csrf_token="s" * 64,
        user_name="Sami",
        user_email="sami@example.com",
        tenant_name="Second",
        zone="Europe/Oslo",
    )
    _kept(first)
    shown = _kept(second)
    for own in ("f" * 64, "Frida", "frida@", "First", "Europe/Rome", "/shop/first"):
        assert own not in shown
    assert "Sami" in shown
