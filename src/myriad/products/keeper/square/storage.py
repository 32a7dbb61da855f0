"""Pages of Square's objects into Keeper's tables, within the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from psycopg.types.json import Jsonb

from myriad.products.keeper.repository.sql import fetch_text
from myriad.products.keeper.square import mapping, upserts
from myriad.products.keeper.square.erased import load_erased
from myriad.products.keeper.square.mapping import Places, UnusableObjectError
from myriad.products.keeper.square.pages import Json
from myriad.products.keeper.square.sql import ask, run
from myriad.products.keeper.square.trades import follow_code
from myriad.scale.data import ReadSession, Session
from myriad.scale.observe.logs import get_logger
from myriad.scale.vault import Vault

_log = get_logger(__name__)


@dataclass(frozen=True)
class Kind:
    """How one kind of object becomes rows; `then` names statements to run on the page's ids."""

    name: str
    target: upserts.Target
    row: Callable[[Json, Places], Json]
    then: tuple[str, ...] = ()


KINDS = {
    kind.name: kind
    for kind in (
        Kind("location", upserts.LOCATION, mapping.location_row),
        Kind("team_member", upserts.TEAM_MEMBER, mapping.team_member_row),
        Kind("timecard", upserts.TIMECARD, mapping.timecard_row),
        Kind("customer", upserts.CUSTOMER, mapping.customer_row),
        Kind(
            "payment",
            upserts.PAYMENT,
            mapping.payment_row,
            ("follow_merged_payments", "quarantine_excess_refunds"),
        ),
        Kind("refund", upserts.REFUND, mapping.refund_row, ("quarantine_excess_refunds",)),
        Kind("order", upserts.ORDER, mapping.order_row, ("follow_merged_orders",)),
        Kind("booking", upserts.BOOKING, mapping.booking_row, ("follow_merged_bookings",)),
    )
}


@dataclass(frozen=True)
class Stored:
    """What one page did: ids that changed, and how many objects were kept apart."""

    changed: frozenset[str] = frozenset()
    quarantined: int = 0


async def store(session: Session, name: str, items: Sequence[Json], places: Places) -> Stored:
    """Write objects of one kind; older versions than ours change nothing."""
    if not items:
        return Stored()
    kind = KINDS[name]
    items = places.erased.without(name, items)
    rows, refused = _rows(kind, items, places)
    changed = await _upsert(session, kind, rows)
    if kind.name == "order":
        await _store_lines(session, items, changed)
    if kind.name == "location":
        await follow_code(session)
    ids = [row["ext_id"] for row in rows]
    # Released first: what follows may put an object back, for another reason.
    await run(session, "release_quarantine", object=kind.name, ext_ids=ids)
    for statement in kind.then:
        await run(session, statement, ext_ids=ids)
    await _keep_apart(session, refused)
    return Stored(frozenset(changed), len(refused))


def _rows(kind: Kind, items: Sequence[Json], places: Places) -> tuple[list[Json], list[Json]]:
    rows: list[Json] = []
    refused: list[Json] = []
    for item in items:
        try:
            rows.append(kind.row(item, places))
        except UnusableObjectError as error:
            refused.append(_refusal(kind, item, str(error)))
        except (KeyError, TypeError, ValueError, AttributeError):
            refused.append(_refusal(kind, item, "malformed"))
    return mapping.newest(rows), refused


def _refusal(kind: Kind, item: Json, reason: str) -> Json:
    _log.warning("square_object_quarantined", object=kind.name, reason=reason)
    return {
        "object": kind.name,
        "ext_id": str(item.get("id") or ""),
        "reason": reason,
        "body": item,
    }


async def _upsert(session: Session, kind: Kind, rows: list[Json]) -> list[str]:
    if not rows:
        return []
    changed = await fetch_text(session, kind.target.sql, {"rows": Jsonb(rows)})
    return [row["ext_id"] for row in changed]


async def _store_lines(session: Session, items: Sequence[Json], changed: list[str]) -> None:
    fresh = set(changed)
    orders = {item["id"]: item for item in items if item.get("id") in fresh}
    lines = [line for item in orders.values() for line in mapping.order_lines(item)]
    if orders:
        await run(session, "replace_order_lines", orders=list(orders), rows=Jsonb(lines))


async def _keep_apart(session: Session, refused: list[Json]) -> None:
    if refused:
        unique = {(row["ext_id"], row["reason"]): row for row in refused}
        await run(session, "quarantine", rows=Jsonb(list(unique.values())))


async def load_places(session: ReadSession, vault: Vault | None = None) -> Places:
    """Return zones, currencies and country of the stored locations, and who was erased here.

    Raises ErasureKeyError where somebody was erased and no vault is given.
    """
    rows = await ask(session, "list_places")
    zone = await ask(session, "account_zone")
    return Places(
        zones={row["ext_id"]: row["timezone"] for row in rows if row["timezone"]},
        currencies={row["ext_id"]: row["currency"] for row in rows if row["currency"]},
        country=next((row["country"] for row in rows if row["country"]), "US"),
        default_zone=zone[0]["timezone"] if zone else "UTC",
        erased=await load_erased(session, vault),
    )


async def merge_customers(session: Session, from_ids: Sequence[str], into_id: str) -> None:
    """Follow a merge in Square: the old profiles point at the new one, and so does their past."""
    final = await ask(session, "final_customer", ext_id=into_id)
    target = final[0]["ext_id"] if final else into_id
    gone = [old for old in from_ids if old != target]
    await run(session, "merge_customers", from_ids=gone, into_id=target)
    for statement in ("shorten_merge_chains", "move_payments", "move_orders", "move_bookings"):
        await run(session, statement, from_ids=gone, into_id=target)


async def delete_customer(session: Session, ext_id: str) -> None:
    """Remember that Square deleted a profile; its payments stay."""
    await run(session, "delete_customer", ext_id=ext_id)
