"""Kamioi in the demo: a programme of simulated banks, and one of somebody's card transactions."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from myriad.products.kamioi.cards import enqueue_cards, slug_of
from myriad.products.kamioi.demo.filling import fill_programme
from myriad.products.kamioi.demo.people import MEMBER_EMAIL
from myriad.products.kamioi.facts.importing import import_brands
from myriad.products.kamioi.facts.sql import QUERIES as FACTS
from myriad.products.kamioi.opening import open_programme
from myriad.products.kamioi.settings import KamioiSettings, is_simulated
from myriad.scale.data.database import NOBODY
from myriad.scale.directory.users import FIRST_OWNER_EMAIL, find_user_by_email
from myriad.scale.observe.logs import get_logger
from myriad.scale.runtime import Runtime

SLUG, NAME, TIMEZONE = "harbor-credit-union", "Harbor Credit Union", "America/New_York"
_log = get_logger(__name__)


async def fill_banks(runtime: Runtime, since: date) -> None:
    """Open the programme of the simulated banks and fill it; safe to repeat.

    Raises UnavailableError while the simulated Plaid does not answer.
    """
    if not is_simulated(runtime.settings_of(KamioiSettings).plaid_base_url):
        return
    tenant_id = await open_programme(
        runtime, slug=SLUG, name=NAME, timezone=TIMEZONE, owner_email=FIRST_OWNER_EMAIL
    )
    async with runtime.database.crossing("the demo's owner is found") as session:
        owner = await find_user_by_email(session, FIRST_OWNER_EMAIL)
    filled = await fill_programme(
        runtime,
        tenant_id,
        since=since,
        decided_by=owner.id if owner else None,
        member_email=MEMBER_EMAIL,
    )
    _log.info("demo_programme_ready", linked=filled.linked, days=filled.days)


async def fill_cards(runtime: Runtime, path: Path) -> None:
    """Open the programme of a file of card transactions and queue taking it in, once."""
    name = path.stem.replace("_", " ").capitalize()[:200]
    tenant_id = await open_programme(
        runtime, slug=slug_of(path), name=name, timezone="UTC", owner_email=FIRST_OWNER_EMAIL
    )
    if not await runtime.database.reader.rows(NOBODY, FACTS["list_known_brands"], {}):
        await import_brands(runtime.database, None)
    async with runtime.database.session(tenant_id) as session:
        await enqueue_cards(session, path)
