"""Two processes and one provider: what both ask at once is asked once."""

from __future__ import annotations

import time
from collections.abc import Callable

from myriad.kit.ids import new_id
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.tenancy import TenantId
from tests.scale.ai.asking import asker
from tests.scale.ai.conftest import HAIKU, Simulated


def test_of_two_processes_that_ask_the_same_at_once_one_calls_the_provider(
    servers: ServerUrls, simulated: Simulated
) -> None:
    """Both get the answer; the bill has one call."""
    tenant, question = TenantId(new_id()), f"question {new_id()}"
    simulated.world.base_seconds = 2.0
    with (
        asker(simulated.url, servers.cache_url, tenant) as one,
        asker(simulated.url, servers.cache_url, tenant) as other,
    ):
        one.ask(question)
        _wait(lambda: simulated.world.account(HAIKU).requests == 1)
        other.ask(question)
        first, second = one.answer(), other.answer()
    assert first["text"] == second["text"]
    assert (first["is_cached"], second["is_cached"]) == (False, True)
    assert simulated.world.account(HAIKU).requests == 1


def test_a_process_that_dies_over_a_question_leaves_it_to_the_next(
    servers: ServerUrls, simulated: Simulated
) -> None:
    """Who waited for it asks itself once the dead one's turn has run out."""
    tenant, question = TenantId(new_id()), f"question {new_id()}"
    simulated.world.base_seconds = 600.0
    with (
        asker(simulated.url, servers.cache_url, tenant) as one,
        asker(simulated.url, servers.cache_url, tenant) as other,
    ):
        one.ask(question)
        _wait(lambda: simulated.world.account(HAIKU).requests == 1)
        other.ask(question)
        simulated.world.base_seconds = 0.0
        one.process.kill()
        assert not other.answer()["is_cached"]
    assert simulated.world.account(HAIKU).requests == 2


def _wait(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)
