"""How the screens of a session are drawn: the conversation, normalisation, assumptions."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from uuid import UUID

from starlette.responses import Response

from myriad.kit.clock import utc_now
from myriad.products.upswitch.conversation.keys import keys_in
from myriad.products.upswitch.conversation.normalising import normalise
from myriad.products.upswitch.languages import language_of
from myriad.products.upswitch.pages import session_words
from myriad.products.upswitch.pages.grounds import grounds_of
from myriad.products.upswitch.pages.worth import worth_of
from myriad.products.upswitch.registry.numbers import parse_enterprise_number
from myriad.products.upswitch.repository import get_filings
from myriad.products.upswitch.repository.companies import Rows
from myriad.products.upswitch.repository.sessions import get_session
from myriad.products.upswitch.settings import UpswitchSettings
from myriad.products.upswitch.views.sessions import ConversationView
from myriad.scale import ui
from myriad.scale.data import ReadSession
from myriad.scale.runtime import Runtime

RENDERER = ui.Renderer(Path(__file__).parents[1] / "templates")


@dataclass(frozen=True, slots=True)
class Fault:
    """What was typed into a field and cannot be used; `units` are those that it may be meant in."""

    place: str = ""
    typed: str = ""
    detail: str = ""
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a conversation is drawn with; htmx gets a part of the page."""

    page: ui.PageContext
    runtime: Runtime
    session: ReadSession
    reader: Rows
    is_partial: bool = False


async def draw_conversation(
    drawing: Drawing, view: ConversationView, fault: Fault = Fault()
) -> Response:
    """Draw the conversation with the facts beside it."""
    runtime, is_partial = drawing.runtime, drawing.is_partial
    number = parse_enterprise_number(view.session.company_number)
    has_key = runtime.settings_of(UpswitchSettings).nbb_key is not None
    filings = await get_filings(drawing.reader, number, has_key=has_key)
    taken = any(fact.source == "registry" and fact.period for fact in view.session.facts)
    language = language_of(view.session.locale)
    # htmx puts nothing but a success on the page; the fault itself is said at its field.
    is_refused = bool(fault.place) and not is_partial
    return RENDERER.respond(
        drawing.page,
        "upswitch/session_body.html" if is_partial else "upswitch/session.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if is_refused else HTTPStatus.OK,
        view=view,
        groups=session_words.groups_of(view.session.facts, utc_now().date(), language),
        filings=filings,
        has_news=bool(filings.years) and not taken,
        fault=fault,
        words=session_words,
        t=language,
        worth=await worth_of(runtime.database, drawing.session, drawing.reader, view.session),
    )


async def draw_normalisation(
    page: ui.PageContext, session: ReadSession, session_id: UUID, fault: Fault = Fault()
) -> Response:
    """Draw the years before and after their adjustments."""
    view = await get_session(session, session_id)
    years = normalise(view.facts)
    adjustable = [
        session_words.row_of(view.facts, key, year.period, language_of(view.locale))
        for year in years
        for key in keys_in("normalisation")
    ]
    return _respond(
        page, "normalisation", fault, view.locale, view=view, years=years, adjustable=adjustable
    )


async def draw_assumptions(
    page: ui.PageContext,
    runtime: Runtime,
    session: ReadSession,
    reader: Rows,
    session_id: UUID,
    fault: Fault = Fault(),
) -> Response:
    """Draw what holds where nobody said anything."""
    view = await get_session(session, session_id)
    grounds = await grounds_of(runtime.database, reader, view)
    return _respond(page, "assumptions", fault, view.locale, view=view, grounds=grounds)


def _respond(
    page: ui.PageContext, name: str, fault: Fault, locale: str, **values: object
) -> Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if fault.place else HTTPStatus.OK
    return RENDERER.respond(
        page,
        f"upswitch/session_{name}.html",
        status=status,
        fault=fault,
        words=session_words,
        t=language_of(locale),
        **values,
    )
