"""The suite itself: a real provider is never called, whatever a test asks for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import SecretStr

from myriad.scale.ai import AIRequest, AISettings, NoAnswerError
from myriad.scale.ai.answers import AnswerStore
from myriad.scale.ai.gateway import Gateway
from myriad.scale.ai.ledger import Ledger
from myriad.scale.cache import open_cache
from myriad.scale.limits import Breaker, ProviderBudget
from tests.fixtures import models
from tests.fixtures.models import simulated_models

Ask = Callable[..., AIRequest]
KEYS = {
    "anthropic": AISettings(anthropic_api_key=SecretStr("looks-real")),
    "openai": AISettings(openai_api_key=SecretStr("looks-real")),
}


def gateway_with(settings: AISettings) -> Gateway:
    """Return a gateway that would call the provider of a key at its own address."""
    return Gateway(
        settings,
        answers=AnswerStore(open_cache(None, None)),
        breaker=Breaker(None),
        budget=ProviderBudget(None),
        ledger=Ledger(None),
    )


@pytest.mark.parametrize("provider", KEYS)
async def test_a_real_provider_is_refused_in_tests(question: Ask, provider: str) -> None:
    """Without a simulator pydantic_ai itself refuses, before anything is sent."""
    before = len(models.refused)
    gateway = gateway_with(KEYS[provider])
    with pytest.raises(RuntimeError, match="ALLOW_MODEL_REQUESTS"):
        await gateway.ask(question())
    assert len(models.refused) == before
    await gateway.close()


@pytest.mark.parametrize("provider", KEYS)
async def test_a_test_with_a_simulator_still_reaches_no_real_provider(
    question: Ask, provider: str
) -> None:
    """Where calls are allowed they end at the edge of this machine."""
    before = len(models.refused)
    gateway = gateway_with(KEYS[provider])
    with simulated_models(), pytest.raises(NoAnswerError):
        await gateway.ask(question())
    assert any(provider in host for host in models.refused[before:])
    await gateway.close()
