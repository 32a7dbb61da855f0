"""A programme with two members who can sign in, and what they bought."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar
from uuid import UUID

from myriad.kit.clock import utc_now
from myriad.kit.ids import new_id
from myriad.products.kamioi.broker.market import market_day
from myriad.products.kamioi.intake.recording import ensure_months
from myriad.products.kamioi.money.round_ups import accrue
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.runtime import Runtime
from tests.fixtures.app import Company, create_company, create_member
from tests.fixtures.app import Person as SignIn
from tests.fixtures.database import runtime_for
from tests.products.kamioi.money.programme import Programme

ResultT = TypeVar("ResultT")
RAW = "COSTA <b>COFFEE</b> 43031"


@dataclass(frozen=True)
class Member:
    """One member, and how they sign in."""

    id: UUID
    sign_in: SignIn


@dataclass(frozen=True)
class Coffee:
    """A brand that a private company owned until 2019 and a listed one since, and its string."""

    brand_id: UUID
    descriptor_id: UUID
    ticker: str


@dataclass(frozen=True)
class World:
    """What the tests of a file look at; purchases are ids by what they are."""

    urls: ServerUrls
    company: Company
    other: Company
    ann: Member
    bob: Member
    day: date
    coffee: Coffee
    rival: UUID
    anns: dict[str, UUID]
    bobs: dict[str, UUID]

    async def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement as the programme's tenant."""
        async with runtime_for(self.urls) as runtime:
            return await Programme(runtime, self.company.tenant_id).run(sql, *values)


def in_a_loop_of_its_own(work: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Run `work` where a module's fixture has no event loop."""
    results: list[ResultT] = []
    thread = threading.Thread(target=lambda: results.append(asyncio.run(work)))
    thread.start()
    thread.join()
    return results[0]


async def make_world(urls: ServerUrls) -> World:
    """Make the programme."""
    async with runtime_for(urls) as runtime:
        company, other = await create_company(runtime), await create_company(runtime)
        programme = Programme(runtime, company.tenant_id)
        ann, bob = await _join(programme, "Ann"), await _join(programme, "Bob")
        coffee, rival = await _coffee(programme), (await programme.shop()).brand_id
        day = market_day(utc_now()) - timedelta(days=1)
        await ensure_months(runtime.database, company.tenant_id, [day])
        anns = await _buy(programme, ann.id, coffee, day)
        bobs = await _buy(programme, bob.id, coffee, day)
        async with programme.session() as session:
            await accrue(session, day, day)
    return World(urls, company, other, ann, bob, day, coffee, rival, anns, bobs)


async def _join(programme: Programme, name: str) -> Member:
    runtime: Runtime = programme.runtime
    sign_in = await create_member(runtime, programme.tenant_id)
    member_id = await programme.member()
    await programme.run(
        "UPDATE kamioi.member SET user_id = %s, name = %s WHERE id = %s",
        sign_in.user_id,
        name,
        member_id,
    )
    return Member(member_id, sign_in)


async def _coffee(programme: Programme) -> Coffee:
    brand_id, (security_id, ticker) = new_id(), await programme.security()
    await programme.facts(
        "INSERT INTO kamioi.brand (id, key, name, source) VALUES (%s, %s, 'Costa', 'test')",
        brand_id,
        brand_id.hex,
    )
    for since, until, owner, security in (
        ("1995-01-01", "2019-01-03", "Whitbread", None),
        ("2019-01-03", None, "The Coca-Cola Company", security_id),
    ):
        await programme.facts(
            "INSERT INTO kamioi.ownership (brand_id, valid_from, valid_to, owner_name, security_id,"
            " source) VALUES (%s, %s, %s, %s, %s, 'filing of the day')",
            brand_id,
            since,
            until,
            owner,
            security,
        )
    descriptor_id = await programme.descriptor()
    await programme.decide(descriptor_id, brand_id)
    return Coffee(brand_id, descriptor_id, ticker)


async def _buy(programme: Programme, member_id: UUID, coffee: Coffee, day: date) -> dict[str, UUID]:
    unknown = await programme.descriptor()
    return {
        "coffee": await programme.buy(member_id, coffee.descriptor_id, 430, day, raw=RAW),
        "unknown": await programme.buy(member_id, unknown, 999, day, raw="XQ 77"),
        "pending": await programme.buy(
            member_id, coffee.descriptor_id, 250, day, raw="COSTA TOGO", state="pending"
        ),
        "large": await programme.buy(
            member_id, coffee.descriptor_id, 1_234_540, day, raw="BIG", is_held=True
        ),
    }
