"""Baskets, appointments and figures written into a shop's tables."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from typing import Any

from myriad.kit.ids import new_id
from myriad.products.keeper.network import FIGURES
from myriad.scale.directory.tenants import create_tenant
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.products.keeper.ledger import LAST, Shop
from tests.products.keeper.patterns.shops import FIRST_DAY, Rows

SHIFT = LAST.toordinal() - FIRST_DAY - 730


async def sell_baskets(shop: Shop, rows: Rows) -> None:
    """Write baskets of two years up to LAST as orders with lines and payments."""
    people = sorted({person for person, *_ in rows if person is not None})
    await _copy(shop, "customer", [_customer(shop, person) for person in people])
    orders, lines, sales = [], [], []
    for number, (person, day, staff, held) in enumerate(rows):
        when, order, buyer = _day(day), f"order-{number}", f"c-{person}"
        orders.append(_order(shop, order, buyer, when))
        lines += [_line(shop, order, place, name) for place, name in enumerate(held)]
        facts = {"order_ext_id": order, "team_member_ext_id": f"m-{staff}"}
        sales.append(shop.sale(buyer, when, 5_000 * max(len(held), 1), **facts))
    await _copy(shop, "sales_order", orders)
    await _copy(shop, "order_line", lines)
    await _copy(shop, "payment", sales)
    await shop.change(
        "INSERT INTO keeper.person (tenant_id, id) SELECT tenant_id, id FROM keeper.customer"
    )
    await shop.change("UPDATE keeper.customer SET person_id = id")
    for table in ("customer", "sales_order", "order_line", "payment"):
        await shop.change(f"ANALYZE keeper.{table}")


async def _copy(shop: Shop, table: str, rows: list[dict[str, Any]]) -> None:
    """Insert rows of one shape by one statement, which thousands of them need."""
    names = ", ".join(rows[0])
    await shop.change(
        f"INSERT INTO keeper.{table} ({names}) SELECT {names} "
        f"FROM jsonb_populate_recordset(NULL::keeper.{table}, %s::jsonb)",
        (json.dumps(rows, default=str),),
    )


def _day(day: int) -> date:
    return date.fromordinal(day + SHIFT)


def _at(day: date) -> datetime:
    return datetime.combine(day, time(15), UTC)


def _customer(shop: Shop, person: int) -> dict[str, Any]:
    made = datetime(2023, 1, 1, tzinfo=UTC)
    return {
        "tenant_id": shop.tenant_id,
        "id": new_id(),
        "ext_id": f"c-{person}",
        "ext_created_at": made,
    }


def _order(shop: Shop, order: str, buyer: str, when: date) -> dict[str, Any]:
    return {
        "tenant_id": shop.tenant_id,
        "ext_id": order,
        "customer_ext_id": buyer,
        "state": "COMPLETED",
        "total": 5_000,
        "currency": "USD",
        "local_date": when,
        "ext_created_at": _at(when),
        "ext_updated_at": _at(when),
    }


def _line(shop: Shop, order: str, place: int, name: str) -> dict[str, Any]:
    return {
        "tenant_id": shop.tenant_id,
        "order_ext_id": order,
        "position": place,
        "catalog_ext_id": f"catalog-{name}",
        "name": name,
        "net": 5_000,
    }


async def join(shop: Shop, vertical: str) -> None:
    """Let the shop join the network as a business of a made-up kind, so that tests do not meet."""
    await shop.change(
        "UPDATE keeper.account SET network_opt_in = true, vertical = %s, business_date = %s",
        (vertical, LAST),
    )


async def open_lender(runtime: Runtime, vertical: str, value: float, weight: int = 100) -> Shop:
    """Open an account that has joined and lends one value for each figure."""
    async with runtime.database.crossing("open a test account") as session:
        tenant_id = await create_tenant(
            session, slug=f"t-{new_id().hex[-12:]}", name="Lender", timezone="UTC"
        )
    shop = await Shop.open(runtime, TenantId(tenant_id))
    await join(shop, vertical)
    await lend(shop, value, weight)
    return shop


async def lend(shop: Shop, value: float, weight: int = 100) -> None:
    """Put figures of the present day into the pool for this account."""
    parameters = '{"r": 0.5, "alpha": 8.0, "a": 0.7, "b": 3.0}'
    rows = [(shop.tenant_id, name, "", value, weight, "{}") for name in FIGURES]
    rows.append((shop.tenant_id, "bgnbd", "", float(weight), weight, parameters))
    await shop.change(
        "INSERT INTO keeper.contribution (tenant_id, metric, currency, value, weight, detail, "
        "measured_on) VALUES (%s, %s, %s, %s, %s, %s, current_date)",
        rows,
    )
