"""What the agents read and write: visits, people, metrics, fits, anomalies, runs."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from myriad.products.keeper.repository.sql import (
    QUERIES,
    Row,
    execute,
    execute_soon,
    fetch,
    fetch_all,
    fetch_last,
    fetch_text,
    find,
    get,
)
from myriad.scale.data import ReadSession, Session

# What "data_digest" is made of. No agent writes to the ledger, so its part holds for a whole run.
_LEDGER, _CUSTOMERS = "ledger_digest", "customers_digest"
_DATA = (_LEDGER, _CUSTOMERS)


async def lock_account(session: Session) -> None:
    """Let what follows wait until no other run writes for this account; held to the end."""
    await execute_soon(session, "lock_account")


async def get_digest(session: ReadSession, name: str, **parameters: Any) -> str:
    """Return the digest that the query `name` makes of an agent's inputs.

    One that several agents of a run share is made once.
    """
    kept: dict[str, str] = session.info.get("digests", {})
    if name in kept:
        return kept[name]
    day = parameters.get("day")
    if name == "visits_digest" and day:
        kept[name] = hashlib.blake2b(await read_visits(session, day), digest_size=16).hexdigest()
        return kept[name]
    if name == "data_digest":
        await _digest_data(session, kept)
        return "|".join(kept[part] for part in _DATA)
    return str((await get(session, name, **parameters))["digest"])


async def _digest_data(session: ReadSession, kept: dict[str, str]) -> None:
    """Let `kept` hold the digests of Square's data, and of how many rows they are."""
    missing: dict[str, dict[str, Any]] = {name: {} for name in _DATA if name not in kept}
    for name, rows in (await fetch_all(session, missing) if missing else {}).items():
        kept[name], kept[f"{name}_rows"] = str(rows[0]["digest"]), str(rows[0]["rows"])


def forget_intake(digests: dict[str, str]) -> None:
    """Forget the digests of a run but that of the ledger, to which agents never write."""
    for name in digests.keys() - {_LEDGER, f"{_LEDGER}_rows"}:
        del digests[name]


async def read_visits(session: ReadSession, day: date) -> bytes:
    """Return the visits up to `day`, by person and day, as `load_visit_columns` packs them.

    Agents of one run read them once: who asks second waits for the first.
    """
    shared: dict[str, Any] = session.info.get("shared", {})
    async with shared.setdefault("visits_lock", asyncio.Lock()):
        if "visits" not in shared:
            sql = await text_of_visits(session, "load_visit_columns", day)
            shared["visits"] = (await fetch_text(session, sql, {"day": day}))[0]["visits"]
    visits: bytes = shared["visits"]
    return visits


async def text_of_visits(session: ReadSession, name: str, day: date) -> str:
    """Return the text of a query, reading the visits as they stand when they stand for `day`."""
    stand = await fetch(session, "know_visits_of_day", day=day)
    text = QUERIES[name]
    return text.replace("keeper.visits_until(%(day)s)", "keeper.visit") if stand else text


async def get_country(session: ReadSession) -> str:
    """Return the country of most locations (ISO 3166 alpha-2), US while none is known."""
    return (await get(session, "account_country"))["country"] or "US"


async def count_data(session: ReadSession) -> int:
    """Return how many rows of Square's the account holds, or held when the digest was made."""
    kept: dict[str, str] = session.info.get("digests", {})
    await _digest_data(session, kept)
    return sum(int(kept[f"{name}_rows"]) for name in _DATA)


async def refresh_statistics(session: Session, *, is_new: bool = False) -> None:
    """Tell the planner about tables that have grown by half since it last looked.

    Without this the queries that follow a first load are planned for empty tables, or, for an
    account that `is_new` beside a few others, for a tenant without rows.
    """
    connection = await session.connection()
    for row in await fetch(session, "stale_tables", is_new=is_new):
        await connection.exec_driver_sql(f'ANALYZE keeper."{row["relname"]}"')


async def know_until(session: Session, day: date) -> None:
    """Lay down what was known on `day` for the rest of the transaction.

    The queries of insights and reports read `known_visit` and `known_sale`, so that nothing after
    the day can reach them. On the day for which the visits stand these are views; for a day in the
    past they are temporary tables, each computed once.
    """
    if await fetch(session, "know_visits_of_day", day=day):
        return
    connection = await session.connection()
    for name in ("know_visits", "know_sales"):
        # A definition takes no parameters in PostgreSQL's protocol; a date is safe to write out.
        sql = QUERIES[name].replace("%(day)s", f"DATE '{day.isoformat()}'")
        await connection.exec_driver_sql(sql)
    for table in ("known_visit", "known_sale"):
        await connection.exec_driver_sql(f"ANALYZE {table}")


async def add_missing_customers(session: Session, since: datetime | None = None) -> int:
    """Add an empty profile for everyone who paid but is not in the directory (any more).

    With `since` only who is named by sales that were stored after it is looked for.
    """
    if since is None:
        return await execute(session, "add_missing_customers")
    return await execute(session, "add_new_customers", since=since)


async def load_visits(session: ReadSession, day: date) -> list[Row]:
    """Return (person_id, local_date, net) up to `day`, by person and day."""
    rows = await fetch_text(
        session, await text_of_visits(session, "load_visits", day), {"day": day}
    )
    return [
        {"person_id": row["person_id"], "local_date": date.fromordinal(number), "net": net}
        for row in rows
        for number, net in zip(row["days"], row["nets"], strict=True)
    ]


async def load_people(
    session: ReadSession, day: date, ids: Sequence[UUID] | None = None
) -> list[Row]:
    """Return every person with contact and how many bookings lie ahead of `day`, or only `ids`."""
    return await fetch(session, "load_people", day=day, ids=None if ids is None else list(ids))


async def start_runs(
    session: Session, day: date, digests: Mapping[str, str], *, again: bool
) -> list[UUID | None]:
    """Begin the runs of agents by the digests of their inputs, and COMMIT.

    None for a run that has already ended well.
    """
    asked = [
        {
            "agent": agent,
            "day": day,
            "digest": digest,
            "run_key": _run_key(agent, day, digest),
            "rows_in": None,
            "again": again,
        }
        for agent, digest in digests.items()
    ]
    found = await fetch_last(session, "start_agent_run", asked)
    return [rows[0]["id"] if rows else None for rows in found]


async def end_runs(session: Session, runs: Sequence[Row]) -> None:
    """Note how runs ended; each with its `run_id`."""
    for run in runs:
        await execute_soon(session, "end_agent_run", **run)


async def find_run(session: ReadSession, agent: str, day: date, digest: str) -> Row | None:
    """Return the run of that key, or None."""
    return await find(session, "find_agent_run", run_key=_run_key(agent, day, digest))


def _run_key(agent: str, day: date, digest: str) -> str:
    return f"{agent}:{day.isoformat()}:{digest}"
