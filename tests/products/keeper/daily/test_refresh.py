"""A night that works out only what changed leaves what a night that works out everything leaves."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from myriad.products.keeper.repository.history import add_missing_customers
from myriad.products.keeper.repository.identities import apply_components, refresh_components
from myriad.products.keeper.repository.notes import find_note
from myriad.products.keeper.repository.visits import rebuild_visits, refresh_visits
from tests.products.keeper.ledger import LAST, Shop

# Without the margin only what was written after the last night is looked at.
AT_ONCE = timedelta(0)
_VISITS = "SELECT person_id, local_date, net, services, staff FROM keeper.visit ORDER BY 1, 2"
_PEOPLE = """
SELECT p.id, p.display_name, p.sort_name, p.email, p.phone, p.contact_allowed, p.merged_into_id,
       (SELECT array_agg(c.ext_id ORDER BY c.ext_id) FROM keeper.customer c
        WHERE c.tenant_id = p.tenant_id AND c.person_id = p.id) AS profiles,
       (SELECT array_agg(t.term ORDER BY t.term) FROM keeper.person_term t
        WHERE t.tenant_id = p.tenant_id AND t.person_id = p.id) AS terms
FROM keeper.person p ORDER BY p.id
"""
PEOPLE = 8


async def night(shop: Shop, day: date) -> int:
    """Do what is new; return how many rows of visits changed."""
    async with shop.runtime.database.session(shop.tenant_id) as session:
        applied = await refresh_components(session, day, AT_ONCE)
        return await refresh_visits(session, day, applied.moved, AT_ONCE)


async def whole(shop: Shop, day: date) -> None:
    """Do everything."""
    async with shop.runtime.database.session(shop.tenant_id) as session:
        await apply_components(session, day)
        await rebuild_visits(session, day)


async def open_shop(shop: Shop) -> None:
    """Customers with two months of sales, and staff."""
    for number in range(PEOPLE):
        await shop.add_customer(f"c{number}", given_name=f"Given{number}", family_name="Doe")
        await shop.sell(f"c{number}", [LAST - timedelta(days=60 - 7 * number)])
    await shop.insert(
        "team_member", [{"tenant_id": shop.tenant_id, "ext_id": "tm", "given_name": "Nora"}]
    )
    await whole(shop, LAST - timedelta(days=2))


class Changes:
    """Things that happen to a ledger, drawn from dice."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop, self.dice = shop, random.Random(seed)
        self.made = 0

    @property
    def customer(self) -> str:
        return f"c{self.dice.randrange(PEOPLE)}"

    @property
    def day(self) -> date:
        return LAST - timedelta(days=self.dice.randrange(70))

    async def one(self) -> None:
        """Let one thing happen."""
        await self.dice.choice(
            [
                self.sell,
                self.refund,
                self.cancel,
                self.book,
                self.move_booking,
                self.miss_booking,
                self.join,
                self.rename,
                self.order,
                self.arrive,
                self.hand_over,
            ]
        )()

    async def sell(self) -> None:
        await self.shop.sell(self.customer, [self.day], team_member_ext_id="tm")

    async def pick(self, sql: str) -> dict[str, Any] | None:
        rows = await self.shop.rows(sql)
        return self.dice.choice(rows) if rows else None

    async def change(self, sql: str, **parameters: Any) -> None:
        await self.shop.change(sql, parameters)

    async def refund(self) -> None:
        paid = await self.pick(
            "SELECT ext_id, amount, currency FROM keeper.payment ORDER BY ext_id"
        )
        assert paid
        self.made += 1
        at = datetime.combine(self.day, time(12), UTC)
        await self.shop.insert(
            "refund",
            [
                {
                    "tenant_id": self.shop.tenant_id,
                    "ext_id": f"refund-{self.made}",
                    "payment_ext_id": paid["ext_id"],
                    "amount": self.dice.choice([paid["amount"], paid["amount"] // 2]),
                    "currency": paid["currency"],
                    "status": "COMPLETED",
                    "local_date": at.date(),
                    "ext_created_at": at,
                    "ext_updated_at": at,
                }
            ],
        )

    async def cancel(self) -> None:
        paid = await self.pick("SELECT ext_id FROM keeper.payment ORDER BY ext_id")
        assert paid
        await self.change(
            "UPDATE keeper.payment SET status = 'CANCELED', updated_at = now()"
            " WHERE ext_id = %(ext_id)s",
            **paid,
        )

    async def book(self) -> None:
        await self.shop.book(self.customer, self.day)

    async def move_booking(self) -> None:
        found = await self.pick("SELECT id FROM keeper.booking ORDER BY ext_id")
        if found:
            await self.change(
                "UPDATE keeper.booking SET local_date = %(day)s, start_at = %(day)s::date + "
                "time '15:00', updated_at = now() WHERE id = %(id)s",
                day=self.day,
                **found,
            )

    async def miss_booking(self) -> None:
        found = await self.pick("SELECT id FROM keeper.booking ORDER BY ext_id")
        if found:
            await self.change(
                "UPDATE keeper.booking SET status = 'NO_SHOW', updated_at = now() WHERE id = %(id)s",
                **found,
            )

    async def join(self) -> None:
        await self.change(
            "UPDATE keeper.customer SET merged_into_ext_id = nullif(%(into)s, ext_id),"
            " updated_at = now() WHERE ext_id = %(own)s",
            own=self.customer,
            into=self.customer,
        )

    async def rename(self) -> None:
        await self.change(
            "UPDATE keeper.customer SET given_name = %(name)s, email = %(email)s,"
            " email_unsubscribed = %(away)s, updated_at = now() WHERE ext_id = %(own)s",
            name=f"Name{self.dice.randrange(99)}",
            email=f"e{self.dice.randrange(99)}@example.com",
            away=self.dice.random() < 0.3,
            own=self.customer,
        )

    async def order(self) -> None:
        self.made += 1
        day, customer = self.day, self.customer
        at = datetime.combine(day, time(15), UTC)
        facts = {"tenant_id": self.shop.tenant_id, "ext_id": f"order-{self.made}"}
        facts |= {"customer_ext_id": customer, "state": "COMPLETED", "currency": "USD"}
        facts |= {"local_date": day, "ext_created_at": at, "ext_updated_at": at}
        await self.shop.insert("sales_order", [facts])
        line = {"tenant_id": self.shop.tenant_id, "order_ext_id": f"order-{self.made}"}
        await self.shop.insert("order_line", [line | {"position": 0, "name": "Facial"}])
        await self.shop.sell(None, [day], order_ext_id=f"order-{self.made}")

    async def hand_over(self) -> None:
        found = await self.pick("SELECT ext_id FROM keeper.sales_order ORDER BY ext_id")
        if found:
            await self.change(
                "UPDATE keeper.sales_order SET customer_ext_id = %(own)s, updated_at = now()"
                " WHERE ext_id = %(ext_id)s",
                own=self.customer,
                **found,
            )

    async def arrive(self) -> None:
        self.made += 1
        await self.shop.sell(f"new-{self.made}", [self.day])
        await self.shop.add_customer(f"new-{self.made}", given_name="New")


@pytest.mark.parametrize("seed", range(6))
async def test_nights_that_do_what_is_new_equal_one_that_does_everything(
    shop: Shop, seed: int
) -> None:
    await open_shop(shop)
    changes = Changes(shop, seed)
    for day in (LAST - timedelta(days=1), LAST, LAST):
        for _ in range(8):
            await changes.one()
        await night(shop, day)
    quick = await shop.rows(_VISITS), await shop.rows(_PEOPLE)
    await whole(shop, LAST)
    assert quick == (await shop.rows(_VISITS), await shop.rows(_PEOPLE))


async def test_a_night_without_news_writes_no_visit(shop: Shop) -> None:
    await open_shop(shop)
    await night(shop, LAST)
    assert await night(shop, LAST) == 0


async def test_a_sale_that_lies_after_the_last_night_comes_with_its_day(shop: Shop) -> None:
    await open_shop(shop)
    await shop.sell("c0", [LAST])
    await night(shop, LAST - timedelta(days=1))
    count = "SELECT count(*) FROM keeper.visit WHERE local_date = %(day)s"
    assert await shop.value(count, day=LAST) == 0
    await night(shop, LAST)
    assert await shop.value(count, day=LAST) == 1


async def test_everything_is_worked_out_anew_once_a_week(shop: Shop) -> None:
    await open_shop(shop)
    await night(shop, LAST)
    async with shop.runtime.database.read_session(shop.tenant_id) as session:
        note = await find_note(session, "visits")
    assert note is not None
    assert note.whole_on == LAST - timedelta(days=2)
    assert note.serves(LAST + timedelta(days=4))
    assert not note.serves(LAST + timedelta(days=5))
    assert not note.serves(LAST - timedelta(days=1))


async def test_who_changes_profile_by_profile_is_one_person_at_night(shop: Shop) -> None:
    await open_shop(shop)
    await shop.change(
        "UPDATE keeper.customer SET merged_into_ext_id = 'c0', updated_at = now()"
        " WHERE ext_id = 'c1'"
    )
    await night(shop, LAST)
    people = "SELECT count(*) FROM keeper.person WHERE merged_into_id IS NULL"
    assert await shop.value(people) == PEOPLE - 1
    visits = (
        "SELECT count(DISTINCT v.person_id) FROM keeper.visit v"
        " JOIN keeper.customer c ON c.person_id = v.person_id WHERE c.ext_id IN ('c0', 'c1')"
    )
    assert await shop.value(visits) == 1


async def test_who_paid_without_a_profile_gets_one_from_new_sales_as_from_all(shop: Shop) -> None:
    await open_shop(shop)
    since = await shop.value("SELECT clock_timestamp()")
    changes = Changes(shop, 4)
    await shop.sell("unknown", [LAST, LAST - timedelta(days=9)])
    await changes.order()
    await changes.change("UPDATE keeper.sales_order SET customer_ext_id = 'by-order'")
    async with shop.runtime.database.session(shop.tenant_id) as session:
        assert await add_missing_customers(session, since) == 2
        assert await add_missing_customers(session) == 0
    first = (
        "SELECT (SELECT min(s.ext_created_at) FROM keeper.sale s WHERE s.customer_id = c.id)"
        " = c.ext_created_at AS is_first"
        " FROM keeper.customer c WHERE c.ext_id IN ('unknown', 'by-order')"
    )
    assert [row["is_first"] for row in await shop.rows(first)] == [True, True]


async def test_once_a_week_a_profile_is_seen_to_have_changed_whatever_its_times_say(
    shop: Shop,
) -> None:
    await open_shop(shop)
    await night(shop, LAST)
    await shop.change("UPDATE keeper.customer SET given_name = 'Silent' WHERE ext_id = 'c3'")
    names = "SELECT count(*) FROM keeper.person WHERE display_name LIKE 'Silent%%'"
    await night(shop, LAST + timedelta(days=4))
    assert await shop.value(names) == 0
    await night(shop, LAST + timedelta(days=5))
    assert await shop.value(names) == 1
    async with shop.runtime.database.read_session(shop.tenant_id) as session:
        note = await find_note(session, "persons")
    assert note is not None
    assert note.whole_on == LAST + timedelta(days=5)
