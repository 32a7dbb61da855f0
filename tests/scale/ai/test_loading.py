"""The providers' libraries take seconds to load: nobody's deadline waits for them."""

from __future__ import annotations

import json
import subprocess
import sys

# A process that has loaded nothing yet; its provider is nowhere, so it is the loading that decides.
_COLD = """
import asyncio, json, sys, time
from uuid import UUID
from pydantic import SecretStr
from myriad.scale.ai import AIRequest, AISettings, Message
from myriad.scale.ai.answers import AnswerStore
from myriad.scale.ai.gateway import Gateway
from myriad.scale.ai.ledger import Ledger
from myriad.scale.cache import open_cache
from myriad.scale.limits import Breaker, ProviderBudget
from myriad.scale.tenancy import TenantId

async def main():
    gateway = Gateway(
        AISettings(anthropic_api_key=SecretStr("sim"), anthropic_base_url="http://127.0.0.1:9"),
        answers=AnswerStore(open_cache(None, None)),
        breaker=Breaker(None),
        budget=ProviderBudget(None),
        ledger=Ledger(None),
    )
    request = AIRequest(
        tenant_id=TenantId(UUID(int=1)),
        task="platform.question.ask",
        messages=(Message("user", "hello"),),
        deadline_seconds=0.1,
    )
    before = await gateway.ask(request)
    gateway.start_warming()
    await gateway.warm()
    after = await gateway.ask(request)
    await gateway.close()
    print(json.dumps({"before": before.reasons, "after": after.reasons, "provider": before.provider}))

asyncio.run(main())
"""


def test_a_question_is_answered_otherwise_while_the_libraries_are_loading() -> None:
    """Within its deadline it gets the offline answer; once they are there the provider is asked."""
    done = subprocess.run(
        [sys.executable, "-c", _COLD], capture_output=True, text=True, check=True, timeout=120
    )
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["provider"] == "offline"
    assert "still being loaded" in told["before"][0]
    assert told["after"]
    assert not any("still being loaded" in reason for reason in told["after"])
