"""The employee agent on real tables: each figure by its definition, and nothing from tomorrow."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from myriad.products.keeper.agents.graph import AGENTS, run_agent
from tests.products.keeper.ledger import LAST, Shop, by_agent, fill
from tests.products.keeper.team.salon import NOON, Salon, days_back

_ALL = (
    "SELECT t.ext_id, m.period, m.period_start, m.metric, m.n, m.reason, m.value, m.shrunk, m.lo, "
    "m.hi, m.ratio, m.peer FROM keeper.staff_metrics m JOIN keeper.team_member t "
    "ON t.tenant_id = m.tenant_id AND t.id = m.team_member_id ORDER BY 1, 2, 3, 4"
)


@pytest.fixture
async def salon(shop: Shop) -> Salon:
    """A salon with two members of staff."""
    made = Salon(shop)
    await made.hire("ann", "bob")
    return made


async def measure(salon: Salon, day: date = LAST, *, again: bool = False) -> None:
    """Write what was added and run the two agents that the figures need."""
    await salon.flush()
    for name in ("data", "employee"):
        report = await run_agent(AGENTS[name], await salon.shop.context(day), again)
        assert report.state == "ok", report.error


async def test_next_dates_are_counted_by_when_they_were_made(salon: Salon) -> None:
    """Before the visit, on its day, within 48 hours, later: four visits, four answers."""
    day = LAST - timedelta(days=20)
    moments = {
        "before": datetime.combine(day - timedelta(days=5), time(12), UTC),
        "same": datetime.combine(day, time(18), UTC),
        # 23:30 in New York is the next day in UTC; it is still the day of the visit.
        "evening": datetime.combine(day + timedelta(days=1), time(3, 30), UTC),
        "soon": datetime.combine(day, NOON, UTC) + timedelta(hours=47),
        "late": datetime.combine(day, NOON, UTC) + timedelta(hours=49),
    }
    for number in range(5):
        for name, made in moments.items():
            await salon.book(f"{name}{number}", "ann", day, made=day - timedelta(days=9))
            await salon.book(f"{name}{number}", "ann", LAST + timedelta(days=9), made=made)
    await salon.sell(None, "ann", day)
    await measure(salon)
    found = {
        m: (await salon.figures(m))["ann"] for m in ("prebook", "prebook_same_day", "rebook_48h")
    }
    assert {name: (row["n"], row["observed"]) for name, row in found.items()} == {
        "prebook": (25, 15),
        "prebook_same_day": (25, 10),
        "rebook_48h": (25, 20),
    }


async def test_only_visits_whose_horizon_has_passed_count_as_revisits(salon: Salon) -> None:
    """Thirty days: of 24 old visits half came back; the 10 fresh ones are not asked yet."""
    for number in range(24):
        await salon.sell(f"old{number}", "ann", LAST - timedelta(days=80))
        if number % 2:
            await salon.sell(f"old{number}", "bob", LAST - timedelta(days=51))
    for number in range(10):
        await salon.sell(f"fresh{number}", "ann", LAST - timedelta(days=29))
    await measure(salon)
    ann = (await salon.figures("revisit_30"))["ann"]
    assert (ann["n"], ann["observed"], ann["value"]) == (24, 12, 0.5)
    assert (await salon.figures("revisit_60"))["ann"]["n"] == 24
    assert (await salon.figures("revisit_120"))["ann"]["n"] == 0


async def test_booked_hours_are_those_kept_on_days_with_a_timecard(salon: Salon) -> None:
    """Boulevard's utilisation: 2 of 8 hours on each of 20 days; a missed hour is not booked."""
    days = days_back(22)
    for day in days:
        await salon.book(f"c{day}", "ann", day, minutes=120)
    await salon.book("missed", "ann", days[0], status="NO_SHOW", minutes=60)
    await salon.work("ann", days[:20], hours=8)
    await salon.sell("c", "ann", LAST)
    await measure(salon)
    ann = (await salon.figures("utilisation"))["ann"]
    assert (ann["n"], ann["value"]) == (20, 0.25)
    assert (await salon.figures("utilisation"))["bob"]["reason"] == "few"


