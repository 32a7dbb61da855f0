"""The peer: a plain sync with Square's SDK. Serial, the SDK's own retries, no stored cursor.

Writes `rows N` as it goes so that the bench can kill it at the same share of the way; a new life
starts from the beginning, as nothing remembers where the last one was.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any

from square import Square


def listed(client: Square, location: str, begin: str, end: str) -> Iterator[tuple[str, Any]]:
    """Yield every customer, payment, refund and order."""
    for customer in client.customers.list(limit=100):
        yield "customer", customer
    for payment in client.payments.list(
        location_id=location, begin_time=begin, end_time=end, limit=100
    ):
        yield "payment", payment
    for refund in client.refunds.list(begin_time=begin, end_time=end):
        yield "refund", refund
    cursor = None
    while True:
        going_on: dict[str, str] = {} if cursor is None else {"cursor": cursor}
        answer = client.orders.search(location_ids=[location], limit=500, **going_on)
        yield from (("order", order) for order in answer.orders or [])
        cursor = answer.cursor
        if not cursor:
            return


def save(database: sqlite3.Connection, rows: Iterable[tuple[str, Any]], give_up_at: float) -> int:
    """Write each object as it comes, until all came or the time is over."""
    count = 0
    for kind, item in rows:
        body = item.model_dump_json(exclude_none=True)
        database.execute("INSERT OR REPLACE INTO item VALUES (?, ?, ?)", (kind, item.id, body))
        count += 1
        if count % 50 == 0:
            print(f"rows {count}", flush=True)
            if time.perf_counter() > give_up_at:
                break
    database.commit()
    return count


def main() -> None:
    """Read the task from standard input, then sync."""
    task = json.loads(sys.stdin.readline())
    client = Square(token=task["token"], base_url=task["square_url"], version="2025-08-20")
    database = sqlite3.connect(task["path"])
    database.execute("CREATE TABLE IF NOT EXISTS item (kind, id, body, PRIMARY KEY (kind, id))")
    print("ready", flush=True)
    began = time.perf_counter()
    give_up_at = began + (task["give_up_seconds"] or 1e9)
    rows = listed(client, task["location"], task["begin"], task["end"])
    count = save(database, rows, give_up_at)
    print(json.dumps({"seconds": time.perf_counter() - began, "rows": count}), flush=True)


if __name__ == "__main__":
    main()
