"""People decide strings: alone, by two, many at once, and back; what holds goes on holding."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from uuid import UUID

import pytest

from myriad.kit.errors import ForbiddenError, InvalidInputError, NotFoundError
from myriad.kit.ids import new_id
from myriad.products.kamioi.center import decisions
from myriad.products.kamioi.center.dashboard import get_dashboard
from myriad.products.kamioi.center.decisions import Outcome, Seen
from myriad.products.kamioi.center.reading import get_detail, get_queued, list_audit_queue
from myriad.products.kamioi.center.rules import put_rule
from myriad.products.kamioi.center.views import Stake
from myriad.products.kamioi.errors import StaleMappingError
from myriad.products.kamioi.money.rates import StatedRate, put_rate
from myriad.products.kamioi.money.round_ups import accrue
from myriad.products.kamioi.repository.corrections import correct
from myriad.products.kamioi.repository.mappings import sample_audits
from myriad.scale.directory import Principal
from tests.products.kamioi.center.conftest import Center
from tests.products.kamioi.money.programme import MONDAY

LARGE = 600_000


async def approve(
    center: Center, caller: Principal, brand: str | None, *strings: UUID, version: int = 1
) -> Outcome:
    brand_id = center.brand(brand) if brand else None
    async with center.session() as session:
        seen = [Seen(one, version) for one in strings]
        return await decisions.approve(session, caller, seen, brand_id)


async def reject(center: Center, *strings: UUID, version: int = 1) -> Outcome:
    async with center.session() as session:
        return await decisions.reject(
            session, center.owner, [Seen(one, version) for one in strings]
        )


async def restore(center: Center, string: UUID, version: int, restored: int) -> None:
    async with center.session() as session:
        await decisions.restore(session, center.staff, Seen(string, version), restored)


async def test_one_person_decides_below_the_sum_and_it_is_noted_who(center: Center) -> None:
    string = await center.proposed(amount_minor=500)
    assert (await approve(center, center.staff, "Tesco", string)).decided == (string,)
    assert await center.current(string) == (2, center.brand("Tesco"), "human", "approved")
    rows = await center.run(
        "SELECT actor_id, detail ->> 'brand_id' FROM platform.audit_event"
        " WHERE action = 'kamioi.mapping.approved' AND subject = %s",
        str(string),
    )
    assert rows == [(center.staff.id, str(center.brand("Tesco")))]


async def test_above_the_sum_a_second_person_must_say_the_same(center: Center) -> None:
    string = await center.proposed(amount_minor=LARGE)
    assert (await approve(center, center.owner, "Tesco", string)).waiting == (string,)
    assert (await approve(center, center.owner, "Tesco", string)).waiting == (string,)
    assert (await approve(center, center.staff, "Asda", string)).waiting == (string,)
    assert await center.current(string) == (1, center.brand("Tesco"), "prefix", "proposed")
    assert (await approve(center, center.owner, "Asda", string)).decided == (string,)
    rows = await center.run(
        "SELECT brand_id, decided_by, seconded_by FROM kamioi.mapping"
        " WHERE descriptor_id = %s AND valid_to IS NULL",
        string,
    )
    assert rows == [(center.brand("Asda"), center.staff.id, center.owner.id)]
    async with center.session() as session:
        assert (await get_queued(session, string)).request is None


async def test_the_sum_for_two_is_in_the_programmes_currency(center: Center) -> None:
    large = await center.proposed(amount_minor=LARGE, currency="CHF")
    small = await center.proposed(amount_minor=100, currency="CHF")
    mixed = await center.proposed(amount_minor=300_000)
    await center.bought(mixed, 500_000, currency="CHF")
    strings = (large, small, mixed)
    assert (await approve(center, center.owner, "Tesco", *strings)).waiting == strings
    async with center.session() as session:
        worth = (await get_queued(session, mixed)).worth
        assert (worth.amount_minor, worth.unrated) == (800_000, ("CHF",))
        half = StatedRate(currency="CHF", into_currency="USD", rate=Decimal("0.5"), source="test")
        await put_rate(session, half, MONDAY, None)
    # 6,000.00 francs are 3,000.00 dollars; 3,000.00 dollars and 5,000.00 francs are 5,500.00.
    outcome = await approve(center, center.owner, "Tesco", *strings)
    assert (outcome.decided, outcome.waiting) == ((large, small), (mixed,))
    assert (await approve(center, center.staff, "Tesco", mixed)).decided == (mixed,)


async def test_a_decision_without_a_person_is_checked_by_one_whatever_hangs_on_it(
    center: Center,
) -> None:
    right, wrong = [await center.proposed(amount_minor=LARGE, state="auto") for _ in range(2)]
    async with center.session() as session:
        await sample_audits(session, MONDAY, percent=100)
        listed, _ = await list_audit_queue(session, 50)
    assert {right, wrong} <= {one.descriptor_id for one in listed}
    assert (await approve(center, center.owner, "Tesco", right)).decided == (right,)
    assert (await reject(center, wrong)).decided == (wrong,)
    rows = await center.run(
        "SELECT m.descriptor_id, s.is_right FROM kamioi.audit_sample s"
        " JOIN kamioi.mapping m ON m.id = s.mapping_id WHERE m.descriptor_id = ANY (%s)",
        [right, wrong],
    )
    assert dict(rows) == {right: True, wrong: False}
    async with center.session() as session:
        listed, _ = await list_audit_queue(session, 50)
        board = await get_dashboard(center.runtime.database, session, center.tenant_id)
    assert not {right, wrong} & {one.descriptor_id for one in listed}
    assert (board.precision_alone.right, board.precision_alone.total) == (1, 2)


async def test_an_owner_who_says_so_lets_one_person_decide_everything(center: Center) -> None:
    string = await center.proposed(amount_minor=LARGE)
    async with center.session() as session:
        await put_rule(session, None)
    assert (await approve(center, center.owner, None, string)).decided == (string,)
    async with center.session() as session:
        await put_rule(session, 500_000)
    with pytest.raises(InvalidInputError, match="whole number"):
        async with center.session() as session:
            await put_rule(session, -1)


async def test_a_program_is_no_person_where_two_are_needed(center: Center) -> None:
    string = await center.proposed(amount_minor=LARGE)
    staff = center.staff
    key = Principal("key", new_id(), "key", "", staff.tenant, staff.role)
    with pytest.raises(ForbiddenError, match="sign in"):
        await approve(center, key, "Tesco", string)


async def test_of_many_those_decided_meanwhile_are_told_and_left_alone(center: Center) -> None:
    strings = [await center.proposed("Asda") for _ in range(3)]
    large, late = await center.proposed(amount_minor=LARGE), strings[2]
    await approve(center, center.staff, None, late)
    outcome = await approve(center, center.owner, "Tesco", *strings, large)
    assert outcome == Outcome(tuple(strings[:2]), (large,), (late,))
    assert await center.current(late) == (2, None, "human", "approved")
    with pytest.raises(StaleMappingError):
        decisions.only(outcome)
    refused = await reject(center, *strings[:2], late)
    assert refused.stale == tuple(strings)


@pytest.mark.parametrize("count", [0, 201], ids=["none", "too many"])
async def test_a_decision_is_of_so_many_strings_and_no_other(center: Center, count: int) -> None:
    with pytest.raises(InvalidInputError, match="1 to 200"):
        await approve(center, center.owner, None, *[new_id() for _ in range(count)])


async def test_unknown_strings_and_brands_are_not_found(center: Center) -> None:
    with pytest.raises(NotFoundError, match="no such string"):
        await approve(center, center.owner, None, new_id(), version=0)
    string = await center.proposed()
    with pytest.raises(NotFoundError, match="no such brand"):
        async with center.session() as session:
            await decisions.approve(session, center.owner, [Seen(string, 1)], new_id())


async def test_a_string_of_which_nothing_holds_can_be_decided(center: Center) -> None:
    string = await center.string()
    assert (await approve(center, center.owner, "Tesco", string, version=0)).decided == (string,)
    assert (await approve(center, center.staff, None, string, version=0)).stale == (string,)


async def test_a_slip_is_taken_back_as_if_it_had_not_been(center: Center) -> None:
    approved, rejected = await center.proposed(), await center.proposed()
    await approve(center, center.owner, "Asda", approved)
    await restore(center, approved, 2, 1)
    await reject(center, rejected)
    assert await center.current(rejected) is None
    await restore(center, rejected, 1, 1)
    for string, version in ((approved, 3), (rejected, 2)):
        found = (version, center.brand("Tesco"), "prefix", "proposed")
        assert await center.current(string) == found
        async with center.session() as session:
            assert (await get_detail(session, string)).refused == ()
    audits = await center.run(
        "SELECT count(*) FROM kamioi.audit_sample s JOIN kamioi.mapping m ON m.id = s.mapping_id"
        " WHERE m.descriptor_id = ANY (%s)",
        [approved, rejected],
    )
    assert audits == [(0,)]


async def test_an_earlier_version_holds_again_and_nobody_goes_back_past_another(
    center: Center,
) -> None:
    string = await center.proposed()
    await approve(center, center.owner, "Tesco", string)
    await approve(center, center.owner, "Asda", string, version=2)
    with pytest.raises(StaleMappingError):
        await restore(center, string, 2, 1)
    with pytest.raises(NotFoundError):
        await restore(center, string, 3, 3)
    await restore(center, string, 3, 2)
    assert await center.current(string) == (4, center.brand("Tesco"), "human", "approved")
    async with center.session() as session:
        versions = (await get_detail(session, string)).versions
    assert [(one.version, one.was) for one in versions] == [
        (4, "approved"),
        (3, "approved"),
        (2, "approved"),
        (1, "proposed"),
    ]
    assert versions[0].why == "version 2 holds again"


async def test_open_round_ups_follow_a_decision_and_a_members_own_word_goes_first(
    center: Center,
) -> None:
    shop, other = await center.shop(), await center.shop()
    string = await center.string()
    members = [await center.bought(string, 450) for _ in range(2)]
    async with center.session() as session:
        await correct(session, members[1], string, other.brand_id)
        await accrue(session, MONDAY, MONDAY)
    async with center.session() as session:
        reach = (await get_queued(session, string)).reach
        assert (reach.members, reach.open_round_ups) == (2, 2)
        assert reach.opened == (Stake("USD", 2, 100),)
        await decisions.approve(session, center.owner, [Seen(string, 0)], shop.brand_id)
    await center.run_jobs()
    rows = await center.run(
        "SELECT member_id, destination, brand_id FROM kamioi.round_up WHERE member_id = ANY (%s)",
        members,
    )
    assert {row[0]: row[1:] for row in rows} == {
        members[0]: ("security", shop.brand_id),
        members[1]: ("security", other.brand_id),
    }
    assert await center.violations() == []


async def test_members_who_say_the_same_at_once_are_a_quorum_once(center: Center) -> None:
    string, brand = await center.string(), center.brand("Asda")
    members = [await center.member() for _ in range(3)]

    async def say(member: UUID) -> bool:
        async with center.session() as session:
            return await correct(session, member, string, brand)

    assert sorted(await asyncio.gather(*map(say, members))) == [False, False, True]


async def test_a_quorum_asks_beside_what_holds_and_a_refusal_is_for_good(center: Center) -> None:
    string = await center.proposed(state="auto")
    members = [await center.member() for _ in range(4)]
    brand = center.brand("Asda")

    async def say(member: UUID) -> bool:
        async with center.session() as session:
            return await correct(session, member, string, brand)

    assert [await say(one) for one in members[:3]] == [False, False, True]
    assert await center.current(string) == (1, center.brand("Tesco"), "prefix", "auto")
    async with center.session() as session:
        request = (await get_queued(session, string)).request
    assert request is not None
    assert (request.reason, request.brand_id, request.members) == ("quorum", brand, 3)
    assert (await reject(center, string)).decided == (string,)
    assert await center.current(string) == (1, center.brand("Tesco"), "prefix", "auto")
    assert not await say(members[3])
