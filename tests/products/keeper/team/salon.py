"""A salon written straight into the tables: staff, appointments, orders, payments, timecards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from myriad.kit.ids import new_id
from tests.products.keeper.ledger import LAST, Shop

NOON = time(16)  # noon in New York, where the shop of the tests is


_ORDER = ("customer", "sales_order", "order_line", "payment", "booking", "timecard")


class Salon:
    """A shop with staff; everything takes place at 16:00 UTC, and is written by `flush`."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.staff: dict[str, UUID] = {}
        self.known: set[str] = set()
        self._orders = 0
        self._rows: dict[str, list[dict[str, Any]]] = {table: [] for table in _ORDER}

    async def flush(self) -> None:
        """Write what was added, one statement for rows of the same columns."""
        for table, rows in self._rows.items():
            kinds: dict[tuple[str, ...], list[dict[str, Any]]] = {}
            for row in rows:
                kinds.setdefault(tuple(row), []).append(row)
            for same in kinds.values():
                await self.shop.insert(table, same)
            rows.clear()

    async def hire(self, *names: str, status: str = "ACTIVE") -> None:
        """Add members of staff; their id at Square is their name."""
        for name in names:
            self.staff[name] = new_id()
            await self.shop.insert(
                "team_member",
                [
                    {
                        "tenant_id": self.shop.tenant_id,
                        "id": self.staff[name],
                        "ext_id": name,
                        "given_name": name.title(),
                        "family_name": "Weber",
                        "status": status,
                    }
                ],
            )

    async def know(self, *clients: str) -> None:
        """Add profiles that are not there yet."""
        for client in clients:
            if client not in self.known:
                self.known.add(client)
                self._rows["customer"].append(
                    {
                        "tenant_id": self.shop.tenant_id,
                        "ext_id": client,
                        "given_name": client,
                        "family_name": "Client",
                        "ext_created_at": datetime(2024, 1, 1, tzinfo=UTC),
                    }
                )

    async def book(
        self,
        client: str,
        staff: str | Sequence[tuple[str, int]],
        day: date,
        *,
        made: date | datetime | None = None,
        status: str = "ACCEPTED",
        service: str = "cut",
        minutes: int = 60,
        anyone: bool = False,
        changed: datetime | None = None,
    ) -> None:
        """Add an appointment; `made` is by default the day before it."""
        await self.know(client)
        pairs = [(staff, minutes)] if isinstance(staff, str) else staff
        made = made or day - timedelta(days=1)
        at = made if isinstance(made, datetime) else datetime.combine(made, time(15), UTC)
        segments = [
            {
                "team_member_id": name,
                "duration_minutes": long,
                "service_variation_id": service,
                "any_team_member": anyone,
            }
            for name, long in pairs
        ]
        self._rows["booking"].append(
            {
                "tenant_id": self.shop.tenant_id,
                "ext_id": f"book-{new_id()}",
                "customer_ext_id": client,
                "status": status,
                "start_at": datetime.combine(day, NOON, UTC),
                "local_date": day,
                "segments": Jsonb(segments),
                "any_team_member": anyone,
                "ext_created_at": at,
                "ext_updated_at": changed or at,
            }
        )

    async def sell(
        self,
        client: str | None,
        staff: str,
        day: date,
        cents: int = 10_000,
        *,
        service: str = "cut",
        article: int = 0,
        tip: int = 0,
        **facts: Any,
    ) -> None:
        """Add an order with one service and perhaps an article, and its payment."""
        if client:
            await self.know(client)
        self._orders += 1
        key = f"order-{self._orders}"
        common = {"tenant_id": self.shop.tenant_id}
        at = datetime.combine(day, NOON, UTC) + timedelta(hours=1)
        order = {
            **common,
            "ext_id": key,
            "customer_ext_id": client,
            "state": "COMPLETED",
            "total": cents + article,
            "currency": "USD",
            "local_date": day,
            "ext_created_at": at,
            "ext_updated_at": at,
        }
        line = {**common, "order_ext_id": key, "position": 0, "catalog_ext_id": service}
        lines = [{**line, "name": service.title(), "net": cents}]
        if article:
            lines.append(
                {**line, "position": 1, "catalog_ext_id": "oil", "name": "Oil", "net": article}
            )
        self._rows["sales_order"].append(order)
        self._rows["order_line"] += lines
        self._rows["payment"].append(
            self.shop.sale(
                client,
                day,
                cents + article,
                order_ext_id=key,
                team_member_ext_id=staff,
                tip=tip,
                source_type="CARD",
                **facts,
            )
        )

    async def work(
        self, staff: str, days: Sequence[date], hours: float = 8, break_minutes: int = 0
    ) -> None:
        """Add a timecard for each day."""
        start = time(13)
        self._rows["timecard"] += [
            {
                "tenant_id": self.shop.tenant_id,
                "ext_id": f"card-{new_id()}",
                "team_member_ext_id": staff,
                "start_at": datetime.combine(day, start, UTC),
                "end_at": datetime.combine(day, start, UTC) + timedelta(hours=hours),
                "status": "CLOSED",
                "break_seconds": 60 * break_minutes,
            }
            for day in days
        ]

    async def figures(self, metric: str, period: str = "days_90") -> dict[str, dict[str, Any]]:
        """Return the newest stored rows of a figure, by member."""
        rows = await self.shop.rows(
            "SELECT t.ext_id, m.* FROM keeper.staff_metrics m "
            "JOIN keeper.team_member t ON t.tenant_id = m.tenant_id AND t.id = m.team_member_id "
            "WHERE m.metric = %(metric)s AND m.period = %(period)s ORDER BY m.period_start",
            metric=metric,
            period=period,
        )
        return {row["ext_id"]: row for row in rows}


def days_back(count: int, step: int = 1, last: date = LAST) -> list[date]:
    """Return `count` days, the newest first, each `step` days before the next."""
    return [last - timedelta(days=step * place) for place in range(count)]
