"""`./myriad kamioi import` finds the member by who signs in, and says what it cannot find."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from myriad.products.kamioi.commands import app
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.runtime import Runtime
from tests.fixtures.app import create_company
from tests.fixtures.database import runtime_for
from tests.products.kamioi.people import Person

ROWS = "Date,Payee,Debit,Credit\n2026-11-03,COFFEE,4.50,\n"


@dataclass
class Context:
    """What the command line gives, on the test's servers."""

    urls: ServerUrls
    home: Path
    as_json: bool = True

    @property
    def console(self) -> Console:
        return Console(stderr=True, quiet=True)

    @asynccontextmanager
    async def runtime(self) -> AsyncIterator[Runtime]:
        async with runtime_for(self.urls) as runtime:
            yield runtime


@dataclass
class Bringer:
    """Somebody at a terminal, with a file."""

    context: Context
    file: Path

    async def bring(self, *arguments: str) -> Result:
        """Run the command in a thread: it brings an event loop of its own."""
        given = ["import", str(self.file), *arguments]
        return await anyio.to_thread.run_sync(
            lambda: CliRunner().invoke(app, given, obj=self.context)
        )

    async def take(self, *arguments: str) -> dict[str, Any]:
        """Return what came in."""
        result = await self.bring(*arguments)
        assert result.exit_code == 0, result.exception
        answer = result.stdout[result.stdout.index("{\n") :]
        found: dict[str, Any] = json.JSONDecoder().raw_decode(answer)[0]
        return found


@pytest.fixture
def bringer(database_urls: ServerUrls, tmp_path: Path) -> Bringer:
    """Somebody with a statement of one purchase that says no currency."""
    file = tmp_path / "statement.csv"
    file.write_text(ROWS)
    return Bringer(Context(database_urls, tmp_path), file)


async def test_a_member_is_found_by_the_address_that_signs_in(
    bringer: Bringer, runtime: Runtime
) -> None:
    company = await create_company(runtime)
    person = await Person.join(runtime, company.tenant_id)
    await person.change(
        "UPDATE kamioi.member SET user_id = %s, currency = 'EUR' WHERE id = %s",
        (company.staff.user_id, person.id),
    )
    (row,) = await person.rows(
        "SELECT email FROM platform.user_account WHERE id = %(id)s", id=company.staff.user_id
    )
    assert (await bringer.take("--member", row["email"].upper()))["new"] == 1
    assert (await bringer.take("--member", str(person.id)))["known"] == 1
    (bought,) = await person.purchases()
    assert (bought["amount_minor"], bought["currency"]) == (450, "EUR")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("nobody@example.com", "there is no member nobody@example.com"),
        ("ann", "is no id, and no e-mail address"),
        ("01977d2e-0000-7000-8000-000000000000", "there is no member"),
    ],
)
async def test_a_member_who_is_not_there_is_told(bringer: Bringer, told: str, said: str) -> None:
    assert said in str((await bringer.bring("--member", told)).exception)


async def test_of_several_who_sign_in_one_must_be_named(bringer: Bringer, runtime: Runtime) -> None:
    company = await create_company(runtime)
    for who in (company.owner, company.staff):
        person = await Person.join(runtime, company.tenant_id)
        await person.change(
            "UPDATE kamioi.member SET user_id = %s WHERE id = %s", (who.user_id, person.id)
        )
    assert "say whose statement it is" in str((await bringer.bring()).exception)