async def test_a_break_is_no_time_in_which_anybody_could_be_served(salon: Salon) -> None:
    """2 booked of 9 hours with an hour of breaks are 2 of 8."""
    days = days_back(20)
    for day in days:
        await salon.book(f"c{day}", "ann", day, minutes=120)
    await salon.work("ann", days, hours=9, break_minutes=60)
    await salon.sell("c", "ann", LAST)
    await measure(salon)
    assert (await salon.figures("utilisation"))["ann"]["value"] == 0.25


async def test_requests_and_no_shows_are_counted_over_appointments(salon: Salon) -> None:
    """Cancelled ones are neither kept nor missed."""
    for number, day in enumerate(days_back(30)):
        status = "NO_SHOW" if number < 3 else "CANCELLED_BY_CUSTOMER" if number < 6 else "ACCEPTED"
        await salon.book(f"c{number}", "ann", day, status=status, anyone=number % 2 == 0)
    await salon.sell("c", "ann", LAST)
    await measure(salon)
    missed, asked = [(await salon.figures(m))["ann"] for m in ("no_show", "request_rate")]
    assert (missed["n"], missed["observed"]) == (27, 3)
    assert (asked["n"], asked["observed"]) == (24, 12)


async def test_money_is_of_services_after_refunds_and_tips_of_cards(salon: Salon) -> None:
    """An article is what nobody books; what went back does not count."""
    for number, day in enumerate(days_back(20)):
        await salon.book(f"c{number}", "ann", day)
        await salon.sell(
            f"c{number}", "ann", day, 10_000, article=5_000 * (number < 5), tip=1_500,
            refunded=6_000 * (number == 19),
        )  # fmt: skip
    await measure(salon)
    net, tips, retail = [(await salon.figures(m))["ann"] for m in ("service_net", "tips", "retail")]
    assert (net["n"], net["observed"]) == (20, pytest.approx(19 * 10_000 + 4_000))
    assert tips["value"] == pytest.approx(20 * 1_500 / 194_000)
    assert (retail["n"], retail["observed"]) == (20, 5)


async def test_a_shared_visit_is_credited_by_booked_minutes(salon: Salon) -> None:
    """Ninety minutes with Ann, thirty with Bob: 75 and 25 of 100 dollars."""
    for number, day in enumerate(days_back(20)):
        await salon.book(f"c{number}", [("ann", 90), ("bob", 30)], day)
        await salon.sell(f"c{number}", "bob", day, 10_000)
    await measure(salon)
    found = await salon.figures("service_net")
    assert found["ann"]["value"] == pytest.approx(7_500)
    assert found["bob"]["value"] == pytest.approx(2_500)


async def test_retention_is_of_clients_who_came_within_the_year_before(salon: Salon) -> None:
    """Square's definition; Bob's early client counts as returning for Ann."""
    for number in range(20):
        if number < 8:
            await salon.sell(f"c{number}", "bob", LAST - timedelta(days=300))
        await salon.sell(f"c{number}", "ann", LAST - timedelta(days=number))
    await salon.sell("long-gone", "bob", LAST - timedelta(days=700))
    await measure(salon)
    ann = (await salon.figures("retention"))["ann"]
    assert (ann["n"], ann["observed"]) == (20, 8)
    assert (await salon.figures("new_clients"))["ann"]["value"] == 12


async def test_nothing_is_stored_of_fewer_than_twenty_visits(salon: Salon) -> None:
    """Hidden means that the number is nowhere."""
    for number, day in enumerate(days_back(19)):
        await salon.sell(f"c{number}", "ann", day)
    await measure(salon)
    hidden = (await salon.figures("service_net"))["ann"]
    assert (hidden["n"], hidden["reason"]) == (19, "few")
    assert hidden["value"] is hidden["shrunk"] is hidden["lo"] is hidden["observed"] is None


