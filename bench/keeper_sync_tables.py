"""What a sync left behind, read from Keeper's tables for bench/keeper_sync.py."""

from __future__ import annotations

import hashlib
from datetime import date

import psycopg

DIGESTED = {
    "customer": "ext_id, given_name, email_norm, phone_e164, version, ext_updated_at",
    "payment": "ext_id, customer_ext_id, order_ext_id, amount, tip, refunded, status, local_date",
    "refund": "ext_id, payment_ext_id, amount, status, local_date",
    "sales_order": "ext_id, customer_ext_id, total, state, local_date, version",
    "order_line": "order_ext_id, position, name, quantity, net",
    "location": "ext_id, name, timezone, currency",
    "day_total": "location_ext_id, local_date, ours, square, drift",
    "sync_cursor": "object, location_ext_id, phase, cursor, window_start, window_end",
}


class Tables:
    """Keeper's tables, of whichever tenant."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True)

    def read_rows(self, tenant_id: str) -> int:
        """Return how many objects the tenant's cursors have read."""
        sql = "SELECT coalesce(sum(rows), 0) FROM keeper.sync_cursor WHERE tenant_id = %s"
        row = self.connection.execute(sql, [tenant_id]).fetchone()
        assert row is not None
        return int(row[0])

    def digest(self, tenant_id: str) -> str:
        """Return a digest of every row of the tenant, its own ids left out."""
        whole = hashlib.sha256()
        for table, columns in DIGESTED.items():
            wanted = columns
            if table == "sync_cursor":
                wanted = "object, location_ext_id, phase, cursor"
            sql = f"SELECT {wanted} FROM keeper.{table} WHERE tenant_id = %s ORDER BY 1, 2"
            for row in self.connection.execute(sql, [tenant_id]):
                whole.update(repr(row).encode())
        return whole.hexdigest()

    def cents_off(self, tenant_id: str, days: dict[date, int]) -> int:
        """Return by how many cents the days differ from the log, and the checked days from Square."""
        sql = """SELECT local_date, sum(amount + tip)::bigint FROM keeper.payment
                 WHERE tenant_id = %s GROUP BY 1"""
        ours: dict[date, int] = dict(self.connection.execute(sql, [tenant_id]).fetchall())
        off = sum(abs(ours.get(day, 0) - days.get(day, 0)) for day in ours.keys() | days.keys())
        sql = "SELECT coalesce(sum(abs(drift)), 0) FROM keeper.day_total WHERE tenant_id = %s"
        row = self.connection.execute(sql, [tenant_id]).fetchone()
        assert row is not None
        return int(off) + int(row[0])
