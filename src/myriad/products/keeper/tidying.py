"""How long things are kept, and the daily work that lets the rest go."""

from __future__ import annotations

from datetime import timedelta

from myriad.products.keeper.erasing import erase_person
from myriad.products.keeper.repository.erasure import blank_deleted_profiles, list_deleted_people
from myriad.products.keeper.repository.sql import execute
from myriad.scale.data import Session
from myriad.scale.vault import Vault

# Square sends an event again for three days at most; a month shows what arrived.
KEPT = {
    "tidy_event_bodies": timedelta(days=14),
    "tidy_events": timedelta(days=90),
    "tidy_quarantine": timedelta(days=90),
    "tidy_runs": timedelta(days=180),
    "tidy_metrics": timedelta(days=3 * 365),
    "tidy_views": timedelta(days=365),
    "tidy_notices": timedelta(days=365),
    "tidy_consents": timedelta(days=7),
}
DELETED_IN_SQUARE_AFTER = timedelta(days=30)


async def tidy(session: Session) -> int:
    """Let go of rows whose time is over; return how many."""
    return sum([await execute(session, name, after=after) for name, after in KEPT.items()])


async def erase_deleted(session: Session, vault: Vault) -> int:
    """Erase people whom Square deleted a month ago, and blank single profiles deleted there."""
    people = await list_deleted_people(session, DELETED_IN_SQUARE_AFTER)
    for person_id in people:
        await erase_person(session, vault, person_id, "deleted_in_square")
    return len(people) + await blank_deleted_profiles(session, DELETED_IN_SQUARE_AFTER)
