"""A simulated Plaid on a port of its own, and members whose banks are linked through it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from secrets import token_hex
from typing import Any
from uuid import UUID

import pytest
import uvicorn

from myriad.products.kamioi import item_tasks  # noqa: F401 - registers the jobs
from myriad.products.kamioi.intake.recording import Recorded
from myriad.products.kamioi.plaid.items import finish_link
from myriad.products.kamioi.plaid.simulator import Bank, PlaidSimulator, PlaidWorld, create_app
from myriad.products.kamioi.plaid.syncing import sync_item
from myriad.products.kamioi.settings import KamioiSettings
from myriad.scale.jobs.direct import direct_work
from myriad.scale.limits import Patience
from myriad.scale.runtime import Runtime
from tests.fixtures.database import TwoTenants
from tests.products.kamioi.people import Person

QUICK = Patience(attempts=6, first_wait_seconds=0.01, longest_wait_seconds=5.0)


@dataclass
class RunningPlaid:
    """A simulator that answers at `url`."""

    url: str
    simulator: PlaidSimulator

    def bank(self, **facts: Any) -> Bank:
        return self.simulator.world.link(salt=token_hex(4), **facts)

    def runtime(self, runtime: Runtime) -> Runtime:
        settings = KamioiSettings.model_validate({"plaid_base_url": self.url})
        others = tuple(one for one in runtime.settings if not isinstance(one, KamioiSettings))
        return replace(runtime, settings=(*others, settings))


@contextmanager
def running_plaid() -> Iterator[RunningPlaid]:
    """Serve a simulated Plaid on a port of its own."""
    app = create_app(PlaidWorld())
    app.state.simulator.deliveries.first_retry_seconds = 0.05
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    yield RunningPlaid(f"http://127.0.0.1:{listener.getsockname()[1]}", app.state.simulator)
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def plaid() -> Iterator[RunningPlaid]:
    """A simulated Plaid without faults."""
    with running_plaid() as running:
        yield running


@dataclass
class Linked(Person):
    """A member with a bank at the simulator."""

    plaid: RunningPlaid | None = None

    async def link_at(self, bank: Bank) -> UUID:
        assert self.plaid is not None
        token = self.plaid.simulator.world.public_token(bank)
        return await finish_link(
            self.runtime, self.tenant_id, self.id, token,
            institution=bank.institution, patience=QUICK,
        )  # fmt: skip

    async def sync(self, item_id: UUID) -> Recorded:
        async with direct_work(self.runtime, self.tenant_id) as work:
            return await sync_item(work, item_id, patience=QUICK)

    async def item(self, item_id: UUID) -> dict[str, Any]:
        (row,) = await self.rows(
            "SELECT * FROM kamioi.bank_item WHERE id = %(item_id)s", item_id=item_id
        )
        return row


@pytest.fixture
async def ann(runtime: Runtime, tenants: TwoTenants, plaid: RunningPlaid) -> Linked:
    """A member of the first tenant, whose programme talks to the simulator."""
    person = await Person.join(plaid.runtime(runtime), tenants.first)
    return Linked(person.runtime, person.tenant_id, person.id, plaid)
