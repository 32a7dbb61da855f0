"""One question through the gateway: the cache, structured answers, idempotency, the bill."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest
from pydantic import BaseModel

from myriad.kit.errors import InvalidInputError
from myriad.kit.ids import new_id
from myriad.scale.ai import AIAnswer, AIRequest, CachePolicy, Message, NoAnswerError
from myriad.scale.ai.errors import IdempotencyMismatchError, UnknownModelClassError
from myriad.scale.ai.ledger import Ledger, list_spend
from myriad.scale.limits import Purse
from myriad.scale.runtime import Runtime
from tests.fixtures.database import TwoTenants
from tests.scale.ai.conftest import HAIKU, SONNET, Maker, Simulated

Ask = Callable[..., AIRequest]


class Verdict(BaseModel):
    """A structured answer."""

    fits: bool
    reason: str


class Place(msgspec.Struct):
    """Part of a structured answer."""

    city: str


class Trip(msgspec.Struct):
    """A structured answer with a part."""

    days: int
    places: list[Place]


async def test_a_question_is_answered_by_the_first_model_of_its_class(
    make_gateway: Maker, question: Ask
) -> None:
    answer = await make_gateway().ask(question())
    assert (answer.provider, answer.model, answer.model_class) == ("anthropic", HAIKU, "small")
    assert not answer.degraded
    assert answer.reasons == ()
    assert "question" in answer.text


@pytest.mark.parametrize(
    ("complexity", "model"),
    [("simple", HAIKU), ("moderate", SONNET), ("complex", "claude-opus-5-5")],
    ids=["simple", "moderate", "complex"],
)
async def test_complexity_decides_the_model(
    make_gateway: Maker, question: Ask, complexity: str, model: str
) -> None:
    answer = await make_gateway().ask(question(complexity=complexity))
    assert answer.model == model


async def test_the_second_time_the_same_question_costs_nothing(
    make_gateway: Maker, question: Ask, simulated: Simulated
) -> None:
    gateway, asked = make_gateway(), question()
    first = await gateway.ask(asked)
    again = await gateway.ask(asked)
    assert again.text == first.text
    assert again.is_cached
    assert again.cost_usd_micros == 0
    assert simulated.world.account(HAIKU).requests == 1


async def test_another_tenant_never_gets_the_first_ones_answer(
    make_gateway: Maker, question: Ask, tenants: TwoTenants, simulated: Simulated
) -> None:
    gateway, asked = make_gateway(), question()
    await gateway.ask(asked)
    other = await gateway.ask(replace(asked, tenant_id=tenants.second))
    assert not other.is_cached
    assert simulated.world.account(HAIKU).requests == 2


@pytest.mark.parametrize(
    "change",
    [
        {"instructions": "other"},
        {"prompt_version": "other"},
        {"schema": Verdict},
        {"complexity": "moderate"},
        {"max_output_tokens": 77},
    ],
    ids=["instructions", "prompt version", "schema", "class", "length"],
)
async def test_whatever_decides_an_answer_makes_another_question(
    make_gateway: Maker, question: Ask, change: dict[str, object]
) -> None:
    gateway, asked = make_gateway(), question()
    await gateway.ask(asked)
    assert not (await gateway.ask(replace(asked, **change))).is_cached  # type: ignore[arg-type]


async def test_a_rescan_asks_anew_and_the_next_reader_gets_its_answer(
    make_gateway: Maker, question: Ask, simulated: Simulated
) -> None:
    gateway, asked = make_gateway(), question()
    await gateway.ask(asked)
    simulated.world.answers[asked.messages[0].text] = "a newer answer"
    fresh = await gateway.ask(replace(asked, cache=CachePolicy(read=False)))
    assert fresh.text == "a newer answer"
    assert (await gateway.ask(asked)).text == "a newer answer"


async def test_the_same_question_at_once_is_asked_once(
    make_gateway: Maker, question: Ask, simulated: Simulated
) -> None:
    gateway, asked = make_gateway(), question()
    simulated.world.base_seconds = 0.2
    answers = await asyncio.gather(*(gateway.ask(asked) for _ in range(8)))
    assert len({answer.text for answer in answers}) == 1
    assert simulated.world.account(HAIKU).requests == 1


async def test_the_asker_who_leaves_does_not_take_the_answer_from_the_others(
    make_gateway: Maker, question: Ask, simulated: Simulated
) -> None:
    gateway, asked = make_gateway(), question()
    simulated.world.base_seconds = 0.2
    leaving = asyncio.create_task(gateway.ask(asked))
    staying = asyncio.create_task(gateway.ask(asked))
    await asyncio.sleep(0.05)
    leaving.cancel()
    assert (await staying).text


@pytest.mark.parametrize("complexity", ["simple", "moderate"], ids=["haiku", "sonnet"])
async def test_a_structured_answer_is_a_value_of_its_schema(
    make_gateway: Maker, question: Ask, complexity: str
) -> None:
    answer = await make_gateway().ask(question(schema=Verdict, complexity=complexity))
    assert answer.value == Verdict(fits=True, reason="simulated")


async def test_a_msgspec_struct_is_a_schema_too(make_gateway: Maker, question: Ask) -> None:
    answer = await make_gateway().ask(question(schema=Trip))
    assert answer.value == Trip(1, [Place("simulated")])


async def test_a_structured_answer_from_the_cache_is_a_value_again(
    make_gateway: Maker, question: Ask
) -> None:
    gateway, asked = make_gateway(), question(schema=Trip)
    await gateway.ask(asked)
    again = await gateway.ask(asked)
    assert again.is_cached
    assert again.value == Trip(1, [Place("simulated")])


async def test_a_keyed_question_is_asked_once_a_day_also_when_it_must_not_be_cached(
    make_gateway: Maker, question: Ask, simulated: Simulated
) -> None:
    gateway = make_gateway()
    asked = question(idempotency_key="one", cache=CachePolicy(read=False, write=False))
    first = await gateway.ask(asked)
    again = await gateway.ask(asked)
    assert again.text == first.text
    assert simulated.world.account(HAIKU).requests == 1


async def test_a_key_that_was_used_for_another_question_is_refused(
    make_gateway: Maker, question: Ask
) -> None:
    gateway = make_gateway()
    await gateway.ask(question(idempotency_key="two"))
    with pytest.raises(IdempotencyMismatchError):
        await gateway.ask(question(idempotency_key="two"))


async def test_a_class_that_the_table_does_not_know_is_refused(
    make_gateway: Maker, question: Ask
) -> None:
    with pytest.raises(UnknownModelClassError, match="small, medium, large"):
        await make_gateway().ask(question(model_class="enormous"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"task": "Nope"},
        {"messages": ()},
        {"messages": (Message("assistant", "hello"),)},
        {"max_output_tokens": 0},
        {"deadline_seconds": 0.0},
        {"max_cost_usd_micros": -1},
    ],
    ids=["task", "no message", "last is a model's", "no tokens", "no time", "negative cost"],
)
def test_a_question_that_cannot_be_asked_is_refused_before_anything_happens(
    question: Ask, wrong: dict[str, object]
) -> None:
    with pytest.raises(InvalidInputError):
        question(**wrong)


async def test_the_ledger_and_the_simulators_bill_agree_to_the_micro_dollar(
    make_gateway: Maker, question: Ask, simulated: Simulated, runtime: Runtime, tenants: TwoTenants
) -> None:
    gateway = make_gateway()
    asked = [question(complexity=level) for level in ("simple", "moderate", "complex") * 4]
    answers = await asyncio.gather(*(gateway.ask(item) for item in asked))
    day = datetime.now(UTC).date()
    rows = await list_spend(runtime.database, tenants.first, day, day)
    spent = sum(row["cost_usd_micros"] for row in rows)
    assert spent == simulated.world.spent()["cost_usd_micros"] > 0
    assert spent == sum(answer.cost_usd_micros for answer in answers)
    assert sum(row["calls"] for row in rows) == 12
    assert {row["task"] for row in rows} == {"test.thing.ask"}
    assert all(row["price_version"].startswith("genai-prices-") for row in rows)
    assert await list_spend(runtime.database, tenants.second, day, day) == []


async def test_the_calls_of_an_undertaking_stay_within_its_purse(
    make_gateway: Maker, question: Ask, simulated: Simulated, runtime: Runtime
) -> None:
    """At its end nothing is called; what was spent is known to another process and to the ledger."""
    purse = Purse(f"test.run:{new_id()}", 3_000)
    gateway = make_gateway()
    answers = await asyncio.gather(
        *(gateway.ask(question(purse=purse, max_output_tokens=100)) for _ in range(12)),
        return_exceptions=True,
    )
    paid = [answer for answer in answers if isinstance(answer, AIAnswer)]
    spent = sum(answer.cost_usd_micros for answer in paid)
    assert 0 < spent <= purse.cap_usd_micros
    # Those that found it empty, or too small for what they might cost, were told so.
    refused = [answer for answer in answers if isinstance(answer, NoAnswerError)]
    assert all("left in the purse" in " ".join(each.reasons) for each in refused)
    assert await Ledger(runtime.database).spent_from(question().tenant_id, purse.name) == spent
    other = question(purse=replace(purse, cap_usd_micros=spent), max_output_tokens=100)
    calls = sum(account.requests for account in simulated.world.accounts.values())
    with pytest.raises(NoAnswerError):
        await make_gateway().ask(other)
    assert sum(account.requests for account in simulated.world.accounts.values()) == calls
