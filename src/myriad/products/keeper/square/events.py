"""Square's webhook events, applied once and in whatever order they arrive.

An event carries the object as it was; versions and change times decide whether it is news. Events
that carry only ids ask for a sync instead.
"""

from __future__ import annotations

from typing import Any, Literal

from myriad.products.keeper.square import oauth
from myriad.products.keeper.square.erased import CUSTOMER, remember
from myriad.products.keeper.square.mapping import Places
from myriad.products.keeper.square.pages import Json
from myriad.products.keeper.square.sql import ask, run
from myriad.products.keeper.square.storage import (
    delete_customer,
    load_places,
    merge_customers,
    store,
)
from myriad.scale.data import Session
from myriad.scale.vault import Vault

EventOutcome = Literal["applied", "stale", "merged", "deleted", "revoked", "sync", "ignored"]

# The kinds whose events carry the whole object, by the name that Square gives it there.
_WHOLE = {
    "customer": "customer",
    "payment": "payment",
    "refund": "refund",
    "booking": "booking",
    "team_member": "team_member",
    "timecard": "timecard",
}
_PARTIAL_TYPES = ("order.", "location.", "labor.shift.")


async def process_event(
    session: Session, event_id: str, vault: Vault | None = None
) -> EventOutcome:
    """Apply a stored event and note its outcome; a second call changes nothing.

    `sync` means that the event names something that must be fetched: queue a sync. With the
    `vault` people who were erased are recognised: the event's body is then not kept either.
    """
    found = await ask(session, "take_event", event_id=event_id)
    if not found:
        return "ignored"
    if found[0]["processed_at"] is not None:
        return "stale"
    places = await load_places(session, vault)
    outcome = await apply_event(session, found[0]["body"], places, vault)
    if places.erased.concerns(found[0]["body"]):
        await run(session, "blank_event", event_id=event_id)
    await run(session, "finish_event", event_id=event_id, outcome=outcome)
    return outcome


async def apply_event(
    session: Session, event: Json, places: Places, vault: Vault | None = None
) -> EventOutcome:
    """Apply one event within the caller's transaction."""
    kind = str(event.get("type") or "")
    data: dict[str, Any] = event.get("data") or {}
    contents: dict[str, Any] = data.get("object") or {}
    if kind == "oauth.authorization.revoked":
        merchant_id = str(event.get("merchant_id") or "")
        await oauth.end_lost(session, merchant_id=merchant_id)
        return "revoked"
    if kind.startswith("customer."):
        return await _apply_customer(session, kind, data, contents, places, vault)
    name = next((name for name in _WHOLE if isinstance(contents.get(name), dict)), None)
    if name is not None and "id" in contents[name]:
        return await _store(session, _WHOLE[name], contents[name], places)
    return "sync" if kind.startswith(_PARTIAL_TYPES) else "ignored"


async def _apply_customer(
    session: Session,
    kind: str,
    data: dict[str, Any],
    contents: dict[str, Any],
    places: Places,
    vault: Vault | None,
) -> EventOutcome:
    body = contents.get("customer") or {}
    context = contents.get("event_context") or body.get("event_context") or {}
    merge = context.get("merge") or {}
    olds, new = merge.get("from_customer_ids") or [], merge.get("to_customer_id")
    gone = [old for old in olds if places.erased.holds(CUSTOMER, old)]
    if new and gone and len(gone) == len(olds) and vault is not None:
        # Profiles of erased people only: what Square made of them is theirs as well.
        await remember(session, vault, CUSTOMER, [new])
        return "merged"
    outcome: EventOutcome = "ignored"
    ext_id = str(body.get("id") or data.get("id"))
    if kind == "customer.deleted":
        if not places.erased.holds(CUSTOMER, ext_id):
            await delete_customer(session, ext_id)
        outcome = "deleted"
    elif body.get("id"):
        outcome = await _store(session, "customer", body, places)
    living = [old for old in olds if old not in gone]
    if living and new:
        await merge_customers(session, living, new)
        outcome = "merged"
    return outcome


async def _store(session: Session, kind: str, body: Json, places: Places) -> EventOutcome:
    stored = await store(session, kind, [body], places)
    return "applied" if stored.changed else "stale"
