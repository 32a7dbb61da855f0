"""A bank is linked once Plaid tells that a visit ended, whether or not a browser comes back from it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest

from myriad.kit.ids import new_id
from myriad.products.kamioi.banking.linking import begin_visit, finish_told_visit, finish_visit
from myriad.products.kamioi.endpoints import intake
from myriad.products.kamioi.people import MemberFacts
from myriad.products.kamioi.plaid.visits import VisitAddress
from myriad.products.kamioi.plaid.webhooks import receive_webhook
from myriad.products.kamioi.settings import KamioiSettings
from myriad.scale.runtime import Runtime
from tests.fixtures.app import app_with, client_of
from tests.fixtures.database import TwoTenants
from tests.fixtures.jobs import run_job
from tests.products.kamioi.people import Person
from tests.products.kamioi.plaid.conftest import RunningPlaid, plaid

__all__ = ["plaid"]
# Nobody listens there: the tests bring webhooks themselves, when they want to.
NOWHERE = "http://127.0.0.1:9/hook"


@dataclass
class Visitor:
    """A member on their way to Plaid's pages and back."""

    person: Person
    plaid: RunningPlaid

    @property
    def runtime(self) -> Runtime:
        """The runtime of a programme that talks to the simulator."""
        return self.person.runtime

    @property
    def member(self) -> MemberFacts:
        """The member as a page knows them."""
        person = self.person
        return MemberFacts(person.tenant_id, person.id, new_id(), "Ann", "USD", "UTC", "active")

    async def visit(self, **pressed: str) -> tuple[UUID, str, bytes]:
        """Go to Plaid's pages and end there: the visit, Plaid's token of it, and its webhook."""
        link_id = await begin_visit(self.runtime, self.member)
        token = list(self.plaid.simulator.visits)[-1]
        async with httpx.AsyncClient(trust_env=False) as outside:
            await outside.post(f"{self.plaid.url}/hosted/{token}", data=pressed)
        visit = self.plaid.simulator.visits[token]
        told_at, visit["webhook"] = visit["webhook"], ""
        return link_id, told_at, self.plaid.simulator.tell_visit(token)

    async def banks(self) -> list[dict[str, Any]]:
        """Return the member's banks."""
        return await self.person.rows(
            "SELECT institution, status FROM kamioi.bank_item WHERE member_id = %(member)s",
            member=self.person.id,
        )

    async def jobs(self, link_id: UUID) -> list[UUID]:
        """Return what is queued to finish a visit."""
        query = "SELECT id FROM platform.job WHERE dedup_key = %(key)s"
        return [row["id"] for row in await self.person.rows(query, key=f"plaid-visit:{link_id}")]

    async def run(self, job_id: UUID) -> None:
        """Do a job as if its time had come."""
        due = "UPDATE platform.job SET state = 'queued', run_at = NULL WHERE id = %s"
        await self.person.change(due, (job_id,))
        outcome = await run_job(self.runtime, self.person.tenant_id, job_id)
        assert str(outcome).endswith("succeeded"), outcome


@pytest.fixture
async def visitor(runtime: Runtime, tenants: TwoTenants, plaid: RunningPlaid) -> Visitor:
    """A member of the first tenant."""
    plaid.simulator.deliveries.attempts = 1
    told = {"plaid_base_url": plaid.url, "plaid_webhook_url": NOWHERE}
    others = tuple(one for one in runtime.settings if not isinstance(one, KamioiSettings))
    settings = (*others, KamioiSettings.model_validate(told))
    person = await Person.join(replace(runtime, settings=settings), tenants.first)
    return Visitor(person, plaid)


async def test_a_bank_is_linked_though_no_browser_comes_back(visitor: Visitor) -> None:
    link_id, told_at, body = await visitor.visit(bank="Chase")
    query = urlsplit(told_at).query
    assert parse_qs(query) == {
        "programme": [str(visitor.person.tenant_id)], "visit": [str(link_id)],
    }  # fmt: skip
    headers = {"plaid-verification": visitor.plaid.simulator.sign(body)}
    async with client_of(app_with(visitor.runtime, intake.router)) as client:
        for _ in range(2):
            path = f"/api/v1/t/webhooks/plaid?{query}"
            answer = await client.post(path, content=body, headers=headers)
            assert answer.json() == {"items": 1}, answer.text
        forged = {"plaid-verification": visitor.plaid.simulator.sign(b"another body")}
        assert (await client.post(path, content=body, headers=forged)).status_code == 401
    (job_id,) = await visitor.jobs(link_id)
    await visitor.run(job_id)
    assert await visitor.banks() == [{"institution": "Chase", "status": "linked"}]
    assert await finish_visit(visitor.runtime, visitor.member, link_id) == "linked"
    assert len(await visitor.banks()) == 1


async def test_the_browser_and_the_webhook_at_once_link_one_bank(visitor: Visitor) -> None:
    link_id, _, _ = await visitor.visit(bank="Chase")
    tenant_id = visitor.person.tenant_id
    found = await asyncio.gather(
        finish_visit(visitor.runtime, visitor.member, link_id),
        finish_told_visit(visitor.runtime, tenant_id, link_id),
    )
    assert set(found) == {"linked"}
    assert len(await visitor.banks()) == 1


async def test_who_left_plaids_pages_and_closed_the_browser_has_linked_nothing(
    visitor: Visitor,
) -> None:
    link_id, _, body = await visitor.visit(leave="1")
    address = VisitAddress(visitor.person.tenant_id, link_id)
    signed = visitor.plaid.simulator.sign(body)
    assert await receive_webhook(visitor.runtime, body, signed, address) == 1
    (job_id,) = await visitor.jobs(link_id)
    await visitor.run(job_id)
    assert await visitor.banks() == []
    assert await receive_webhook(visitor.runtime, body, signed, address) == 0


async def test_a_webhook_about_another_visit_than_its_address_names_changes_nothing(
    visitor: Visitor, tenants: TwoTenants
) -> None:
    mine, _, body = await visitor.visit(bank="Chase")
    other, _, _ = await visitor.visit(bank="Chase")
    signed = visitor.plaid.simulator.sign(body)
    for address in (
        None,
        VisitAddress(visitor.person.tenant_id, other),
        VisitAddress(tenants.second, mine),
        VisitAddress(visitor.person.tenant_id, new_id()),
    ):
        assert await receive_webhook(visitor.runtime, body, signed, address) == 0
    assert await visitor.jobs(mine) + await visitor.jobs(other) == []