async def test_a_service_of_fewer_than_twenty_visits_is_not_told_apart(salon: Salon) -> None:
    """Forty visits are enough for a figure, nineteen of them for none of their own."""
    for who in ("ann", "bob"):
        for number in range(40):
            service = "cut" if number < 21 else "colour"
            day = LAST - timedelta(days=40)
            await salon.book(f"{who}{number}", who, day, service=service)
    await salon.sell("c", "ann", LAST)
    await measure(salon)
    parts = (await salon.figures("revisit_30"))["ann"]["parts"]
    assert [(part["service"], part["n"]) for part in parts] == [("Cut", 21.0)]


async def test_the_mix_of_services_is_nobodys_merit(salon: Salon) -> None:
    """Cuts bring back half, colours all: who does colours alone is not ahead."""
    for number in range(40):
        for who, service, back in (("ann", "cut", number % 2), ("bob", "colour", 1)):
            client, first = f"{who}{number}", LAST - timedelta(days=40)
            await salon.book(client, who, first, service=service)
            if back:
                await salon.book(client, who, LAST - timedelta(days=15), service=service)
    await salon.sell("c", "ann", LAST)
    await measure(salon)
    found = await salon.figures("revisit_30")
    assert found["bob"]["value"] > found["ann"]["value"]
    assert found["ann"]["ratio"] == pytest.approx(1)
    assert found["bob"]["ratio"] == pytest.approx(1)


async def test_a_run_as_of_a_day_knows_nothing_after_it(
    salon: Salon, shop: Shop, other_shop: Shop
) -> None:
    """Not the later visit, nor the date made later, nor that a booking was missed later on."""
    day, other = LAST - timedelta(days=30), Salon(other_shop)
    await other.hire("ann", "bob")
    for place, made in enumerate((salon, other)):
        for number in range(25):
            before = day - timedelta(days=number)
            changed = datetime.combine(LAST, time(9), UTC) if place == 0 else None
            status = "NO_SHOW" if place == 0 and number < 5 else "ACCEPTED"
            await made.book(f"c{number}", "ann", before, status=status, changed=changed)
            await made.sell(f"c{number}", "ann", before)
    for number in range(25):
        await salon.sell(f"c{number}", "ann", day + timedelta(days=3))
        await salon.book(
            f"c{number}", "ann", LAST + timedelta(days=5), made=day + timedelta(days=1)
        )
        await salon.book(
            f"c{number}", "bob", day + timedelta(days=2), made=day - timedelta(days=40)
        )
        await other.book(
            f"c{number}", "bob", day + timedelta(days=2), made=day - timedelta(days=40)
        )
    for made in (salon, other):
        await measure(made, day)
    assert await shop.rows(_ALL) == await other_shop.rows(_ALL)


async def test_a_look_back_leaves_months_and_newest_figures_alone(salon: Salon) -> None:
    """A run for a past day adds its own periods beside those of the present."""
    for number, day in enumerate(days_back(60, 2)):
        await salon.sell(f"c{number % 12}", "ann", day)
    await salon.flush()
    await salon.shop.run(LAST)
    before = {tuple(row.items()) for row in await salon.shop.rows(_ALL)}
    await salon.shop.run(LAST - timedelta(days=40))
    after = {tuple(row.items()) for row in await salon.shop.rows(_ALL)}
    assert before < after
    assert {dict(row)["period"] for row in after - before} == {"days_90", "days_365"}


async def test_a_second_run_on_the_same_inputs_changes_nothing(salon: Salon) -> None:
    """Neither when it is asked to repeat the work."""
    for number, day in enumerate(days_back(40)):
        await salon.sell(f"c{number % 9}", ("ann", "bob")[number % 2], day)
    await measure(salon)
    before = await salon.shop.rows(_ALL)
    again = await run_agent(AGENTS["employee"], await salon.shop.context())
    assert again.unchanged
    await measure(salon, again=True)
    assert await salon.shop.rows(_ALL) == before


