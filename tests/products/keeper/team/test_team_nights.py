"""A night that counts anew what something touched leaves what counting every day leaves."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from myriad.products.keeper.agents.graph import AGENTS, run_agent
from myriad.products.keeper.repository import team_days
from myriad.products.keeper.team.packing import KINDS, Words, unpack_kept
from tests.products.keeper.ledger import LAST, Shop
from tests.products.keeper.team.salon import NOON, Salon

_FIGURES = (
    "SELECT t.ext_id, m.period, m.period_start, m.metric, m.n, m.reason, m.value, m.shrunk, m.lo, "
    "m.hi, m.ratio, m.peer, m.parts FROM keeper.staff_metrics m JOIN keeper.team_member t "
    "ON t.tenant_id = m.tenant_id AND t.id = m.team_member_id WHERE m.period_end = %(day)s "
    "AND m.period <> 'days_365' "
    "ORDER BY 1, 2, 3, 4"
)
_KEPT = "SELECT * FROM keeper.team_day ORDER BY local_date"
_COLUMNS = dict(
    zip(
        KINDS,
        ("visits", "appointments", "bookings", "sales", "shifts", "cards", "services", "names"),
        strict=True,
    )
)
CLIENTS = [f"c{number}" for number in range(12)]


async def night(salon: Salon, day: date, *agents: str) -> None:
    """Run what the figures need, or the named agents."""
    await salon.flush()
    for name in agents or ("data", "employee"):
        report = await run_agent(AGENTS[name], await salon.shop.context(day), again=True)
        assert report.state == "ok", report.error


async def kept(shop: Shop) -> dict[str, set[Any]]:
    """Return what is kept of all days, with words for their places."""
    state = (await shop.rows("SELECT words FROM keeper.team_state"))[0]
    words = Words(state["words"])
    found: dict[str, set[Any]] = {kind: set() for kind in KINDS}
    for row in await shop.rows(_KEPT):
        packed: Mapping[str, bytes] = {kind: row[_COLUMNS[kind]] for kind in KINDS}
        for kind, records in unpack_kept(packed).items():
            for record in records.tolist():
                day, a, b, *rest = record
                found[kind].add((day, words.at(a), words.at(b), *rest))
    return found


class Life:
    """What happens to a salon between two nights, drawn from dice."""

    def __init__(self, salon: Salon, seed: int) -> None:
        self.salon, self.shop, self.dice = salon, salon.shop, random.Random(seed)

    @property
    def day(self) -> date:
        return LAST - timedelta(days=self.dice.randrange(120))

    @property
    def who(self) -> str:
        return self.dice.choice(["ann", "bob"])

    async def open(self) -> None:
        """Four months of appointments, sales and timecards."""
        for client in CLIENTS:
            for _ in range(6):
                await self.sell(client)
                await self.book(client)
        await self.salon.work("ann", [LAST - timedelta(days=n) for n in range(0, 60, 3)])
        await self.salon.flush()

    async def sell(self, client: str | None = None) -> None:
        """A visit was paid; half of them had been booked."""
        client, day = client or self.dice.choice(CLIENTS), self.day
        service = self.dice.choice(["cut", "colour"])
        if self.dice.random() < 0.5:
            await self.salon.book(client, self.who, day, service=service)
        article = self.dice.choice([0, 0, 900])
        await self.salon.sell(
            client, self.who, day, 8_000, service=service, article=article, tip=500
        )

    async def book(self, client: str | None = None) -> None:
        """A next date was made on some day, for some day."""
        made = self.day
        await self.salon.book(
            client or self.dice.choice(CLIENTS),
            self.who,
            made + timedelta(days=self.dice.randrange(1, 150)),
            made=datetime.combine(made, NOON, UTC) + timedelta(hours=self.dice.randrange(60)),
            service=self.dice.choice(["cut", "colour"]),
        )

    async def pick(self, table: str) -> Any:
        rows = await self.shop.rows(f"SELECT id FROM keeper.{table} ORDER BY ext_id")
        return self.dice.choice(rows)["id"]

    async def change(self, table: str, what: str) -> None:
        await self.shop.change(
            f"UPDATE keeper.{table} SET {what}, updated_at = now() WHERE id = %(id)s",
            {"id": await self.pick(table), "day": self.day},
        )

    async def refund(self) -> None:
        await self.change("payment", "refunded = amount / 2")

    async def cancel(self) -> None:
        await self.change("payment", "status = 'CANCELED'")

    async def hand_over(self) -> None:
        await self.change("payment", "team_member_ext_id = 'bob'")

    async def miss(self) -> None:
        await self.change("booking", "status = 'NO_SHOW'")

    async def decline(self) -> None:
        await self.change("booking", "status = 'DECLINED'")

    async def move(self) -> None:
        await self.change(
            "booking", "local_date = %(day)s, start_at = %(day)s::date + time '16:00'"
        )

    async def move_card(self) -> None:
        await self.change(
            "timecard",
            "start_at = %(day)s::date + time '13:00', end_at = %(day)s::date + time '20:00'",
        )

    async def change_order(self) -> None:
        """The lines of an order are written anew."""
        await self.change("sales_order", "total = total + 100")
        await self.shop.change(
            "UPDATE keeper.order_line l SET name = 'Wash', net = net + 100 FROM keeper.sales_order o"
            " WHERE o.tenant_id = l.tenant_id AND o.ext_id = l.order_ext_id"
            " AND o.updated_at = (SELECT max(updated_at) FROM keeper.sales_order)"
        )

    async def join(self) -> None:
        """A profile turns out to be another one's."""
        first, second = self.dice.sample(CLIENTS, 2)
        await self.shop.change(
            "UPDATE keeper.customer SET person_id = (SELECT person_id FROM keeper.customer"
            " WHERE ext_id = %(second)s) WHERE ext_id = %(first)s",
            {"first": first, "second": second},
        )

    async def forget(self) -> None:
        """A profile is erased: what was theirs stays without a name."""
        gone = {"gone": self.dice.choice(CLIENTS)}
        for table in ("payment", "sales_order", "booking"):
            await self.shop.change(
                f"UPDATE keeper.{table} SET customer_ext_id = NULL, updated_at = now()"
                " WHERE customer_ext_id = %(gone)s",
                gone,
            )
        await self.shop.change("DELETE FROM keeper.customer WHERE ext_id = %(gone)s", gone)
        self.salon.known.discard(gone["gone"])

    async def new_service(self) -> None:
        """Somebody books what was only sold so far: it is no article any more."""
        await self.salon.book(self.dice.choice(CLIENTS), "ann", self.day, service="oil")

    async def some(self) -> None:
        """Let a few things happen."""
        things = [self.sell, self.book, self.refund, self.cancel, self.hand_over, self.miss]
        things += [self.decline, self.move, self.move_card, self.change_order, self.join]
        things += [self.forget] * (self.dice.random() < 0.3)
        things += [self.new_service] * (self.dice.random() < 0.3)
        for thing in self.dice.choices(things, k=5):
            await thing()
        await self.salon.flush()


