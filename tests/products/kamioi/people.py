"""Members with banks, written straight into the tables, and what stands of their purchases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from myriad.kit.ids import new_id
from myriad.products.kamioi.intake.files import FileFacts, Imported, import_statement
from myriad.products.kamioi.intake.lines import Line
from myriad.products.kamioi.intake.recording import (
    Recorded,
    ensure_months,
    get_account,
    record_lines,
)
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId


@dataclass
class Person:
    """One member of a tenant's programme."""

    runtime: Runtime
    tenant_id: TenantId
    id: UUID

    @classmethod
    async def join(cls, runtime: Runtime, tenant_id: TenantId, name: str = "Ann") -> Person:
        person = cls(runtime, tenant_id, new_id())
        await person.change(
            "INSERT INTO kamioi.member (tenant_id, id, name) VALUES (%s, %s, %s)",
            (tenant_id, person.id, name),
        )
        return person

    async def change(self, sql: str, values: Any = ()) -> None:
        async with self.runtime.database.session(self.tenant_id) as session:
            await (await session.connection()).exec_driver_sql(sql, values)

    async def rows(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        return await self.runtime.database.reader.rows(self.tenant_id, sql, values)

    async def link(
        self, provider: str = "plaid", *, institution: str = "Chase", mask: str = "4242"
    ) -> UUID:
        """Link a bank with one account and return the account's id."""
        item, account = new_id(), new_id()
        await self.change(
            "INSERT INTO kamioi.bank_item (tenant_id, id, member_id, provider, external_id, "
            "institution) VALUES (%s, %s, %s, %s, %s, %s)",
            (self.tenant_id, item, self.id, provider, f"item-{item}", institution),
        )
        await self.change(
            "INSERT INTO kamioi.bank_account (tenant_id, id, member_id, item_id, external_id, "
            "mask, kind, currency) VALUES (%s, %s, %s, %s, %s, %s, 'card', 'USD')",
            (self.tenant_id, account, self.id, item, f"account-{account}", mask),
        )
        return account

    async def tell(self, account_id: UUID, *lines: Line) -> Recorded:
        """Record lines of an account."""
        database = self.runtime.database
        await ensure_months(database, self.tenant_id, [line.day for line in lines])
        async with database.session(self.tenant_id) as session:
            return await record_lines(session, await get_account(session, account_id), lines)

    async def bring(self, content: bytes, **facts: Any) -> Imported:
        """Import a file."""
        wanted = FileFacts(**{"member_id": self.id, "name": "statement", **facts})
        return await import_statement(self.runtime.database, self.tenant_id, content, wanted)

    async def purchases(self) -> list[dict[str, Any]]:
        """Return all purchases of the member, by day and amount."""
        return await self.rows(
            "SELECT id, booked_on, shown_on, state, kind, amount_minor, currency, raw, is_held, "
            "external_id, pending_external_id, source FROM kamioi.purchase "
            "WHERE member_id = %(member)s ORDER BY booked_on, amount_minor, external_id",
            member=self.id,
        )
