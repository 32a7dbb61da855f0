"""What a linked bank tells stands once and whole, whatever happens on the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest

from myriad.kit.errors import ConflictError, InvalidInputError, NotFoundError
from myriad.products.kamioi.intake.recording import today_utc
from myriad.products.kamioi.plaid.errors import PlaidUnavailableError
from myriad.products.kamioi.plaid.items import begin_link, finish_link, get_item, mark
from myriad.products.kamioi.plaid.mapping import read_account
from myriad.products.kamioi.plaid.simulator import PlaidFaults
from myriad.products.kamioi.plaid.syncing import sync_item
from myriad.products.kamioi.repository import sql
from myriad.scale.data import Session
from myriad.scale.jobs.direct import DirectWork, direct_work
from myriad.scale.runtime import Runtime
from tests.fixtures.database import TwoTenants
from tests.products.kamioi.people import Person
from tests.products.kamioi.plaid.conftest import QUICK, Linked, RunningPlaid

TODAY = today_utc()
LONG_AGO = TODAY - timedelta(days=500)


async def test_a_bank_of_more_than_two_pages_is_read_whole(
    ann: Linked, plaid: RunningPlaid
) -> None:
    bank = plaid.bank()
    bank.live(1, LONG_AGO - timedelta(days=600), TODAY)
    assert len(bank.events) > 1000
    item = await ann.link_at(bank)
    first = await ann.sync(item)
    assert (first.new, first.refused) == (len(bank.stands), 0)
    again = await ann.sync(item)
    assert (again.new, again.changed, again.known) == (0, 0, 0)
    kinds = {row["kind"] for row in await ann.purchases()}
    assert {"purchase", "fee", "loan"} <= kinds


async def test_the_token_is_sealed_and_bound_to_its_tenant(
    ann: Linked, plaid: RunningPlaid
) -> None:
    bank = plaid.bank()
    item = await ann.item(await ann.link_at(bank))
    assert bank.access_token.encode() not in bytes(item["access_token_sealed"])


async def test_pendings_post_with_tips_and_stand_once(ann: Linked, plaid: RunningPlaid) -> None:
    bank = plaid.bank()
    bank.buy("TST* JOE'S PIZZA", "20.00", TODAY - timedelta(days=1), is_pending=True)
    gone = bank.buy("SHELL OIL 57444212300", "1.00", TODAY, is_pending=True)
    item = await ann.link_at(bank)
    await ann.sync(item)
    bank.take_back(gone)
    assert bank.settle(TODAY) == 1
    await ann.sync(item)
    rows = await ann.purchases()
    assert sorted((row["state"], row["amount_minor"]) for row in rows) == [
        ("posted", 2400),
        ("removed", 100),
    ]


async def test_a_modified_amount_is_followed(ann: Linked, plaid: RunningPlaid) -> None:
    bank = plaid.bank()
    told = bank.buy("TARGET", "20.00", TODAY)
    item = await ann.link_at(bank)
    await ann.sync(item)
    bank.change(told, amount=21.5)
    assert (await ann.sync(item)).changed == 1
    assert (await ann.purchases())[0]["amount_minor"] == 2150


async def test_a_change_between_pages_begins_the_loop_again(
    ann: Linked, plaid: RunningPlaid
) -> None:
    bank = plaid.bank()
    bank.live(2, LONG_AGO, TODAY)
    assert len(bank.events) > 500
    plaid.simulator.weather.set(PlaidFaults(mutations=2), None)
    recorded = await ann.sync(await ann.link_at(bank))
    assert recorded.new == len(bank.stands)
    assert plaid.simulator.weather.counts["mutations"] == 2


async def test_nothing_is_kept_of_a_loop_that_does_not_end(
    ann: Linked, plaid: RunningPlaid
) -> None:
    bank = plaid.bank()
    bank.live(3, LONG_AGO, TODAY)
    item = await ann.link_at(bank)
    plaid.simulator.weather.set(PlaidFaults(mutations=1000), None)
    with pytest.raises(PlaidUnavailableError):
        await ann.sync(item)
    assert await ann.purchases() == []
    assert (await ann.item(item))["cursor"] == ""


async def test_a_storm_of_429_and_500_is_survived(ann: Linked, plaid: RunningPlaid) -> None:
    bank = plaid.bank()
    bank.live(4, TODAY - timedelta(days=60), TODAY)
    item = await ann.link_at(bank)
    faults = PlaidFaults(rate_429=0.3, rate_500=0.2, retry_after_seconds=0.01)
    plaid.simulator.weather.set(faults, 5)
    assert (await ann.sync(item)).new == len(bank.stands)


async def test_a_bank_that_wants_its_customer_says_so_and_is_left_alone(
    ann: Linked, plaid: RunningPlaid
) -> None:
    bank = plaid.bank()
    item = await ann.link_at(bank)
    bank.needs_login = True
    await ann.sync(item)
    row = await ann.item(item)
    assert (row["status"], row["error_code"]) == ("needs_login", "ITEM_LOGIN_REQUIRED")
    notices = await ann.rows("SELECT kind FROM kamioi.notification")
    assert [notice["kind"] for notice in notices] == ["bank_needs_login"]
    bank.needs_login = False
    assert await ann.link_at(bank) == item
    assert (await ann.item(item))["status"] == "linked"


async def test_a_bank_linked_again_under_new_ids_doubles_nothing(
    ann: Linked, plaid: RunningPlaid
) -> None:
    old, new = plaid.bank(), plaid.bank()
    for bank in (old, new):
        bank.live(6, TODAY - timedelta(days=60), TODAY)
    await ann.sync(await ann.link_at(old))
    before = len(await ann.purchases())
    again = await ann.sync(await ann.link_at(new))
    assert again.new == 0
    assert len(await ann.purchases()) == before == len(old.stands)


async def test_rows_that_no_account_can_have_are_kept_apart(
    ann: Linked, plaid: RunningPlaid
) -> None:
    bank = plaid.bank()
    bank.buy("GOOD", "1.00", TODAY)
    bank.buy("CRYPTO", "1.00", TODAY, iso_currency_code=None)
    bank.buy("NO DAY", "1.00", TODAY, date="someday")
    bank.buy("ELSEWHERE", "1.00", TODAY, account_id="unknown")
    recorded = await ann.sync(await ann.link_at(bank))
    assert (recorded.new, recorded.refused) == (1, 3)


async def test_a_public_token_that_is_no_use_links_nothing(ann: Linked) -> None:
    with pytest.raises(InvalidInputError, match="INVALID_PUBLIC_TOKEN"):
        await finish_link(ann.runtime, ann.tenant_id, ann.id, "public-x", patience=QUICK)
    assert await ann.rows("SELECT id FROM kamioi.bank_item") == []


async def test_members_and_tenants_link_apart(
    ann: Linked, plaid: RunningPlaid, tenants: TwoTenants, runtime: Runtime
) -> None:
    bank = plaid.bank()
    await ann.link_at(bank)
    bob = await Person.join(ann.runtime, tenants.first, "Bob")
    with pytest.raises(ConflictError):
        await Linked(bob.runtime, bob.tenant_id, bob.id, plaid).link_at(bank)
    with pytest.raises(NotFoundError):
        await begin_link(ann.runtime, tenants.second, ann.id)


async def test_money_is_pulled_from_the_first_checking_account_alone(
    ann: Linked, plaid: RunningPlaid
) -> None:
    for kind in ("card", "checking", "checking"):
        await ann.sync(await ann.link_at(plaid.bank(kind=kind)))
    rows = await ann.rows("SELECT kind, is_funding FROM kamioi.bank_account ORDER BY id")
    assert [(row["kind"], row["is_funding"]) for row in rows] == [
        ("card", False),
        ("checking", True),
        ("checking", False),
    ]


async def test_what_came_and_went_between_two_readings_leaves_no_row(
    ann: Linked, plaid: RunningPlaid
) -> None:
    bank = plaid.bank()
    for number in range(3):
        bank.buy(f"SHOP {number}", "4.50", TODAY - timedelta(days=3), is_pending=True)
    assert bank.settle(TODAY) == 3
    bank.take_back(bank.buy("GONE AGAIN", "9.00", TODAY))
    recorded = await ann.sync(await ann.link_at(bank))
    rows = await ann.purchases()
    assert [row["state"] for row in rows] == ["posted"] * 3
    assert recorded.new == 3


@dataclass
class _LetGo:
    """The work of a reading during which the member lets the bank go."""

    work: DirectWork
    member: Linked
    item_id: UUID

    @property
    def runtime(self) -> Runtime:
        return self.work.runtime

    @property
    def session(self) -> Session:
        return self.work.session

    async def checkpoint(self) -> None:
        await self.work.checkpoint()
        async with self.runtime.database.session(self.member.tenant_id) as session:
            facts = {"item_id": self.item_id, "member_id": self.member.id}
            await sql.execute(session, "forget_item", **facts)


async def test_a_bank_that_is_let_go_while_it_is_read_stays_gone(
    ann: Linked, plaid: RunningPlaid
) -> None:
    bank = plaid.bank(kind="checking")
    bank.buy("TARGET", "20.00", TODAY)
    item_id = await ann.link_at(bank)
    async with direct_work(ann.runtime, ann.tenant_id) as work:
        recorded = await sync_item(_LetGo(work, ann, item_id), item_id, patience=QUICK)
        await mark(work.session, await get_item(work.session, item_id), "needs_login", "X", TODAY)
    assert recorded.new == 0
    assert (await ann.item(item_id))["status"] == "removed"
    for table in ("purchase", "bank_account", "notification"):
        assert await ann.rows(f"SELECT 1 FROM kamioi.{table}") == []


@pytest.mark.parametrize(
    ("kind", "subtype", "read_as"),
    [
        ("depository", "checking", "checking"),
        ("depository", "cash management", "checking"),
        ("depository", "hsa", "savings"),
        ("depository", "prepaid", "card"),
        ("credit", "credit card", "card"),
        ("loan", "auto", None),
        ("investment", "brokerage", None),
    ],
)
def test_money_is_never_pulled_from_a_loan_or_a_brokerage(
    kind: str, subtype: str, read_as: str | None
) -> None:
    told = {"account_id": "a", "type": kind, "subtype": subtype}
    found = read_account(told)
    assert (found and found["kind"]) == read_as
