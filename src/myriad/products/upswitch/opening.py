"""The demo: a register of companies that do not exist, and worked valuations of two of them.

Everything goes the way that it goes for people: the extract is loaded as an operator loads one, the
accounts are asked for at the (simulated) National Bank, the answers are given in a conversation.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx

from myriad.kit.clock import utc_now
from myriad.products.upswitch.conversation.editing import put_fact
from myriad.products.upswitch.conversation.keys import MARKET_PAY, OWNER_PAY
from myriad.products.upswitch.conversation.opening import open_session
from myriad.products.upswitch.queueing import enqueue_report
from myriad.products.upswitch.registry.filings import refresh_filings
from myriad.products.upswitch.registry.kbo.loading import load_full
from myriad.products.upswitch.registry.kbo.simulator import write_extract
from myriad.products.upswitch.registry.nbb.client import NbbClient
from myriad.products.upswitch.registry.numbers import format_number
from myriad.products.upswitch.registry.simulator import DEMO_ENTERPRISES, DEMO_SEED
from myriad.products.upswitch.registry.simulator.accounts import Deposit, deposits_of
from myriad.products.upswitch.registry.sql import QUERIES as REGISTRY
from myriad.products.upswitch.settings import UpswitchSettings
from myriad.products.upswitch.valuations.ordering import Desk, value_scenario, value_session
from myriad.products.upswitch.valuations.reading import list_valuations
from myriad.products.upswitch.valuations.sharing import share
from myriad.products.upswitch.views.sessions import FactValue
from myriad.scale.data import Database
from myriad.scale.data.database import NOBODY
from myriad.scale.directory import Principal
from myriad.scale.http import BoundReader
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

_FULL_MODEL, _YEARS = "m01-f", 4
_CANDIDATES = 400
_SALES_EUR = (1_500_000, 9_000_000)
_LEAST_MARGIN = 0.08
_ANSWERS: tuple[dict[str, FactValue], ...] = (
    {
        OWNER_PAY: 48_000,
        MARKET_PAY: 85_000,
        "due_diligence.largest_customer_share": 0.31,
    },
    {"due_diligence.largest_customer_share": 0.12},
)
_WHAT_IF = {"input_sheet.target_operating_margin": 0.14}


@dataclass(frozen=True, slots=True)
class Example:
    """A company of the demo and what its owner would answer."""

    number: int
    answers: dict[str, FactValue]


async def fill_register(
    database: Database, *, enterprises: int = DEMO_ENTERPRISES, seed: int = DEMO_SEED
) -> bool:
    """Load the demo's register where none has been loaded; return whether it was."""
    if await database.reader.rows(NOBODY, REGISTRY["last_kbo_extract"], {}):
        return False
    with tempfile.TemporaryDirectory(prefix="myriad-register-") as folder:
        extract = Path(folder) / "simulated register"
        today = utc_now().date()
        await asyncio.to_thread(
            write_extract, extract, enterprises=enterprises, seed=seed, day=today
        )
        await load_full(database, extract)
    return True


async def fill_valuations(runtime: Runtime, caller: Principal) -> list[UUID]:
    """Value two companies of the demo's register for the caller's account, once.

    Returns the valuations made now. Raises NbbUnavailableError while the bank is not up.
    """
    tenant_id = caller.tenant_id
    async with runtime.database.read_session(tenant_id) as session:
        if (await list_valuations(session, limit=1)).rows:
            return []
    examples = await _choose(runtime.database)
    for example in examples:
        await _read_accounts(runtime, example.number)
    return [await _value(runtime, caller, tenant_id, example) for example in examples]


async def _choose(database: Database) -> list[Example]:
    """Return the first companies that filed four full years in which they earned something."""
    rows = await database.reader.rows(
        NOBODY, REGISTRY["list_plain_companies"], {"limit": _CANDIDATES}
    )
    good = (row["number"] for row in rows if _is_telling(deposits_of(row["number"])))
    return [
        Example(number, answers) for number, answers in zip(_spread(good), _ANSWERS, strict=False)
    ]


def _spread(numbers: Iterator[int]) -> Iterator[int]:
    """Yield the first and every third after it, so that the examples are no neighbours."""
    for place, number in enumerate(numbers):
        if place % 3 == 0:
            yield number


def _is_telling(deposits: list[Deposit]) -> bool:
    if len(deposits) != _YEARS or any(each.model != _FULL_MODEL for each in deposits):
        return False
    sales = [each.rubrics["70"]["N"] for each in deposits]
    income = [each.rubrics["9901"]["N"] for each in deposits]
    low, high = _SALES_EUR
    return low < sales[-1] < high and all(
        earned > _LEAST_MARGIN * sold for earned, sold in zip(income, sales, strict=True)
    )


async def _read_accounts(runtime: Runtime, number: int) -> None:
    settings = runtime.settings_of(UpswitchSettings)
    assert settings.nbb_key is not None
    async with httpx.AsyncClient(timeout=settings.timeout_seconds, trust_env=False) as http:
        client = NbbClient(http, settings.nbb_key, settings.nbb_base_url)
        await refresh_filings(runtime.database, client, number)


async def _value(
    runtime: Runtime, caller: Principal, tenant_id: TenantId, example: Example
) -> UUID:
    """Hold the conversation, value it with one what-if, make its report and a link to it."""
    reader = BoundReader(runtime, tenant_id)
    async with runtime.database.session(tenant_id) as session:
        number = format_number(example.number)
        session_id = await open_session(runtime, session, reader, caller, number)
        for key, answer in example.answers.items():
            await put_fact(session, session_id, key, answer)
    async with runtime.database.session(tenant_id) as session:
        desk = Desk(runtime.database, session, reader, caller.id)
        made, _ = await value_session(desk, session_id)
        await value_scenario(desk, made, _WHAT_IF, title="a margin of 14 % in five years")
        await share(session, caller, made)
        await enqueue_report(session, made, "pdf")
    return made