async def test_an_old_sale_that_arrives_late_renews_the_months(salon: Salon) -> None:
    """Closed months are kept until what they were made from has changed."""
    for number, day in enumerate(days_back(60, 4)):
        await salon.sell(f"c{number % 12}", "ann", day)
    await measure(salon)
    march = ("month", date(2025, 3, 1))
    assert (await _visits(salon))[march] == 8
    await salon.sell("late", "ann", date(2025, 3, 7))
    await measure(salon)
    assert (await _visits(salon))[march] == 9


async def _visits(salon: Salon) -> dict[tuple[str, date], float]:
    rows = await salon.shop.rows(_ALL)
    return {
        (row["period"], row["period_start"]): row["value"]
        for row in rows
        if row["metric"] == "visits" and row["ext_id"] == "ann"
    }


async def test_without_bookings_the_figures_that_need_them_say_so(salon: Salon) -> None:
    """A plan without appointments: money and coming back remain."""
    for number in range(30):
        await salon.sell(f"c{number}", "ann", LAST - timedelta(days=70))
    await measure(salon)
    reasons = {m: (await salon.figures(m))["ann"]["reason"] for m in (
        "prebook", "no_show", "utilisation", "retail", "retention", "revisit_60")}  # fmt: skip
    assert reasons == {
        "prebook": "bookings",
        "no_show": "bookings",
        "utilisation": "timecards",
        "retail": "articles",
        "retention": "history",
        "revisit_60": None,
    }


async def test_somebody_alone_is_compared_with_nobody(shop: Shop) -> None:
    """One member: own figures with their own intervals, no team, no ratio."""
    salon = Salon(shop)
    await salon.hire("ann")
    for number, day in enumerate(days_back(25)):
        await salon.sell(f"c{number}", "ann", day, 9_000 + 100 * number)
    await measure(salon)
    ann = (await salon.figures("service_net"))["ann"]
    assert ann["lo"] < ann["value"] < ann["hi"]
    assert ann["peer"] is ann["ratio"] is None


async def test_without_staff_the_agent_says_what_to_do(shop: Shop) -> None:
    """And the others go on."""
    await fill(shop, 40)
    report = await shop.run()
    assert by_agent(report)["employee"] == "skipped"
    assert "Square names no staff" in next(
        agent.error or "" for agent in report.agents if agent.agent == "employee"
    )


async def test_two_accounts_do_not_meet(salon: Salon, shop: Shop, other_shop: Shop) -> None:
    """Staff with the same ids at Square in two accounts."""
    other = Salon(other_shop)
    await other.hire("ann")
    for number, day in enumerate(days_back(22)):
        await salon.sell(f"c{number}", "ann", day)
        if number < 3:
            await other.sell(f"c{number}", "ann", day)
    for made in (salon, other):
        await measure(made)
    assert (await salon.figures("visits"))["ann"]["n"] == 22
    assert (await other.figures("visits"))["ann"]["n"] == 3


async def test_payments_for_staff_are_the_sales_of_reports(busy_shop: Shop) -> None:
    """Both know the same money on any day, refunds and all."""
    await busy_shop.change(
        "UPDATE keeper.payment SET refunded = 700 WHERE local_date = ANY(%s)",
        ([LAST - timedelta(days=n) for n in range(0, 90, 3)],),
    )
    for day in (LAST, LAST - timedelta(days=45)):
        sums = [
            await busy_shop.value(
                f"SELECT array_agg(x ORDER BY x) FROM (SELECT net AS x FROM keeper.{name}(%(d)s)) s",
                d=day,
            )
            for name in ("payments_until", "sales_until")
        ]
        assert sums[0] == sums[1]
