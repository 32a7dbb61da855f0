"""Batches at half price: handed over once, asked after, read, billed, and never lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import pytest
from pydantic import BaseModel

from myriad.kit.errors import InvalidInputError
from myriad.kit.ids import new_id
from myriad.scale.ai import AIRequest, answers_offline
from myriad.scale.ai.batch_rows import BatchState
from myriad.scale.ai.batch_run import advance
from myriad.scale.ai.catalog import ModelLimits
from myriad.scale.ai.errors import UnknownBatchError
from myriad.scale.ai.gateway import Gateway
from myriad.scale.ai.ledger import list_spend
from myriad.scale.ai.nightly import POLL_TASK, get_batch, submit, value_of
from myriad.scale.ai.simulator import Fault
from myriad.scale.ai.tasks import poll_batch
from myriad.scale.jobs.attempt import Outcome
from myriad.scale.jobs.direct import DirectWork, direct_work
from myriad.scale.jobs.registry import REGISTRY
from myriad.scale.limits import Purse
from myriad.scale.runtime import Runtime
from tests.fixtures.database import TwoTenants
from tests.fixtures.jobs import run_job
from tests.scale.ai.conftest import Maker, Simulated, patient

Ask = Callable[..., AIRequest]


class Verdict(BaseModel):
    """A structured answer."""

    fits: bool


@answers_offline("test.night.offline")
def _offline(_request: AIRequest) -> str:
    return "made without a model"


def use(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the job take this gateway."""
    monkeypatch.setattr(Gateway, "of", lambda _runtime: gateway)


@pytest.fixture
def gateway(make_gateway: Maker, monkeypatch: pytest.MonkeyPatch) -> Gateway:
    """The gateway that the job takes."""
    made = make_gateway()
    use(made, monkeypatch)
    return made


async def hand_in(runtime: Runtime, requests: list[AIRequest], **options: Any) -> UUID:
    """Submit and commit."""
    async with runtime.database.session(requests[0].tenant_id) as session:
        return await submit(session, requests, **options)


async def poll(runtime: Runtime, request: AIRequest) -> Outcome:
    """Run the newest poll job of the tenant once."""
    assert REGISTRY.get(POLL_TASK).handler is poll_batch
    why = "test looks for its job"
    rows = await runtime.database.crossing_rows(
        why,
        "SELECT id FROM platform.job WHERE tenant_id = %(tenant_id)s ORDER BY id DESC LIMIT 1",
        {"tenant_id": request.tenant_id},
    )
    async with runtime.database.crossing(why) as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            "UPDATE platform.job SET state = 'dispatched' WHERE id = %s", (rows[0]["id"],)
        )
    return await run_job(runtime, request.tenant_id, rows[0]["id"])


async def find(runtime: Runtime, request: AIRequest, batch_id: UUID) -> BatchState:
    """Read the batch."""
    async with runtime.database.session(request.tenant_id) as session:
        return await get_batch(session, batch_id)


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
async def test_a_batch_is_handed_over_asked_after_and_read_at_half_price(
    runtime: Runtime,
    make_gateway: Maker,
    question: Ask,
    simulated: Simulated,
    tenants: TwoTenants,
    monkeypatch: pytest.MonkeyPatch,
    provider: str,
) -> None:
    other = {"anthropic": "openai", "openai": "anthropic"}[provider]
    without: dict[str, Any] = {f"{other}_api_key": None, f"{other}_base_url": ""}
    use(make_gateway(**without), monkeypatch)
    requests = [question(schema=Verdict, instructions="Judge it.") for _ in range(3)]
    batch_id = await hand_in(runtime, requests)
    for _ in range(3):
        await poll(runtime, requests[0])
    found = await find(runtime, requests[0], batch_id)
    assert (found.state, found.provider) == ("done", provider)
    assert [value_of(answer, Verdict) for answer in found.answers] == [Verdict(fits=True)] * 3
    assert found.cost_usd_micros == simulated.world.spent()["cost_usd_micros"] > 0
    day = datetime.now(UTC).date()
    (row,) = await list_spend(runtime.database, tenants.first, day, day)
    assert (row["mode"], row["calls"]) == ("batch", 3)
    assert row["cost_usd_micros"] == found.cost_usd_micros


async def test_a_provider_that_does_not_answer_is_asked_again_later(
    runtime: Runtime, gateway: Gateway, question: Ask, simulated: Simulated
) -> None:
    asked = question()
    batch_id = await hand_in(runtime, [asked])
    await poll(runtime, asked)
    kept = dict(simulated.world.batches)
    simulated.world.batches.clear()
    await poll(runtime, asked)
    assert (await find(runtime, asked, batch_id)).state == "submitted"
    simulated.world.batches.update(kept)
    for _ in range(2):
        await poll(runtime, asked)
    assert (await find(runtime, asked, batch_id)).state == "done"


