"""What the broker holds beside what members' lots say, and the books with themselves, nightly."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from myriad.products.kamioi.broker.market import market_day
from myriad.products.kamioi.broker.port import Broker
from myriad.products.kamioi.money.invariants import check_invariants
from myriad.products.kamioi.repository import sql as queries
from myriad.scale.data import Session


async def reconcile(session: Session, broker: Broker, now: datetime) -> int:
    """Note each position as both see it; return how many differ.

    A ticker that only one of them knows counts as zero on the other side.
    """
    held = {row["security_id"]: row["qty"] for row in await queries.fetch(session, "list_held")}
    names = await queries.fetch(session, "list_tickers", ids=list(held), day=market_day(now))
    tickers = {row["security_id"]: row["ticker"] for row in names}
    theirs = dict(await broker.positions())
    rows = [
        {
            "security_id": security_id,
            "ours": qty,
            "theirs": theirs.pop(tickers.get(security_id, ""), Decimal(0)),
            "ticker": tickers.get(security_id, ""),
        }
        for security_id, qty in sorted(held.items())
    ]
    rows += [
        {"security_id": None, "ours": Decimal(0), "theirs": qty, "ticker": ticker}
        for ticker, qty in sorted(theirs.items())
        if qty
    ]
    if rows:
        await queries.execute(session, "add_reconciliation", rows=rows, now=now)
    return sum(row["ours"] != row["theirs"] for row in rows)


async def check_books(session: Session, now: datetime) -> int:
    """Note what the books contradict themselves in, as part of the comparison of `now`.

    Returns how many contradictions there are; none is a line as well, so that it shows that
    somebody looked.
    """
    found = await check_invariants(session)
    rows: Sequence[dict[str, object]] = [
        {
            "ours": one.ours,
            "theirs": one.theirs,
            "state": "open",
            "note": f"{one.rule}: {one.subject}",
        }
        for one in found
    ] or [{"ours": 0, "theirs": 0, "state": "equal", "note": ""}]
    await queries.execute(session, "add_books", rows=rows, now=now)
    return len(found)
