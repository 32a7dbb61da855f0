"""Lines of many accounts, told at once, come to the same as one account after the other."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from myriad.kit.errors import NotFoundError
from myriad.kit.ids import new_id
from myriad.products.kamioi.intake.lines import Line
from myriad.products.kamioi.intake.recording import Recorded
from myriad.products.kamioi.intake.streams import record_stream
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.fixtures.database import TwoTenants
from tests.products.kamioi.intake.test_once import DAY, line
from tests.products.kamioi.people import Person

MEMBERS = 4
LISTED = (
    "SELECT m.name, p.booked_on, p.shown_on, p.state, p.amount_minor, p.external_id,"
    " p.pending_external_id, p.source, p.is_held FROM kamioi.purchase AS p"
    " JOIN kamioi.member AS m ON m.tenant_id = p.tenant_id AND m.id = p.member_id"
    " ORDER BY m.name, p.booked_on, p.external_id, p.amount_minor"
)
ALIASES = "SELECT external_id, booked_on FROM kamioi.purchase_alias ORDER BY 1, 2"


async def _banks(runtime: Runtime, tenant_id: TenantId) -> list[tuple[Person, UUID]]:
    """Return members, each with one bank by Plaid and a second stream of the same account."""
    found = []
    for number in range(MEMBERS):
        person = await Person.join(runtime, tenant_id, f"M{number}")
        found.append((person, await person.link(mask=f"100{number}")))
        if number % 2:
            found.append((person, await person.link("csv", mask=f"100{number}")))
    return found


def _told(seed: int, accounts: int) -> list[tuple[int, Line]]:
    """Return lines by the place of their account: new, again, pending and posted with a tip."""
    dice = random.Random(seed)
    lines: list[tuple[int, Line]] = []
    for _ in range(60):
        place, number = dice.randrange(accounts), dice.randrange(8)
        facts: dict[str, Any] = {
            "day": DAY + timedelta(days=number % 3),
            "raw": f"SHOP {'ABC'[number % 3]}",
            "amount": 400 + 50 * (number % 4) + dice.choice((0, 0, 20)),
            "is_pending": dice.random() < 0.3,
        }
        amount = facts.pop("amount")
        if not facts["is_pending"] and dice.random() < 0.4:
            facts["pending_external_id"] = f"x{dice.randrange(8)}"
        lines.append((place, line(f"x{number}", amount, **facts)))
    return lines


async def _stream(
    runtime: Runtime, tenant_id: TenantId, lines: list[tuple[UUID, Line]], size: int = 10
) -> Recorded:
    stream = record_stream(runtime.database, tenant_id, lines, lines_at_once=size)
    return [recorded async for recorded in stream][-1]


@pytest.mark.parametrize("seed", [1, 2, 3], ids=str)
async def test_many_accounts_at_once_come_to_the_same_as_one_after_the_other(
    runtime: Runtime, tenants: TwoTenants, seed: int
) -> None:
    first = await _banks(runtime, tenants.first)
    second = await _banks(runtime, tenants.second)
    told = _told(seed, len(first))
    batches = [told[at : at + 10] for at in range(0, len(told), 10)]
    one_by_one = Recorded()
    for batch in batches:
        for place in dict.fromkeys(at for at, _ in batch):
            person, account = first[place]
            lines = {one.external_id: one for at, one in batch if at == place}
            one_by_one += await person.tell(account, *lines.values())
    at_once = await _stream(runtime, tenants.second, [(second[at][1], one) for at, one in told])
    assert at_once == one_by_one
    for listed in (LISTED, ALIASES):
        assert await first[0][0].rows(listed) == await second[0][0].rows(listed)


async def test_a_stream_that_is_sent_again_changes_nothing(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    banks = await _banks(runtime, tenants.first)
    lines = [
        (account, line(f"x{number}", 300 + number))
        for number in range(20)
        for _, account in banks[:3]
    ]
    first = await _stream(runtime, tenants.first, lines, 25)
    again = await _stream(runtime, tenants.first, lines, 40)
    # The third account is the second one as another stream tells it.
    assert (first.new, first.known) == (40, 20)
    assert (again.new, again.changed, again.known) == (0, 0, 60)


async def test_a_file_that_begins_with_the_last_day_says_when_a_string_was_first_seen(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    ((_, account), *_) = await _banks(runtime, tenants.first)
    stranger = await Person.join(runtime, tenants.second)
    await stranger.tell(await stranger.link(), line("x", day=DAY))
    days = [DAY, DAY - timedelta(days=400), DAY - timedelta(days=3)]
    lines = [(account, line(f"x{number}", day=day)) for number, day in enumerate(days)]
    await _stream(runtime, tenants.first, lines, 1)
    seen = "SELECT first_seen_on FROM kamioi.descriptor"
    assert await stranger.rows(seen) == [{"first_seen_on": DAY}]
    rows = await runtime.database.reader.rows(tenants.first, seen, {})
    assert [row["first_seen_on"] for row in rows] == [days[1]]


async def test_an_intake_rounds_up_its_own_member_alone(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    person = await Person.join(runtime, tenants.first)
    await person.tell(await person.link(), line("a"))
    jobs = await person.rows("SELECT payload FROM platform.job")
    day = DAY.isoformat()
    assert jobs == [{"payload": {"first": day, "last": day, "member_id": str(person.id)}}]


async def test_a_stream_of_an_account_of_another_programme_is_refused(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    stranger = await Person.join(runtime, tenants.second)
    account = await stranger.link()
    for unknown in (account, new_id()):
        with pytest.raises(NotFoundError):
            await _stream(runtime, tenants.first, [(unknown, line("a"))])
    assert await stranger.purchases() == []
