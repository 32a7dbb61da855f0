"""A process of its own with a gateway of its own, driven line by line.

    python -m tests.scale.ai.asking PROVIDER_URL CACHE_URL TENANT

says `ready`, then asks each line of its input as a question and prints the answer as JSON.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog
from pydantic import SecretStr

from myriad.scale.ai import AIRequest, AISettings, Message
from myriad.scale.ai.answers import AnswerStore
from myriad.scale.ai.catalog import catalog_on
from myriad.scale.ai.gateway import Gateway
from myriad.scale.ai.ledger import Ledger
from myriad.scale.cache import open_cache
from myriad.scale.limits import Breaker, ProviderBudget
from myriad.scale.tenancy import TenantId


@dataclass
class Asker:
    """The process, seen from the test."""

    process: subprocess.Popen[str]

    def ask(self, text: str) -> None:
        """Let it ask."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{text}\n")
        self.process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """Return what it was answered."""
        assert self.process.stdout is not None
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        return found


@contextmanager
def asker(provider_url: str, cache_url: str, tenant_id: TenantId) -> Iterator[Asker]:
    """An asking process that is ready, and ends with the block."""
    command = [sys.executable, "-m", "tests.scale.ai.asking"]
    arguments = [provider_url, cache_url, str(tenant_id)]
    with subprocess.Popen(
        [*command, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        one = Asker(process)
        assert one.answer() == {"ready": True}
        yield one
        process.kill()


async def _serve(provider_url: str, cache_url: str, tenant_id: TenantId) -> None:
    settings = AISettings(anthropic_api_key=SecretStr("sim"), anthropic_base_url=provider_url)
    catalog = catalog_on(datetime.now(UTC).date())
    gateway = Gateway(
        settings,
        answers=AnswerStore(open_cache(cache_url, None, timeout_seconds=10.0)),
        breaker=Breaker(None),
        budget=ProviderBudget(None),
        ledger=Ledger(None),
        catalog=catalog,
    )
    await gateway.providers.prepare(catalog.classes[catalog.class_of("simple", None)][0])
    print(json.dumps({"ready": True}), flush=True)  # noqa: T201
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        request = AIRequest(
            tenant_id=tenant_id,
            task="test.thing.ask",
            messages=(Message("user", line.strip()),),
            max_output_tokens=200,
            deadline_seconds=60.0,
        )
        answer = await gateway.ask(request)
        said = {"text": answer.text, "is_cached": answer.is_cached, "reasons": answer.reasons}
        print(json.dumps(said), flush=True)  # noqa: T201


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(_serve(sys.argv[1], sys.argv[2], TenantId(UUID(sys.argv[3]))))
