"""The demo of Upswitch: a register, accounts from the simulated bank, and two worked valuations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from myriad.apps.cli.plan import Demo, Plan, has_own_registers
from myriad.kit.ids import new_id
from myriad.products.upswitch import tasks  # noqa: F401 - registers the jobs
from myriad.products.upswitch.measuring import AGE, measure_by
from myriad.products.upswitch.opening import fill_register, fill_valuations
from myriad.products.upswitch.registry.kbo.loading import load_full
from myriad.products.upswitch.registry.kbo.simulator import iter_named, write_extract
from myriad.products.upswitch.registry.numbers import format_number
from myriad.products.upswitch.registry.simulator import SIMULATED_KEY
from myriad.products.upswitch.registry.simulator.app import create_app
from myriad.products.upswitch.repository import get_company
from myriad.products.upswitch.settings import UpswitchSettings
from myriad.products.upswitch.valuations.reading import list_valuations
from myriad.scale.directory import Principal, Role
from myriad.scale.directory.principal import TenantFacts
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.http import BoundReader
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.fixtures.app import Company, create_person, serve

SIZE, SEED = 1500, 3


@pytest.fixture(scope="module")
async def register(runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The beginning of the demo's register."""
    folder: Path = tmp_path_factory.mktemp("extract") / "files"
    write_extract(folder, enterprises=SIZE, seed=SEED)
    await load_full(runtime.database, folder)


@pytest.fixture(scope="module")
def registers() -> Iterator[str]:
    """The simulated registers, which know the companies by name."""
    named = {number: (name, seat) for number, name, seat in iter_named(SIZE, SEED)}
    with serve(create_app(named=lambda: named)) as url:
        yield url


async def rows(runtime: Runtime, tenant_id: TenantId, sql: str) -> list[dict[str, Any]]:
    return await runtime.database.reader.rows(tenant_id, sql, {})


async def test_two_companies_are_valued_once_from_register_accounts_and_answers(
    runtime: Runtime, register: None, registers: str, companies: tuple[Company, Company]
) -> None:
    """Each has a what-if to compare with, a link to share, and a report on its way."""
    settings = UpswitchSettings(nbb_base_url=f"{registers}/nbb", nbb_key=SecretStr(SIMULATED_KEY))
    others = tuple(each for each in runtime.settings if not isinstance(each, UpswitchSettings))
    asking = replace(runtime, settings=(*others, settings))
    assert await fill_register(runtime.database) is False, "there is a register"
    tenant_id = companies[0].tenant_id
    facts = TenantFacts(tenant_id, "Spa", "Europe/Brussels", "standard", is_suspended=False)
    caller = Principal("user", new_id(), "Owner", "owner@example.com", facts, Role.OWNER)
    made = await fill_valuations(asking, caller)
    assert len(made) == 2
    assert await fill_valuations(asking, caller) == []
    async with runtime.database.read_session(tenant_id) as session:
        view = await list_valuations(session)
    assert sorted(row.kind for row in view.rows) == ["scenario", "scenario", "session", "session"]
    assert all(0 < row.low.minor <= row.middle.minor <= row.high.minor for row in view.rows)
    names = {name for _, name, _ in iter_named(SIZE, SEED)}
    assert {row.company_name for row in view.rows} <= names
    sources = await rows(runtime, tenant_id, "SELECT DISTINCT source FROM upswitch.fact")
    assert {row["source"] for row in sources} == {"registry", "user"}
    for table in ("share_link", "session"):
        found = await rows(runtime, tenant_id, f"SELECT count(*) AS n FROM upswitch.{table}")
        assert found == [{"n": 2}], table


async def test_what_is_invented_says_so(
    runtime: Runtime, register: None, companies: tuple[Company, Company]
) -> None:
    reader = BoundReader(runtime, companies[0].tenant_id)
    (first,) = await reader.rows("SELECT number FROM upswitch.company ORDER BY number LIMIT 1")
    card = await get_company(reader, format_number(first["number"]))
    assert "do not exist" in card.source


@pytest.mark.parametrize("has_key", [False, True])
def test_registers_are_simulated_unless_there_is_a_key_for_the_bank(
    has_key: bool, database_urls: ServerUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MYRIAD_UPSWITCH__NBB_KEY", raising=False)
    if has_key:
        monkeypatch.setenv("MYRIAD_UPSWITCH__NBB_KEY", "mine")
    assert has_own_registers() is has_key
    plan = Plan(tmp_path, 8000, database_urls, Demo(1, None, 2, None if has_key else 3))
    simulated = {
        name for name, value in plan.environment.items()
        if name.startswith("MYRIAD_UPSWITCH__") and ":3/" in value
    }  # fmt: skip
    assert len(simulated) == (0 if has_key else 3)
    (simulators,) = (part for part in plan.background(1) if part.name == "simulators")
    assert ("registers" in simulators.detail) is not has_key


async def test_the_folder_is_looked_at_in_the_account_of_an_operator(
    runtime: Runtime, register: None, companies: tuple[Company, Company], tmp_path: Path
) -> None:
    """Measuring sets the register's age and, with a folder, has it looked at; twice is once."""
    await create_person(runtime, companies[0].tenant_id, Role.OWNER, is_operator=True)
    await measure_by(runtime.database, [UpswitchSettings()])
    assert AGE._value.get() > 0
    looks = []
    for _ in range(2):
        await measure_by(runtime.database, [UpswitchSettings(kbo_folder=tmp_path)])
        looks.append(
            await runtime.database.crossing_rows(
                "test looks",
                "SELECT schedule.tenant_id, EXISTS (SELECT FROM platform.membership AS member "
                "JOIN platform.user_account AS person ON person.id = member.user_id "
                "WHERE member.tenant_id = schedule.tenant_id AND person.is_operator) AS operates "
                "FROM platform.schedule WHERE name = 'upswitch.register' ORDER BY tenant_id",
            )
        )
    assert looks[0]
    assert looks[0] == looks[1]
    assert all(row["operates"] for row in looks[0])
