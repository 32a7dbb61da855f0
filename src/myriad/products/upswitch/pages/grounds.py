"""What a session would be valued on now: each assumption as it is in force, with its source."""

from __future__ import annotations

from dataclasses import dataclass

from myriad.kit.clock import utc_now
from myriad.kit.errors import MyriadError
from myriad.products.upswitch.conversation.keys import keys_in
from myriad.products.upswitch.conversation.naming import shown
from myriad.products.upswitch.languages import Language, language_of
from myriad.products.upswitch.pages.session_words import FactRow, row_of
from myriad.products.upswitch.repository.companies import Rows
from myriad.products.upswitch.valuations.ordering import assemble_session
from myriad.products.upswitch.valuations.vintages import get_in_force
from myriad.products.upswitch.views.sessions import SessionView
from myriad.products.upswitch.views.valuations import Assumption
from myriad.scale.data import Database


@dataclass(frozen=True, slots=True)
class Ground:
    """One assumption: `in_force` is what a valuation would take, `default` what it replaces."""

    row: FactRow
    in_force: str
    default: str
    source: str
    as_of: str


async def grounds_of(database: Database, reader: Rows, view: SessionView) -> list[Ground]:
    """Return the assumptions of a session; the documented defaults while it cannot be valued."""
    day = utc_now().date()
    found: dict[str, Assumption] = {}
    try:
        vintage = await get_in_force(database, day)
        assembled = await assemble_session(reader, view, vintage, day)
    except MyriadError:
        # Something is still missing; the conversation says what.
        pass
    else:
        found = {each.path: each for each in assembled.assumptions}
    language = language_of(view.locale)
    rows = [row_of(view.facts, key, "", language) for key in keys_in("assumptions")]
    return [_ground(row, found.get(row.key.name), language) for row in rows]


def _ground(row: FactRow, found: Assumption | None, language: Language) -> Ground:
    key = row.key
    if found is None or found.value is None:
        source = row.evidence or key.default_source
        return Ground(row, row.value or row.default, row.default, source, key.default_as_of)
    default = row.default if found.default is None else shown(key, found.default, language)
    return Ground(row, shown(key, found.value, language), default, found.source, found.as_of)
