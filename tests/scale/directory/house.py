"""A company, what its people can do, and its rows."""

from __future__ import annotations

from dataclasses import dataclass
from secrets import token_hex

from myriad.scale.directory import (
    Invited,
    Principal,
    Role,
    find_principal_by_session,
    invite,
    sign_in,
)
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.fixtures.app import Company, Person


@dataclass(frozen=True)
class House:
    """A company, and what its people can do."""

    runtime: Runtime
    company: Company

    @property
    def tenant_id(self) -> TenantId:
        return self.company.tenant_id

    async def token(self, who: Person) -> str:
        return (await sign_in(self.runtime.database, who.email, who.password)).token

    async def find(self, token: str) -> Principal | None:
        return await find_principal_by_session(self.runtime.database, token)

    async def person(self, who: Person) -> Principal:
        found = await self.find(await self.token(who))
        assert found is not None
        return found

    async def invite(self, actor: Principal, email: str, role: Role = Role.MEMBER) -> str:
        return (await self.invited(actor, email, role)).token

    async def invited(
        self, actor: Principal, email: str, role: Role = Role.MEMBER, about: str = ""
    ) -> Invited:
        async with self.runtime.database.session(self.tenant_id) as session:
            return await invite(session, actor, email=email, name="Guest", role=role, about=about)

    async def run(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        async with self.runtime.database.session(self.tenant_id) as session:
            result = await (await session.connection()).exec_driver_sql(sql, values)
            return [tuple(row) for row in result.all()] if result.returns_rows else []


def address() -> str:
    """Return an address that nobody has."""
    return f"guest-{token_hex(6)}@example.com"