async def test_an_answer_that_the_provider_could_not_make_is_made_offline(
    runtime: Runtime, gateway: Gateway, question: Ask, simulated: Simulated
) -> None:
    requests = [question(task="test.night.offline") for _ in range(2)]
    batch_id = await hand_in(runtime, requests)
    await poll(runtime, requests[0])
    simulated.world.faults.append(Fault("broken"))
    for _ in range(2):
        await poll(runtime, requests[0])
    first, second = (await find(runtime, requests[0], batch_id)).answers
    assert (first.text, first.reason, first.cost_usd_micros) == (
        "made without a model",
        "provider failed",
        0,
    )
    assert second.text != first.text


async def test_without_a_provider_a_batch_is_answered_offline_at_once(
    runtime: Runtime,
    make_gateway: Maker,
    question: Ask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = make_gateway(offline=True)
    use(made, monkeypatch)
    asked = question(task="test.night.offline")
    batch_id = await hand_in(runtime, [asked])
    await poll(runtime, asked)
    found = await find(runtime, asked, batch_id)
    assert found.state == "done"
    assert found.answers[0].text == "made without a model"


async def test_a_tenant_without_money_hands_nothing_over(
    runtime: Runtime,
    make_gateway: Maker,
    question: Ask,
    simulated: Simulated,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = make_gateway(limits=ModelLimits(9, 10**6, 9), tenant_daily_usd_micros=10)
    use(made, monkeypatch)
    before = len(simulated.world.batches)
    asked = question(task="test.night.offline")
    batch_id = await hand_in(runtime, [asked])
    await poll(runtime, asked)
    found = await find(runtime, asked, batch_id)
    assert "money for today" in (found.error or "")
    assert len(simulated.world.batches) == before


async def test_another_tenant_cannot_read_a_batch(
    runtime: Runtime, question: Ask, tenants: TwoTenants
) -> None:
    batch_id = await hand_in(runtime, [question()])
    async with runtime.database.session(tenants.second) as session:
        with pytest.raises(UnknownBatchError):
            await get_batch(session, batch_id)


async def test_a_batch_of_nothing_or_of_different_tasks_is_refused(
    runtime: Runtime, question: Ask, tenants: TwoTenants
) -> None:
    async with runtime.database.session(tenants.first) as session:
        with pytest.raises(InvalidInputError, match="1 to"):
            await submit(session, [])
        with pytest.raises(InvalidInputError, match="one tenant"):
            await submit(session, [question(), question(task="test.thing.else")])


async def test_a_batch_is_paid_from_the_purse_of_its_undertaking(
    runtime: Runtime, gateway: Gateway, question: Ask, simulated: Simulated
) -> None:
    """What it cost is on the purse; one that may cost more than it holds never goes out."""
    purse = Purse(f"test.night:{new_id()}", 2_000)
    paid = [question(purse=purse) for _ in range(2)]
    batch_id = await hand_in(runtime, paid)
    for _ in range(3):
        await poll(runtime, paid[0])
    found = await find(runtime, paid[0], batch_id)
    assert found.state == "done"
    spent = await gateway.spent_from(paid[0].tenant_id, purse.name)
    assert spent == found.cost_usd_micros > 0
    calls = simulated.world.spent()["cost_usd_micros"]
    dear = [question(purse=purse, task="test.night.offline") for _ in range(40)]
    batch_id = await hand_in(runtime, dear)
    await poll(runtime, dear[0])
    refused = await find(runtime, dear[0], batch_id)
    assert refused.error is not None
    assert "left in the purse" in refused.error
    assert refused.answers[0].text == "made without a model"
    assert simulated.world.spent()["cost_usd_micros"] == calls


class Killed(DirectWork):
    """Work whose process is killed at its second commit."""

    async def checkpoint(self) -> None:
        """Commit once."""
        if "committed" in self.session.info:
            raise ConnectionResetError
        self.session.info["committed"] = True
        await super().checkpoint()


async def held_of(runtime: Runtime, asked: AIRequest) -> int:
    """Return what the purse of a question holds as spent or reserved, in micro-dollars."""
    assert asked.purse is not None
    key = f"budget:v1:purse:own:{asked.tenant_id}:{asked.purse.name}"
    async with patient(runtime.broker_url) as broker:
        spent = await cast("Awaitable[str | None]", broker.hget(key, "spent"))
        return int(spent or "0")


async def test_money_is_given_back_once_when_the_end_could_not_be_kept(
    runtime: Runtime, gateway: Gateway, question: Ask
) -> None:
    """Until the end is kept, the purse holds the most that the batch could have cost."""
    purse = Purse(f"test.night:{new_id()}", 2_000)
    asked = question(purse=purse)
    batch_id = await hand_in(runtime, [asked])
    for _ in range(2):
        await poll(runtime, asked)
    most = await held_of(runtime, asked)
    for _ in range(2):
        with pytest.raises(ConnectionResetError):
            async with direct_work(runtime, asked.tenant_id) as work:
                await advance(gateway, Killed(work.runtime, work.session), batch_id)
        assert await held_of(runtime, asked) == most
    await poll(runtime, asked)
    found = await find(runtime, asked, batch_id)
    assert found.state == "done"
    assert await held_of(runtime, asked) == found.cost_usd_micros < most
