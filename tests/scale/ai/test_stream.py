"""Answers piece by piece: the same cache, ladder and bill."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from myriad.scale.ai import AIAnswer, AIRequest, StreamBrokenError, answers_offline
from myriad.scale.ai.gateway import Gateway
from myriad.scale.ai.ledger import list_spend
from myriad.scale.ai.simulator import Fault
from myriad.scale.runtime import Runtime
from tests.fixtures.database import TwoTenants
from tests.scale.ai.conftest import HAIKU, MINI, Maker, Simulated

Ask = Callable[..., AIRequest]


@answers_offline("test.talk.offline")
def _offline(request: AIRequest) -> str:
    return "said without a model"


async def hear(gateway: Gateway, request: AIRequest) -> tuple[list[str], AIAnswer]:
    """Return the pieces of an answer and the whole."""
    async with gateway.stream(request) as stream:
        pieces = [piece async for piece in stream]
    assert stream.answer is not None
    return pieces, stream.answer


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
async def test_a_streamed_answer_comes_in_pieces_and_is_billed_like_any_other(
    make_gateway: Maker, question: Ask, simulated: Simulated, provider: str
) -> None:
    if provider == "openai":
        simulated.world.faults.append(Fault("broken", model=HAIKU))
    pieces, answer = await hear(make_gateway(), question())
    assert len(pieces) > 2
    assert "".join(pieces) == answer.text
    assert answer.provider == provider
    assert answer.cost_usd_micros == simulated.world.spent()["cost_usd_micros"] > 0


@pytest.mark.parametrize("kind", ["limited", "broken", "garbage", "unauthorized"])
async def test_before_the_first_piece_another_provider_takes_over(
    make_gateway: Maker, question: Ask, simulated: Simulated, kind: str
) -> None:
    simulated.world.faults.append(Fault(kind, model=HAIKU))  # type: ignore[arg-type]
    pieces, answer = await hear(make_gateway(), question())
    assert "".join(pieces) == answer.text
    assert answer.model == MINI
    assert answer.degraded


async def test_an_answer_that_breaks_off_says_so_and_keeps_what_came(
    make_gateway: Maker, question: Ask, simulated: Simulated
) -> None:
    simulated.world.faults.append(Fault("dropped", model=HAIKU))
    with pytest.raises(StreamBrokenError) as caught:
        await hear(make_gateway(), question())
    assert "A simulated model read".startswith(caught.value.text[:20])
    assert len(caught.value.text) > 20


async def test_a_listener_who_leaves_early_is_billed_for_what_came(
    make_gateway: Maker, question: Ask, runtime: Runtime, tenants: TwoTenants
) -> None:
    async with make_gateway().stream(question()) as stream:
        async for _ in stream:
            break
    day = datetime.now(UTC).date()
    (row,) = await list_spend(runtime.database, tenants.first, day, day)
    assert row["cost_usd_micros"] > 0
    assert row["mode"] == "stream"


async def test_the_same_question_again_streams_from_the_cache(
    make_gateway: Maker, question: Ask, simulated: Simulated
) -> None:
    gateway, asked = make_gateway(), question()
    _, first = await hear(gateway, asked)
    pieces, again = await hear(gateway, asked)
    assert again.is_cached
    assert "".join(pieces) == first.text
    assert simulated.world.account(HAIKU).requests == 1


async def test_without_a_model_the_offline_answer_streams_too(
    make_gateway: Maker, question: Ask
) -> None:
    pieces, answer = await hear(make_gateway(offline=True), question(task="test.talk.offline"))
    assert pieces == ["said ", "without ", "a ", "model"]
    assert answer.provider == "offline"
