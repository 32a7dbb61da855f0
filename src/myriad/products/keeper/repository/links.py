"""Pairs of profiles that may be one person: what matching and people decide on them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from myriad.kit.errors import NotFoundError
from myriad.products.keeper.errors import LinkDecisionError
from myriad.products.keeper.repository.history import lock_account
from myriad.products.keeper.repository.identities import apply_components
from myriad.products.keeper.repository.sql import execute, execute_rows, fetch
from myriad.products.keeper.repository.visits import rebuild_visits
from myriad.scale.data import Session

_FROM = {
    "linked": ("proposed", "vetoed", "rejected", "undone", "auto_linked", "linked"),
    "rejected": ("proposed", "vetoed", "rejected"),
    "undone": ("auto_linked", "linked", "undone"),
}


@dataclass(frozen=True, slots=True)
class Stored:
    """How many pairs are decided, and whether any is another than before."""

    pairs: int
    is_changed: bool


async def store_links(
    session: Session,
    links: Sequence[Mapping[str, Any]],
    touched: Collection[UUID] | None = None,
) -> Stored:
    """Keep what matching decided; what a person decided stays, what no longer holds goes.

    With `touched` only pairs with one of these profiles were decided; the others stay as they are.
    """
    found = {(str(link["left"]), str(link["right"])) for link in links}
    within = None if touched is None else set(touched)
    stale, kept = [], 0
    for row in await fetch(session, "open_links"):
        left, right = row["left_customer_id"], row["right_customer_id"]
        if within is not None and left not in within and right not in within:
            kept += 1
        elif (str(left), str(right)) not in found:
            stale.append(row["id"])
    changed = len(stale)
    if stale:
        await execute(session, "drop_stale_links", stale=stale)
    if links:
        changed += await execute_rows(session, "store_links", links)
    return Stored(kept + len(links), changed > 0)


async def link_pair(session: Session, link_id: UUID, user_id: UUID | None) -> None:
    """Join two profiles; raises NotFoundError."""
    await _decide(session, link_id, "linked", user_id)


async def reject_pair(session: Session, link_id: UUID, user_id: UUID | None) -> None:
    """Keep two profiles apart for good; raises NotFoundError, LinkDecisionError when linked."""
    await _decide(session, link_id, "rejected", user_id)


async def undo_pair(session: Session, link_id: UUID, user_id: UUID | None) -> None:
    """Take a link back; raises NotFoundError, LinkDecisionError when it is not linked."""
    await _decide(session, link_id, "undone", user_id)


async def _decide(session: Session, link_id: UUID, state: str, user_id: UUID | None) -> None:
    # Persons come from all links at once, so two decisions side by side would undo one another.
    await lock_account(session)
    if await note_decision(session, link_id, state, user_id):
        await apply_components(session)
        await rebuild_visits_of_account(session)


async def note_decision(session: Session, link_id: UUID, state: str, user_id: UUID | None) -> bool:
    """Keep what was decided on a pair; False when it had been decided so before.

    The persons follow with `apply_components`. Raises NotFoundError, LinkDecisionError.
    """
    rows = await fetch(session, "lock_link", link_id=link_id)
    if not rows:
        raise NotFoundError("no such pair")
    if rows[0]["state"] not in _FROM[state]:
        raise LinkDecisionError(f"the pair is {rows[0]['state'].replace('_', ' ')}")
    if rows[0]["state"] == state:
        return False
    await execute(
        session,
        "decide_link",
        link_id=link_id,
        state=state,
        decided_by=str(user_id) if user_id else "key",
    )
    return True


async def rebuild_visits_of_account(session: Session) -> None:
    """Rebuild visits up to the account's business date after persons changed."""
    account = await fetch(session, "get_account")
    day = account[0]["business_date"] if account else None
    if day is not None:
        await rebuild_visits(session, day)
