"""A small application that draws the sample contexts, to look at and to drive with a browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from myriad.products.keeper.manifest import PRODUCT
from myriad.products.keeper.pages import proving, screens, what_if
from myriad.products.keeper.pages.links import Place
from myriad.scale import ui
from myriad.scale.ui.styleguide import sample
from tests.products.keeper.pages import sample_contexts as s
from tests.products.keeper.pages import sample_proof as p

TOKEN = "sample-token"
NEXT = Place(next="?cursor=signed")
BADGES = {"Today": 5, "Duplicates": 12}

Draw = Callable[[ui.PageContext], HTMLResponse | ui.Part]
PAGES: dict[str, Draw] = {
    "/keeper/today": lambda page: screens.today(page.zone, p.TODAY_PROVEN),
    "/clear/today": lambda page: screens.today(page.zone, s.TODAY_CLEAR),
    "/early/today": lambda page: screens.today(
        page.zone, replace(s.TODAY_CLEAR, is_measured=False)
    ),
    "/new/today": lambda page: screens.today(page.zone, s.TODAY_NEW),
    "/thin/today": lambda page: screens.today(page.zone, s.TODAY_THIN),
    "/keeper/customers": lambda page: screens.customers(page.zone, s.CUSTOMERS_FULL, NEXT),
    "/none/customers": lambda page: screens.customers(page.zone, s.CUSTOMERS_NONE),
    "/new/customers": lambda page: screens.customers(page.zone, s.CUSTOMERS_NEW),
    "/keeper/customers/1": lambda page: screens.customer(page, s.CUSTOMER_FULL, NEXT),
    "/thin/customers/1": lambda page: screens.customer(page, s.CUSTOMER_THIN),
    "/keeper/duplicates": lambda page: screens.duplicates(page, s.DUPLICATES_OPEN, NEXT),
    "/linked/duplicates": lambda page: screens.duplicates(page, s.DUPLICATES_LINKED),
    "/apart/duplicates": lambda page: screens.duplicates(page, s.DUPLICATES_APART),
    "/none/duplicates": lambda page: screens.duplicates(page, s.DUPLICATES_NONE),
    "/keeper/insights": lambda page: proving.draw_insights(page.zone, p.INSIGHTS_FULL, NEXT),
    "/none/insights": lambda page: proving.draw_insights(page.zone, s.INSIGHTS_NONE),
    "/staff/insights": lambda page: proving.draw_insights(
        page.zone, p.INSIGHTS_NEW, is_owner=False
    ),
    "/keeper/insights/quiet-day": lambda page: what_if.draw_quiet_day(page, p.QUIET_DAY),
    "/none/insights/quiet-day": lambda page: what_if.draw_quiet_day(page, p.QUIET_DAY_NONE),
    "/keeper/proof": lambda page: proving.draw_proof(page.zone, p.PROOF_FULL),
    "/unclear/proof": lambda page: proving.draw_proof(page.zone, p.PROOF_UNCLEAR, is_owner=False),
    "/early/proof": lambda page: proving.draw_proof(page.zone, p.PROOF_EARLY),
    "/none/proof": lambda page: proving.draw_proof(page.zone, p.PROOF_NONE),
    "/off/proof": lambda page: proving.draw_proof(page.zone, p.PROOF_OFF),
    "/keeper/reports": lambda page: screens.reports(page.zone, s.REPORTS_FULL, NEXT),
    "/none/reports": lambda page: screens.reports(page.zone, s.REPORTS_NONE),
    "/keeper/reports/1": lambda page: screens.report(page.zone, p.REPORT_PROVEN),
    "/partial/reports/1": lambda page: screens.report(page.zone, s.REPORT_PARTIAL),
    "/keeper/connections": lambda page: screens.connections(page, s.CONNECTIONS_FULL),
    "/none/connections": lambda page: screens.connections(page, s.CONNECTIONS_NONE),
    "/revoked/connections": lambda page: screens.connections(page, s.CONNECTIONS_REVOKED),
    "/styleguide": lambda page: ui.respond(page, "ui/styleguide.html", sample=sample()),
    "/login": lambda page: ui.respond(page, "ui/login.html", email="", error=None, next_path="/"),
    "/login/wrong": lambda page: ui.respond(
        page,
        "ui/login.html",
        email="mara@example.com",
        error="E-mail and password do not match.",
        next_path="/",
    ),
    "/offline": lambda page: ui.respond(page, "ui/offline.html"),
    "/error/403": lambda page: ui.respond(page, "ui/error.html", fault=ui.fault(403, "req-1")),
    "/error/404": lambda page: ui.respond(page, "ui/error.html", fault=ui.fault(404, "req-2")),
    "/error/500": lambda page: ui.respond(page, "ui/error.html", fault=ui.fault(500, "req-3")),
}


def page_context(path: str, theme: str | None = None) -> ui.PageContext:
    """Return the shell around a sample page."""
    return ui.PageContext(
        path=path,
        csrf_token=TOKEN,
        user_name="Mara Lind",
        user_email="mara@willowspa.example",
        tenant_name="Willow Day Spa",
        tenants=(
            ui.TenantChoice(id="1", name="Willow Day Spa", current=True),
            ui.TenantChoice(id="2", name="CDNOW"),
        ),
        products=(ui.Link(title=PRODUCT.title, href=PRODUCT.home, current=True),),
        navigation=tuple(
            ui.Link(
                title=item.title,
                href=item.path,
                key=item.key,
                badge=BADGES.get(item.title),
                current=path.startswith(item.path),
            )
            for item in PRODUCT.navigation
        ),
        zone="America/Los_Angeles",
        theme=ui.theme_of(theme),
        home_path=PRODUCT.home,
        environment="Demo",
        now=s.NOW,
    )


def answer_of(draw: Draw, page: ui.PageContext) -> HTMLResponse:
    """Return what is drawn as an answer, whether it is kept without its shell or not."""
    drawn = draw(page)
    return ui.respond_part(page, drawn) if isinstance(drawn, ui.Part) else drawn


def _endpoint(draw: Draw) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        return answer_of(draw, page_context(request.url.path, request.cookies.get(ui.THEME_COOKIE)))

    return answer


async def _decide_task(request: Request) -> Response:
    form = await request.form()
    token = request.headers.get(ui.CSRF_HEADER) or form.get(ui.CSRF_FIELD)
    if token != TOKEN:
        return PlainTextResponse("no token", 403)
    if "hx-request" not in request.headers:
        return RedirectResponse("/keeper/today", 303)
    card = next(
        task for task in s.TODAY_FULL.tasks if str(task.id) == request.path_params["task_id"]
    )
    verb, answer = request.path_params["verb"], str(form.get("answer", "")) or None
    ends = {"no_answer": "snoozed", "not_interested": "dismissed"}
    states = {"done": "done", "snooze": "snoozed", "dismiss": "dismissed", "reopen": "open"}
    state = ends.get(str(answer), "done") if verb == "answer" else states[verb]
    until = s.TODAY + timedelta(days=int(str(form.get("days", 2)))) if state == "snoozed" else None
    decided = replace(card, state=state, snoozed_until=until, answer=answer)  # type: ignore[arg-type]
    return screens.task(page_context("/keeper/today"), decided)


def _progress(request: Request) -> Response:
    return screens.progress(page_context("/keeper/connections"), s.CONNECTIONS_FULL)


def _events(_request: Request) -> Response:
    """Tell the browser that the job has ended, so that it asks for the page's part."""
    facts = 'data: {"state": "running", "done": 1841, "total": 3000}'
    text = f"event: status\n{facts}\n\nevent: end\n{facts}\n\n"
    return Response(text, media_type="text/event-stream")


app = Starlette(
    routes=[
        Route("/keeper/tasks/{task_id}/{verb}", _decide_task, methods=["POST"]),
        Route("/keeper/connections/progress", _progress),
        Route("/api/v1/jobs/{job_id}/events", _events),
        *(Route(path, _endpoint(draw)) for path, draw in PAGES.items()),
        ui.static_mount(),
    ]
)
