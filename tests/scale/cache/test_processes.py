"""Several processes and one cache: they agree, change together, and only one of them works."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from pathlib import Path

from myriad.kit.ids import new_id
from myriad.scale.cache import open_cache
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.tenancy import TenantId
from tests.scale.cache.reading import WORDS, reader


async def test_two_processes_agree_and_change_together(servers: ServerUrls, tmp_path: Path) -> None:
    """What one made the other finds; a second after a change neither serves what was before."""
    tenant, file = TenantId(new_id()), tmp_path / "word"
    file.write_text("before")
    cache = open_cache(servers.cache_url, None, timeout_seconds=10.0)
    with (
        reader(servers.cache_url, tenant, file) as one,
        reader(servers.cache_url, tenant, file) as other,
    ):
        assert (one.look(), other.look()) == ("before", "before")
        for word in ("after", "later"):
            file.write_text(word)
            assert await cache.invalidate(WORDS, tenant)
            await asyncio.sleep(WORDS.policy.local_seconds)
            assert (one.look(), other.look()) == (word, word)
        other.ask()
        assert other.answer() == ("later", 0)
    await cache.close()


def test_of_four_processes_one_makes_the_value(servers: ServerUrls, tmp_path: Path) -> None:
    """Four that miss at once read the truth once together."""
    tenant, file = TenantId(new_id()), tmp_path / "word"
    file.write_text("word")
    with ExitStack() as stack:
        readers = [stack.enter_context(reader(servers.cache_url, tenant, file)) for _ in range(4)]
        for one in readers:
            one.ask("slow")
        answers = [one.answer() for one in readers]
    assert [value for value, _ in answers] == ["word"] * 4
    assert sum(loads for _, loads in answers) == 1
