"""A programme with something to look after: decisions, costs, shares, drift, an action."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from myriad.kit.clock import utc_now
from myriad.kit.ids import new_id
from myriad.products.kamioi.broker.market import market_day
from myriad.products.kamioi.broker.paper import PaperBroker
from myriad.products.kamioi.intake.recording import ensure_months
from myriad.products.kamioi.money.costs import close_month
from myriad.products.kamioi.money.reconciliation import reconcile
from myriad.products.kamioi.money.round_ups import accrue
from myriad.products.kamioi.operation.measuring import keep
from myriad.scale.directory import Role
from myriad.scale.embedded.servers import ServerUrls
from tests.fixtures.app import Company, Person, create_company, create_person
from tests.fixtures.database import runtime_for
from tests.products.kamioi.money.programme import Programme, Shop


@dataclass(frozen=True)
class Operated:
    """What the tests of a file look at."""

    urls: ServerUrls
    company: Company
    other: Company
    operator: Person
    member_id: UUID
    shop: Shop
    today: date


async def make_operated(urls: ServerUrls) -> Operated:
    """Make the programme."""
    async with runtime_for(urls) as runtime:
        company, other = await create_company(runtime), await create_company(runtime)
        operator = await create_person(runtime, company.tenant_id, Role.OWNER, is_operator=True)
        programme = Programme(runtime, company.tenant_id)
        today = market_day(utc_now())
        await ensure_months(runtime.database, company.tenant_id, [today])
        shop, member = await programme.shop("62.35"), await programme.member()
        await programme.price(shop.security_id, "64.10", today)
        rare = await programme.descriptor()
        for number in range(6):
            await programme.buy(member, shop.descriptor_id, 345 + number, today)
        await programme.buy(member, rare, 1250, today)
        await programme.buy(
            member,
            shop.descriptor_id,
            1999,
            today,
            currency="EUR",
            is_held=True,
            raw="COSTA MILANO",
        )
        async with programme.session() as session:
            await accrue(session, today, today)
        await _decisions(programme, shop, today)
        await _holding(programme, shop, member)
        await _order_that_needs_a_person(programme)
        await programme.facts(
            "INSERT INTO kamioi.corporate_action (id, security_id, kind, ex_date, cash_per_share,"
            " currency, source) VALUES (%s, %s, 'cash_dividend', %s, 0.485, 'USD', 'the notice')",
            new_id(),
            shop.security_id,
            today - timedelta(days=1),
        )
        async with programme.session() as session:
            for back in (2, 1, 0):
                await keep(session, utc_now() - timedelta(days=back))
            await close_month(session, today)
        return Operated(urls, company, other, operator, member, shop, today)


async def _decisions(programme: Programme, shop: Shop, today: date) -> None:
    """Audited decisions of a model and by name, and three that wait."""
    first = datetime.combine(today.replace(day=1), datetime.min.time(), UTC)
    before = first - timedelta(days=3)
    for number in range(40):
        method, model = ("llm", "small-1") if number % 2 else ("exact", None)
        mapping = new_id()
        is_waiting = number < 3
        await programme.run(
            "INSERT INTO kamioi.mapping (tenant_id, id, descriptor_id, version, brand_id,"
            " confidence, method, state, model, cost_usd_micros, valid_from)"
            " VALUES (%s, %s, %s, 1, %s, %s, %s, %s, %s, %s, %s)",
            programme.tenant_id,
            mapping,
            await programme.descriptor(),
            shop.brand_id,
            0.72 if number % 4 == 1 else 0.97,
            method,
            "proposed" if is_waiting else "auto",
            model,
            180 if model else 0,
            # On the first day of a month some would else be last month's.
            max(first, utc_now() - timedelta(hours=number)) if number < 20 else before,
        )
        await programme.run(
            "INSERT INTO kamioi.audit_sample (tenant_id, mapping_id, method, score_bin, sampled_on,"
            " is_right, decided_at) VALUES (%s, %s, %s, 9, %s, %s, now())",
            programme.tenant_id,
            mapping,
            method,
            today,
            number % 9 != 1,
        )


async def _holding(programme: Programme, shop: Shop, member: UUID) -> None:
    """A lot of a member, and a broker that has twice as much and one thing more."""
    await programme.run(
        "INSERT INTO kamioi.lot (tenant_id, id, member_id, security_id, qty, cost_minor, currency,"
        " opened_on) VALUES (%s, %s, %s, %s, 0.481234567, 3000, 'USD', '2026-01-05')",
        programme.tenant_id,
        new_id(),
        member,
        shop.security_id,
    )
    held = {shop.ticker: Decimal("0.962469134"), "ZZZZ": Decimal(2)}
    async with programme.session() as session:
        await reconcile(session, PaperBroker({}, held=held), utc_now())


async def _order_that_needs_a_person(programme: Programme) -> None:
    """An order of which the broker knows nothing, under a name as long as they are."""
    security_id, ticker = await programme.security()
    await programme.run(
        "INSERT INTO kamioi.trade_order (tenant_id, client_order_id, security_id, ticker,"
        " window_at, notional_minor, currency, state, broker, reason)"
        " VALUES (%s, %s, %s, %s, now(), 500, 'USD', 'sent', 'paper', 'it knows no such order')",
        programme.tenant_id,
        f"k-{new_id().hex}-{security_id.hex}-202611191500",
        security_id,
        ticker,
    )
