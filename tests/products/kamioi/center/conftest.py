"""A programme whose admins decide strings: one for a whole module, every test with strings of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from myriad.kit.ids import new_id
from myriad.products.kamioi.center import tasks as _registered  # noqa: F401 - by importing it.
from myriad.products.kamioi.center.task_names import REDECIDE_TASK
from myriad.products.kamioi.facts.importing import import_brands
from myriad.products.kamioi.facts.loading import World, load_world
from myriad.products.kamioi.repository.mappings import Proposal, propose
from myriad.scale.directory import Principal, Role
from myriad.scale.directory.principal import TenantFacts
from myriad.scale.runtime import Runtime
from tests.fixtures.app import Company, Person, create_company
from tests.fixtures.jobs import run_job
from tests.products.kamioi.money.programme import MONDAY, Programme
from tests.scale.ai.conftest import make_gateway, simulated, simulator_server

__all__ = ["make_gateway", "simulated", "simulator_server"]


@dataclass
class Center(Programme):
    """The programme of a company, with an owner and staff who decide."""

    company: Company | None = None
    world: World | None = None

    @property
    def owner(self) -> Principal:
        """The owner, signed in."""
        assert self.company
        return self._signed_in(self.company.owner, Role.OWNER)

    @property
    def staff(self) -> Principal:
        """Somebody of the staff, signed in."""
        assert self.company
        return self._signed_in(self.company.staff, Role.STAFF)

    def _signed_in(self, person: Person, role: Role) -> Principal:
        assert person.user_id
        tenant = TenantFacts(self.tenant_id, "Test", "UTC", "free", is_suspended=False)
        return Principal("user", person.user_id, role.title(), person.email, tenant, role)

    def brand(self, name: str) -> UUID:
        """Return a curated brand's id."""
        assert self.world
        found = self.world.book.find(name)
        assert found is not None
        return self.world.ids[self.world.book.brands.index(found)]

    async def string(self, norm: str = "") -> UUID:
        """Add a string of which nothing is said."""
        made, norm = new_id(), norm or f"string {new_id().hex[-12:]}"
        await self.run(
            "INSERT INTO kamioi.descriptor (tenant_id, id, norm, raw_example, first_seen_on)"
            " VALUES (%s, %s, %s, %s, %s)",
            *(self.tenant_id, made, norm, norm.upper(), MONDAY),
        )
        return made

    async def proposed(
        self,
        brand: str | None = "Tesco",
        *,
        norm: str = "",
        amount_minor: int = 0,
        state: str = "proposed",
        **purchase: Any,
    ) -> UUID:
        """Add a string with a proposal, and a purchase at it when there is an amount."""
        made = await self.string(norm)
        if amount_minor:
            await self.bought(made, amount_minor, **purchase)
        brand_id = self.brand(brand) if brand else None
        said = Proposal(made, brand_id, 0.5, 5, "prefix", state, {"why": "it begins so"})
        async with self.session() as session:
            assert await propose(session, [said]) == 1
        return made

    async def bought(self, descriptor_id: UUID, amount_minor: int, **purchase: Any) -> UUID:
        """Let somebody who is new buy; return who."""
        member = await self.member()
        await self.buy(member, descriptor_id, amount_minor, **purchase)
        return member

    async def current(self, descriptor_id: UUID) -> tuple[Any, ...] | None:
        """Return (version, brand, method, state) of what holds or is proposed."""
        rows = await self.run(
            "SELECT version, brand_id, method, state FROM kamioi.mapping"
            " WHERE descriptor_id = %s AND valid_to IS NULL",
            descriptor_id,
        )
        return rows[0] if rows else None

    async def run_jobs(self, name: str = REDECIDE_TASK) -> None:
        """Run what waits of a task, as a worker would."""
        rows = await self.run(
            "SELECT j.id FROM platform.job j JOIN platform.job_task t ON t.id = j.task_id"
            " WHERE t.name = %s AND j.state IN ('waiting', 'queued') ORDER BY j.id",
            name,
        )
        for (job_id,) in rows:
            assert await run_job(self.runtime, self.tenant_id, job_id) == "succeeded"


@pytest.fixture(scope="module")
async def world(runtime: Runtime) -> World:
    """The brands that the repository states itself."""
    await import_brands(runtime.database, None)
    return await load_world(runtime.database)


@pytest.fixture(scope="module")
async def center(runtime: Runtime, world: World) -> Center:
    """The programme that a module's tests share."""
    company = await create_company(runtime)
    return Center(runtime, company.tenant_id, company=company, world=world)


@pytest.fixture(scope="module")
async def stranger(runtime: Runtime) -> Company:
    """Another company."""
    return await create_company(runtime)
