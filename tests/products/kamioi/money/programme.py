"""A programme as money needs it: members, accounts, brands and their owners, purchases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from myriad.kit.ids import new_id
from myriad.products.kamioi.money.invariants import Violation, check_invariants
from myriad.scale.data import Session
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

MONDAY = date(2026, 11, 16)
# Ten in the morning in New York on the Thursday after, when both banking days are over.
WINDOW = datetime(2026, 11, 19, 15, 0, tzinfo=UTC)
NOON = datetime(2026, 11, 17, 17, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Shop:
    """A brand that a listed security owns, and the string that stands for it."""

    brand_id: UUID
    security_id: UUID
    descriptor_id: UUID
    ticker: str


@dataclass
class Programme:
    """One tenant's programme; helpers write what other rooms of the house would."""

    runtime: Runtime
    tenant_id: TenantId
    accounts: dict[UUID, UUID] = field(default_factory=dict)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """A transaction of the tenant."""
        async with self.runtime.database.session(self.tenant_id) as session:
            yield session

    async def run(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement as the tenant and return its rows."""
        async with self.session() as session:
            result = await (await session.connection()).exec_driver_sql(sql, values)
            return [tuple(row) for row in result.all()] if result.returns_rows else []

    async def facts(self, sql: str, *values: Any) -> None:
        """Write a fact of the world."""
        async with self.runtime.database.crossing("test writes facts") as session:
            await (await session.connection()).exec_driver_sql(sql, values)

    async def member(self, balance_minor: int = 100_000, **rule: Any) -> UUID:
        """Add a member with a funding account and rules."""
        member_id, item_id, account_id = new_id(), new_id(), new_id()
        await self.run(
            "INSERT INTO kamioi.member (tenant_id, id, name) VALUES (%s, %s, 'M')",
            self.tenant_id,
            member_id,
        )
        columns = "".join(f", {name}" for name in rule)
        marks = ", %s" * len(rule)
        await self.run(
            f"INSERT INTO kamioi.member_rule (tenant_id, member_id{columns})"
            f" VALUES (%s, %s{marks})",
            self.tenant_id,
            member_id,
            *rule.values(),
        )
        await self.run(
            "INSERT INTO kamioi.bank_item (tenant_id, id, member_id, provider, external_id)"
            " VALUES (%s, %s, %s, 'plaid', %s)",
            self.tenant_id,
            item_id,
            member_id,
            item_id.hex,
        )
        await self.run(
            "INSERT INTO kamioi.bank_account (tenant_id, id, member_id, item_id, external_id,"
            " currency, balance_minor, is_funding) VALUES (%s, %s, %s, %s, 'a', 'USD', %s, true)",
            self.tenant_id,
            account_id,
            member_id,
            item_id,
            balance_minor,
        )
        self.accounts[member_id] = account_id
        return member_id

    async def security(self, close: str = "100", kind: str = "common") -> tuple[UUID, str]:
        """Add a listed security with a close; return its id and ticker."""
        security_id = new_id()
        ticker = f"T{security_id.hex[-8:].upper()}"
        await self.facts(
            "INSERT INTO kamioi.security (id, kind, name) VALUES (%s, %s, %s)",
            security_id,
            kind,
            ticker,
        )
        await self.facts(
            "INSERT INTO kamioi.listing (security_id, ticker, exchange, valid_from, source)"
            " VALUES (%s, %s, 'XNYS', '2000-01-01', 'test')",
            security_id,
            ticker,
        )
        await self.price(security_id, close)
        return security_id, ticker

    async def price(self, security_id: UUID, close: str, day: date = MONDAY) -> None:
        """Say what a security closed at."""
        await self.facts(
            "INSERT INTO kamioi.price (security_id, day, close, currency, source)"
            " VALUES (%s, %s, %s, 'USD', 'test')",
            security_id,
            day,
            Decimal(close),
        )

    async def shop(self, close: str = "100", *, is_private: bool = False) -> Shop:
        """Add a brand, its owner since 2000 and a decided descriptor."""
        brand_id = new_id()
        security_id, ticker = await self.security(close)
        await self.facts(
            "INSERT INTO kamioi.brand (id, key, name, source) VALUES (%s, %s, %s, 'test')",
            brand_id,
            brand_id.hex,
            ticker,
        )
        await self.facts(
            "INSERT INTO kamioi.ownership (brand_id, valid_from, owner_name, security_id, source)"
            " VALUES (%s, '2000-01-01', 'Owner', %s, 'test')",
            brand_id,
            None if is_private else security_id,
        )
        descriptor_id = await self.descriptor()
        await self.decide(descriptor_id, brand_id)
        return Shop(brand_id, security_id, descriptor_id, ticker)

    async def descriptor(self) -> UUID:
        """Add a string that nobody has decided."""
        descriptor_id = new_id()
        await self.run(
            "INSERT INTO kamioi.descriptor (tenant_id, id, norm, raw_example, first_seen_on)"
            " VALUES (%s, %s, %s, 'RAW', '2026-01-01')",
            self.tenant_id,
            descriptor_id,
            descriptor_id.hex,
        )
        return descriptor_id

    async def decide(self, descriptor_id: UUID, brand_id: UUID | None) -> None:
        """Let a person decide a descriptor."""
        await self.run(
            "INSERT INTO kamioi.mapping (tenant_id, descriptor_id, version, brand_id, confidence,"
            " method, state) VALUES (%s, %s, 1, %s, 1, 'human', 'approved')",
            self.tenant_id,
            descriptor_id,
            brand_id,
        )

    async def ready(self, member_id: UUID, security_id: UUID, amount_minor: int) -> None:
        """Let cash of a member wait for a share, as if it had been pulled and settled."""
        await self.run(
            "INSERT INTO kamioi.ledger_entry (tenant_id, booked_on, transfer_id, line, account,"
            " member_id, amount_minor, currency, reason)"
            " SELECT %s, %s, %s, line, account, %s, sign * %s, 'USD', 'test'"
            " FROM (VALUES (1, 'bank', 1), (2, 'member_cash', -1)) AS v (line, account, sign)",
            self.tenant_id,
            MONDAY,
            new_id(),
            member_id,
            amount_minor,
        )
        await self.run(
            "INSERT INTO kamioi.earmark (tenant_id, member_id, security_id, currency, amount_minor)"
            " VALUES (%s, %s, %s, 'USD', %s)",
            self.tenant_id,
            member_id,
            security_id,
            amount_minor,
        )

    async def buy(
        self,
        member_id: UUID,
        descriptor_id: UUID | None,
        amount_minor: int,
        day: date = MONDAY,
        **more: Any,
    ) -> UUID:
        """Add a purchase, posted unless told otherwise."""
        purchase_id = new_id()
        values = {
            "tenant_id": self.tenant_id,
            "id": purchase_id,
            "booked_on": day,
            "shown_on": day,
            "member_id": member_id,
            "account_id": self.accounts[member_id],
            "external_id": purchase_id.hex,
            "state": "posted",
            "kind": "purchase",
            "amount_minor": amount_minor,
            "currency": "USD",
            "raw": "RAW",
            "descriptor_id": descriptor_id,
            "source": "plaid",
        } | more
        marks = ", ".join(["%s"] * len(values))
        await self.run(
            f"INSERT INTO kamioi.purchase ({', '.join(values)}) VALUES ({marks})", *values.values()
        )
        return purchase_id

    async def round_ups(self, *purchases: UUID) -> list[tuple[Any, ...]]:
        """Return (amount, destination, state) of these purchases' round-ups, in their order."""
        rows = await self.run(
            "SELECT purchase_id, amount_minor, destination, state FROM kamioi.round_up"
        )
        found = {row[0]: row[1:] for row in rows}
        return [found[one] for one in purchases if one in found]

    async def violations(self) -> Sequence[Violation]:
        """Return what contradicts itself."""
        async with self.runtime.database.read_session(self.tenant_id) as session:
            return await check_invariants(session)
