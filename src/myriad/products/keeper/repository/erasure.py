"""What belongs to one person, taken out of every table of the tenant."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from myriad.kit.errors import NotFoundError
from myriad.products.keeper.repository.reports import digest_of
from myriad.products.keeper.repository.sql import Row, execute, fetch, find, get
from myriad.products.keeper.scrubbing import Words
from myriad.scale.data import ReadSession, Session
from myriad.scale.tenancy import current_tenant

# Rows of these are found by their keys, not by words: another person may be called alike.
_SPARED = ("person", "person_term", "customer", "team_member", "location", "account", "connection")
_BATCH = 500


@dataclass(frozen=True)
class Family:
    """One person with everybody found to be the same, and all their profiles in Square."""

    person_id: UUID
    person_ids: list[UUID]
    ext_ids: list[str]

    @property
    def keys(self) -> dict[str, Any]:
        """The ids as parameters of queries."""
        return {"person_ids": self.person_ids, "ext_ids": self.ext_ids}


async def get_family(session: ReadSession, person_id: UUID) -> Family:
    """Return the person that `person_id` stands for now, with all profiles; or NotFoundError."""
    found = await find(session, "resolve_person", person_id=person_id)
    if found is None:
        raise NotFoundError("no such customer")
    row = await get(session, "erase_family", person_id=found["id"])
    return Family(found["id"], row["person_ids"], row["ext_ids"])


async def count_belongings(session: ReadSession, family: Family) -> Row:
    """Return how many rows of each kind belong to the person."""
    return await get(session, "erase_counts", **family.keys)


async def list_cards_of(session: ReadSession, family: Family) -> list[str]:
    """Return the signs of the cards that the person paid with."""
    rows = await fetch(session, "erase_cards", ext_ids=family.ext_ids)
    return [row["card"] for row in rows]


async def collect_words(session: ReadSession, family: Family, cards: Sequence[str]) -> Words:
    """Return everything that the person is called by in this account."""
    strong: list[str | None] = [*family.ext_ids, *cards]
    weak: list[str | None] = []
    for row in await fetch(session, "erase_profiles", ext_ids=family.ext_ids):
        given, last = row["given_name"], row["family_name"]
        strong += [row[name] for name in _STRONG]
        strong.append("".join(mark for mark in row["phone"] or "" if mark.isdigit()))
        if given and last:
            strong += [f"{given} {last}", f"{last} {given}", f"{last}, {given}"]
        weak += [given, last, row["postcode"]]
    for row in await fetch(session, "erase_persons", person_ids=family.person_ids):
        strong += [row["email"], row["phone"]]
        (strong if " " in row["display_name"] else weak).append(row["display_name"])
    return Words.of(strong, weak, ids=map(str, family.person_ids))


_STRONG = ("company_name", "email", "email_norm", "phone", "phone_e164", "address_line")


async def take_apart(session: Session, family: Family, cards: Sequence[str]) -> None:
    """Cut money, orders and bookings from the person; delete person, profiles, all that hangs on."""
    for name in ("erase_payments", "erase_orders", "erase_bookings"):
        await execute(session, name, ext_ids=family.ext_ids)
    await execute(session, "erase_card_signs", cards=list(cards))
    await execute(session, "erase_reviews", person_ids=family.person_ids)
    await execute(session, "erase_customers", ext_ids=family.ext_ids)
    await execute(session, "erase_person_rows", person_ids=family.person_ids)


async def sweep(session: Session, words: Words) -> int:
    """Take the words out of every text of the tenant; return how many rows held any."""
    needles = words.needles
    rows = await execute(session, "erase_raw_events", needles=needles)
    rows += await execute(session, "erase_quarantine", needles=needles)
    await execute(session, "erase_stored_answers")
    for table in await fetch(session, "sweep_tables", spared=list(_SPARED)):
        rows += await _sweep_table(session, table, words)
    await _restamp_reports(session)
    return rows


async def _sweep_table(session: Session, table: Row, words: Words) -> int:
    connection = await session.connection()
    columns = ", ".join(f"{name} AS c{place}" for place, name in enumerate(table["quoted"]))
    whole = ", ".join(f"t.{name}::text" for name in table["quoted"])
    # Names come from the catalog, quoted there; what a user wrote is only ever a parameter.
    select = (
        f"SELECT t.ctid::text AS place, {columns} FROM {table['name']} t "  # noqa: S608
        "WHERE t.tenant_id = %(tenant_id)s AND EXISTS (SELECT 1 FROM unnest(%(needles)s::text[]) n "
        f"WHERE strpos(lower(concat_ws(chr(31), {whole})), n) > 0) FOR UPDATE"
    )
    given = {"tenant_id": current_tenant(), "needles": words.needles}
    found = (await connection.exec_driver_sql(select, given)).mappings().all()
    for row in found:
        await _rewrite(session, table, dict(row), words)
    return len(found)


async def _rewrite(session: Session, table: Row, row: Mapping[str, Any], words: Words) -> None:
    changed: dict[str, Any] = {}
    for place, kind in enumerate(table["types"]):
        before = row[f"c{place}"]
        after = words.scrub(before)
        if after != before:
            changed[f"c{place}"] = json.dumps(after) if kind == "jsonb" else after
    if not changed:
        return
    assignments = ", ".join(
        f"{table['quoted'][int(name[1:])]} = %({name})s::{table['types'][int(name[1:])]}"
        for name in changed
    )
    connection = await session.connection()
    await connection.exec_driver_sql(
        f"UPDATE {table['name']} SET {assignments} WHERE ctid = %(place)s::tid",  # noqa: S608
        {**changed, "place": row["place"]},
    )


async def _restamp_reports(session: Session) -> None:
    for row in await fetch(session, "restamp_reports"):
        digest = digest_of(row["numbers"])
        await execute(session, "restamp_report", report_id=row["id"], digest=digest)


async def list_deleted_people(session: ReadSession, after: timedelta) -> list[UUID]:
    """Return people all of whose profiles were deleted in Square longer ago than `after`."""
    rows = await fetch(session, "people_deleted_in_square", after=after, limit=_BATCH)
    return [row["person_id"] for row in rows]


async def blank_deleted_profiles(session: Session, after: timedelta) -> int:
    """Take names and contacts from profiles that were deleted in Square longer ago than `after`."""
    return await execute(session, "blank_deleted_profiles", after=after)
