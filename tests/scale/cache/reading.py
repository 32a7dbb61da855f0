"""A process of its own with a cache of its own, driven line by line.

    python -m tests.scale.cache.reading CACHE_URL TENANT FILE

For each line on its input it looks up and prints the content of FILE as JSON, and how often it had
to read FILE. A line `slow` makes the reading take half a second.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import structlog

from myriad.scale.cache import Namespace, Policy, open_cache
from myriad.scale.tenancy import TenantId

WORDS = Namespace("test.words", str, Policy("test", 300.0, ("test",), local_seconds=1.0))


@dataclass
class Reader:
    """The process, seen from the test."""

    process: subprocess.Popen[str]

    def ask(self, line: str = "") -> None:
        """Let it look up."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def answer(self) -> tuple[str, int]:
        """Return what it found, and how often it has read the file."""
        assert self.process.stdout is not None
        value, loads = json.loads(self.process.stdout.readline())
        return value, loads

    def look(self) -> str:
        """Let it look up and return what it found."""
        self.ask()
        return self.answer()[0]


@contextmanager
def reader(url: str, tenant_id: TenantId, file: Path) -> Iterator[Reader]:
    """A reading process that ends with the block."""
    command = [sys.executable, "-m", "tests.scale.cache.reading", url, str(tenant_id), str(file)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Reader(process)
        assert process.stdin is not None
        process.stdin.close()


async def _serve(url: str, tenant_id: TenantId, file: Path) -> None:
    cache, loads = open_cache(url, None, timeout_seconds=10.0), 0
    for line in iter(sys.stdin.readline, ""):

        async def load(pause: float = 0.5 if "slow" in line else 0.0) -> str:
            nonlocal loads
            loads += 1
            word = await asyncio.to_thread(file.read_text)
            await asyncio.sleep(pause)
            return word

        found = await cache.get(WORDS, tenant_id, ("word",), load)
        print(json.dumps([found, loads]), flush=True)  # noqa: T201
    await cache.close()


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(_serve(sys.argv[1], TenantId(UUID(sys.argv[2])), Path(sys.argv[3])))
