"""The operator's cache page and command: what is saved, and emptying it."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from myriad.apps.cli.cache import app, policies_command
from myriad.apps.cli.context import CliContext
from myriad.apps.console.cache_views import CachePage, NamespaceRow, look_at_cache, purge
from myriad.kit.errors import InvalidInputError
from myriad.kit.ids import new_id
from myriad.scale.cache import Namespace, Policy
from myriad.scale.cache.statistics import Rates
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

SEEN = Namespace("test.seen", str, Policy("test", 300.0, ("test",), local_seconds=0.0))


def row(name: str, **counts: int) -> NamespaceRow:
    return NamespaceRow(name, "list", 300.0, 60.0, 1.0, False, Rates(name, counts))


@pytest.mark.parametrize(
    ("rows", "answer"),
    [
        ([], "Nothing has been looked up yet"),
        ([row("a", local=90, miss=10)], "90% of 100 look-ups were saved"),
        (
            [row("a", local=900, miss=10), row("b", local=50, miss=150)],
            "b saves too little: 25% of its look-ups",
        ),
        ([row("a", local=1, miss=3)], "25% of 4 look-ups were saved"),
    ],
    ids=["empty", "well", "low", "too few to judge"],
)
def test_the_first_line_answers(rows: list[NamespaceRow], answer: str) -> None:
    """It says how much is saved, and names what saves too little once there is enough to judge."""
    assert CachePage(rows).answer == answer


async def test_the_page_counts_every_process_and_a_purge_empties(runtime: Runtime) -> None:
    """Look-ups are counted by namespace; after a purge the value is made anew."""
    tenant, loads = TenantId(new_id()), 0

    async def load() -> str:
        nonlocal loads
        loads += 1
        return "word"

    for _ in range(3):
        await runtime.caches.get(SEEN, tenant, (), load)
    await purge(runtime, SEEN.name, None, None)
    await runtime.caches.get(SEEN, tenant, (), load)
    assert loads >= 2
    found = {one.name: one for one in (await look_at_cache(runtime.caches)).rows}
    assert SEEN.name in found


async def test_a_namespace_that_nobody_declared_cannot_be_purged(runtime: Runtime) -> None:
    """The error names those there are."""
    with pytest.raises(InvalidInputError, match="there are"):
        await purge(runtime, "no.such", None, None)


def test_the_command_knows_every_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`./myriad cache policies` prints each row with its source."""
    context = typer.Context(typer.main.get_command(app), obj=CliContext(tmp_path))
    policies_command(context)
    assert "U-C company_data" in capsys.readouterr().out
