"""Erasing a person: everything personal goes, the money stays without a name, and it lasts.

Names, contacts, birthdays, profiles, visits, measures, tasks, notes and matches are deleted;
payments, orders and bookings stay without anybody, so that every day's total is what it was. Texts
of the whole schema are searched for what the person was called. Square's ids are remembered as
keyed digests, so that Square's own copy coming again is not stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from myriad.kit.money import Money
from myriad.products.keeper.repository.accounts import get_account
from myriad.products.keeper.repository.erasure import (
    collect_words,
    count_belongings,
    get_family,
    list_cards_of,
    sweep,
    take_apart,
)
from myriad.products.keeper.repository.history import lock_account
from myriad.products.keeper.repository.notes import drop_note
from myriad.products.keeper.square.erased import CARD, CUSTOMER, remember
from myriad.scale.data import ReadSession, Session
from myriad.scale.directory.audit import record_event
from myriad.scale.directory.principal import Principal
from myriad.scale.jobs.enqueue import enqueue
from myriad.scale.tenancy import current_tenant
from myriad.scale.vault import Vault

ERASE_TASK = "keeper.person.erase"


@dataclass(frozen=True, slots=True)
class ErasurePreview:
    """What erasing somebody would take away, and what would stay without their name."""

    person_id: UUID
    profiles: int
    visits: int
    tasks: int
    reviews: int
    payments: int
    paid: Money
    orders: int
    bookings: int
    bookings_ahead: int


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased, in numbers."""

    profiles: int
    payments: int
    rows_swept: int


async def preview_erasure(session: ReadSession, person_id: UUID) -> ErasurePreview:
    """Return what erasing the person would do; raises NotFoundError."""
    family = await get_family(session, person_id)
    account = await get_account(session)
    counts = await count_belongings(session, family)
    paid = Money(counts.pop("paid"), account.currency)
    return ErasurePreview(family.person_id, len(family.ext_ids), paid=paid, **counts)


async def enqueue_erasure(session: Session, person_id: UUID, actor: Principal | None) -> UUID:
    """Queue the erasure of a person and note who asked; return the job. Raises NotFoundError."""
    family = await get_family(session, person_id)
    record_event(
        session,
        current_tenant(),
        "person.erasure_asked",
        actor=actor,
        subject=str(family.person_id),
    )
    return await enqueue(
        session,
        ERASE_TASK,
        {"person_id": str(family.person_id)},
        dedup_key=f"erase:{family.person_id}",
        job_class="interactive",
    )


async def erase_person(session: Session, vault: Vault, person_id: UUID, why: str) -> Erasure:
    """Erase a person now, within the caller's transaction; raises NotFoundError.

    `why` is a constant word for the audit log: asked, or deleted_in_square.
    """
    await lock_account(session)
    family = await get_family(session, person_id)
    counts = await count_belongings(session, family)
    cards = await list_cards_of(session, family)
    words = await collect_words(session, family, cards)
    await remember(session, vault, CUSTOMER, family.ext_ids)
    await remember(session, vault, CARD, cards)
    await take_apart(session, family, cards)
    swept = await sweep(session, words)
    # Digests of what profiles were called lie in them.
    for note in ("matching_base", "matching", "persons"):
        await drop_note(session, note)
    done = Erasure(len(family.ext_ids), int(counts["payments"]), swept)
    record_event(
        session,
        current_tenant(),
        "person.erased",
        subject=str(family.person_id),
        why=why,
        profiles=done.profiles,
        payments=done.payments,
        rows_swept=done.rows_swept,
    )
    return done