@pytest.mark.parametrize("seed", range(3))
async def test_kept_days_equal_those_that_are_all_counted_anew(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Late edits, refunds, moved appointments, joined and erased people, a new service."""
    # Without the margin only what was written after the last night is looked at.
    monkeypatch.setattr(team_days, "MARGIN", timedelta(0))
    salon = Salon(shop)
    await salon.hire("ann", "bob")
    life = Life(salon, seed)
    await life.open()
    day = LAST - timedelta(days=3)
    await night(salon, day)
    for later in range(1, 4):
        await life.some()
        await night(salon, day + timedelta(days=later))
    days, figures = await kept(shop), await shop.rows(_FIGURES, day=LAST)
    assert figures
    await shop.change("DELETE FROM keeper.team_state")
    await night(salon, LAST, "employee")
    for kind, records in (await kept(shop)).items():
        assert days[kind] == records, kind
    assert await shop.rows(_FIGURES, day=LAST) == figures


async def test_two_accounts_keep_their_own_days(shop: Shop, other_shop: Shop) -> None:
    """Each finds what it has, and an account that did nothing keeps nothing."""
    salons = [Salon(each) for each in (shop, other_shop)]
    for salon in salons:
        await salon.hire("ann")
        await salon.sell("c", "ann", LAST - timedelta(days=4))
        await night(salon, LAST - timedelta(days=1))
    await salons[0].sell("d", "ann", LAST)
    for salon in salons:
        await night(salon, LAST)
    sold = [len((await kept(each))["sale"]) for each in (shop, other_shop)]
    assert sold == [2, 1]
