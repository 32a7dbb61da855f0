"""Every rung of the ladder, each made to break by a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from pydantic import BaseModel, SecretStr

from myriad.kit.ids import new_id
from myriad.scale.ai import AIRequest, CachePolicy, NoAnswerError, answers_offline
from myriad.scale.ai.catalog import Catalog, ModelKey, ModelLimits
from myriad.scale.ai.errors import LedgerAwayError
from myriad.scale.ai.simulator import Fault
from myriad.scale.limits import Purse
from myriad.scale.tenancy import TenantId
from tests.scale.ai.conftest import HAIKU, MINI, SONNET, Maker, Simulated

Ask = Callable[..., AIRequest]
CLAUDE = f"anthropic:{HAIKU}"
GPT = f"openai:{MINI}"


class Verdict(BaseModel):
    """A structured answer."""

    fits: bool


@answers_offline("test.thing.offline")
def _offline(request: AIRequest) -> str:
    return f"offline answer to {request.messages[-1].text}"


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("limited", "rate limited"),
        ("broken", "provider failed"),
        ("overloaded", "provider failed"),
        ("garbage", "provider failed"),
        ("refused", "refused"),
        ("unauthorized", "refused"),
    ],
    ids=["429", "500", "529", "garbage", "400", "401"],
)
async def test_when_a_provider_fails_the_same_class_elsewhere_answers(
    make_gateway: Maker, question: Ask, simulated: Simulated, kind: str, why: str
) -> None:
    simulated.world.faults.append(Fault(kind, model=HAIKU))  # type: ignore[arg-type]
    answer = await make_gateway().ask(question())
    assert (answer.provider, answer.model) == ("openai", MINI)
    assert answer.degraded
    assert answer.reasons == (f"{CLAUDE}: {why}",)
    # The SDK's own retries are off: one call each.
    assert simulated.world.account(HAIKU).requests == 1


async def test_a_provider_that_hangs_leaves_the_next_one_time_before_the_deadline(
    make_gateway: Maker, question: Ask, simulated: Simulated
) -> None:
    simulated.world.faults.append(Fault("hanging", model=HAIKU))
    answer = await make_gateway().ask(question(deadline_seconds=5.0))
    assert answer.model == MINI
    assert answer.reasons == (f"{CLAUDE}: timed out",)


async def test_when_a_class_is_away_the_class_below_answers(
    make_gateway: Maker, question: Ask, simulated: Simulated
) -> None:
    simulated.world.faults += [Fault("broken", model=SONNET), Fault("broken", model="gpt-5.4")]
    answer = await make_gateway().ask(question(complexity="moderate"))
    assert (answer.model, answer.model_class) == (HAIKU, "small")
    assert answer.degraded
    assert len(answer.reasons) == 2


async def test_an_answer_of_a_lower_class_is_not_kept_for_the_next_asker(
    make_gateway: Maker, question: Ask, simulated: Simulated
) -> None:
    simulated.world.faults += [Fault("broken", model=SONNET), Fault("broken", model="gpt-5.4")]
    gateway, asked = make_gateway(), question(complexity="moderate")
    await gateway.ask(asked)
    assert (await gateway.ask(asked)).model == SONNET


async def test_when_no_model_answers_an_older_answer_does(
    make_gateway: Maker, question: Ask, simulated: Simulated
) -> None:
    gateway = make_gateway()
    asked = question(cache=CachePolicy(fresh_seconds=0, stale_seconds=600))
    first = await gateway.ask(asked)
    simulated.world.faults.append(Fault("broken", times=99))
    answer = await gateway.ask(asked)
    assert answer.text == first.text
    assert answer.is_cached
    assert answer.degraded
    assert answer.reasons[-1] == "an older answer is given"


async def test_when_nothing_else_is_left_the_offline_provider_answers_and_says_so(
    make_gateway: Maker, question: Ask, simulated: Simulated
) -> None:
    simulated.world.faults.append(Fault("broken", times=99))
    asked = question("hello", task="test.thing.offline")
    answer = await make_gateway().ask(asked)
    assert answer.text == "offline answer to hello"
    assert (answer.provider, answer.model) == ("offline", "offline")
    assert answer.degraded
    assert answer.reasons == (f"{CLAUDE}: provider failed", f"{GPT}: provider failed")


async def test_without_a_key_the_offline_provider_is_no_degradation(
    make_gateway: Maker, question: Ask
) -> None:
    answer = await make_gateway(offline=True).ask(question("hi", task="test.thing.offline"))
    assert answer.provider == "offline"
    assert not answer.degraded


async def test_a_task_that_has_no_offline_answer_fails_with_the_chain_of_reasons(
    make_gateway: Maker, question: Ask, simulated: Simulated
) -> None:
    simulated.world.faults.append(Fault("broken", times=99))
    with pytest.raises(NoAnswerError) as caught:
        await make_gateway().ask(question())
    assert caught.value.reasons == (f"{CLAUDE}: provider failed", f"{GPT}: provider failed")


async def test_a_key_that_a_provider_refuses_is_not_tried_on_its_other_models(
    make_gateway: Maker, question: Ask, simulated: Simulated
) -> None:
    gateway = make_gateway(anthropic_api_key=SecretStr("wrong"))
    answer = await gateway.ask(question(complexity="moderate"))
    assert answer.model == "gpt-5.4"
    simulated.world.faults.append(Fault("broken", model="gpt-5.4"))
    answer = await gateway.ask(question(complexity="moderate"))
    assert answer.model == MINI
    assert simulated.world.account(HAIKU).requests == 0


async def test_output_that_does_not_fit_is_repaired_once_by_the_same_model(
    make_gateway: Maker, question: Ask, simulated: Simulated
) -> None:
    simulated.world.faults.append(Fault("invalid", model=HAIKU))
    answer = await make_gateway().ask(question(schema=Verdict))
    assert answer.value == Verdict(fits=True)
    assert answer.model == HAIKU
    assert simulated.world.account(HAIKU).requests == 2
    assert answer.cost_usd_micros == simulated.world.spent()["cost_usd_micros"]


async def test_output_that_does_not_fit_twice_is_the_next_models_turn(
    make_gateway: Maker, question: Ask, simulated: Simulated
) -> None:
    simulated.world.faults.append(Fault("invalid", model=HAIKU, times=2))
    answer = await make_gateway().ask(question(schema=Verdict))
    assert answer.model == MINI
    assert answer.reasons == (f"{CLAUDE}: invalid output, also repaired",)
    assert answer.cost_usd_micros == simulated.world.spent()["cost_usd_micros"]


async def test_a_structured_answer_that_was_cut_off_is_not_used(
    make_gateway: Maker, question: Ask, simulated: Simulated
) -> None:
    simulated.world.faults.append(Fault("cut", model=HAIKU))
    answer = await make_gateway().ask(question(schema=Verdict))
    assert answer.model == MINI
    assert answer.reasons == (f"{CLAUDE}: cut output",)


async def test_a_text_that_was_cut_off_says_so_and_is_not_kept(
    make_gateway: Maker, question: Ask, simulated: Simulated
) -> None:
    simulated.world.faults.append(Fault("cut", model=HAIKU))
    gateway, asked = make_gateway(), question()
    assert (await gateway.ask(asked)).is_cut
    assert not (await gateway.ask(asked)).is_cached


async def test_what_may_cost_too_much_is_not_asked_of_a_dear_model(
    make_gateway: Maker, question: Ask, simulated: Simulated
) -> None:
    asked = question(complexity="complex", max_cost_usd_micros=2_000, max_output_tokens=200)
    answer = await make_gateway().ask(asked)
    assert answer.model_class == "small"
    assert "may cost" in answer.reasons[0]
    assert answer.cost_usd_micros <= 2_000
    assert simulated.world.account("claude-opus-5-5").requests == 0


async def test_with_no_money_for_a_call_nothing_is_called(
    make_gateway: Maker, question: Ask, simulated: Simulated
) -> None:
    answer = await make_gateway().ask(question(task="test.thing.offline", max_cost_usd_micros=0))
    assert answer.provider == "offline"
    assert simulated.world.accounts == {}


async def test_a_tenants_money_ends_hard_and_gracefully(
    make_gateway: Maker, question: Ask, simulated: Simulated
) -> None:
    gateway = make_gateway(tenant_daily_usd_micros=3_000)
    answers = [await gateway.ask(question(task="test.thing.offline")) for _ in range(40)]
    assert sum(answer.cost_usd_micros for answer in answers) <= 3_000
    assert answers[0].provider == "anthropic"
    assert answers[-1].provider == "offline"
    assert answers[-1].reasons == ("the tenant's money for today is used up",)


async def test_a_model_without_a_price_is_never_called(
    make_gateway: Maker, question: Ask, simulated: Simulated
) -> None:
    gateway = make_gateway()
    key = ModelKey("anthropic", "claude-nobody-knows")
    found = gateway.catalog()
    gateway._catalog = Catalog(
        found.effective_from, {"simple": "small"}, {"small": (key,)}, found.limits
    )
    answer = await gateway.ask(question(task="test.thing.offline"))
    assert answer.provider == "offline"
    assert "no known price" in answer.reasons[0]
    assert simulated.world.accounts == {}


async def test_our_own_limit_sends_the_next_question_to_the_other_provider(
    make_gateway: Maker, question: Ask, simulated: Simulated
) -> None:
    gateway = make_gateway(limits=ModelLimits(rpm=2, tpm=10**9, rpd=10**6))
    answers = [await gateway.ask(question(task="test.thing.offline")) for _ in range(5)]
    assert [answer.provider for answer in answers] == [
        "anthropic",
        "anthropic",
        "openai",
        "openai",
        "offline",
    ]
    assert "our limit of requests_per_minute" in answers[2].reasons[0]
    assert simulated.world.account(HAIKU).requests == 2


async def test_a_429_is_the_limiters_business_and_never_opens_the_circuit(
    make_gateway: Maker, question: Ask, simulated: Simulated
) -> None:
    gateway = make_gateway()
    simulated.world.faults.append(Fault("limited", model=HAIKU, times=1))
    await gateway.ask(question())
    # The provider asked for a second without calls, which the limiter keeps for everybody.
    second = await gateway.ask(question())
    assert second.model == MINI
    assert simulated.world.account(HAIKU).requests == 1
    assert not gateway.caller._breaker.is_open(f"ai:{CLAUDE}")


@pytest.mark.parametrize("kind", ["refused", "unauthorized"], ids=["400", "401"])
async def test_a_refusal_never_opens_the_circuit(
    make_gateway: Maker, question: Ask, simulated: Simulated, kind: str
) -> None:
    gateway = make_gateway()
    simulated.world.faults.append(Fault(kind, model=HAIKU, times=8))  # type: ignore[arg-type]
    for _ in range(8):
        await gateway.ask(question())
    assert simulated.world.account(HAIKU).requests == 8
    assert (await gateway.ask(question())).model == HAIKU


async def test_a_provider_that_keeps_failing_is_left_alone(
    make_gateway: Maker, question: Ask, simulated: Simulated
) -> None:
    gateway = make_gateway()
    simulated.world.faults.append(Fault("broken", model=HAIKU, times=99))
    for _ in range(5):
        await gateway.ask(question())
    answer = await gateway.ask(question())
    assert answer.reasons == (f"{CLAUDE}: circuit open",)
    assert simulated.world.account(HAIKU).requests == 5


async def test_a_question_that_is_given_up_gives_its_reservation_back(
    make_gateway: Maker, question: Ask, simulated: Simulated
) -> None:
    simulated.world.faults.append(Fault("hanging", model=HAIKU))
    gateway = make_gateway(limits=ModelLimits(rpm=100, tpm=10**6, rpd=10**6))
    asked = replace(question(), cache=CachePolicy(read=False, write=False))
    asking = asyncio.create_task(gateway.ask(asked))
    while not simulated.world.account(HAIKU).requests:  # noqa: ASYNC110 - the simulator tells nobody
        await asyncio.sleep(0.05)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert (await gateway.ask(question())).model == HAIKU


async def test_while_the_ledger_is_away_nothing_is_paid_from_a_purse(
    make_gateway: Maker, question: Ask, simulated: Simulated
) -> None:
    """What a new purse has spent is asked of the ledger; unknown, it pays no model at all."""

    async def away(_tenant: TenantId, _purse: str) -> int:
        raise LedgerAwayError("what the purse has spent cannot be read now")

    gateway = make_gateway()
    gateway.caller.budget._recall = away
    purse = Purse(f"test.run:{new_id()}", 1_000_000)
    answer = await gateway.ask(question(task="test.thing.offline", purse=purse))
    assert answer.provider == "offline"
    assert answer.reasons == ("what the purse has spent cannot be read now",)
    assert simulated.world.account(HAIKU).requests == 0
