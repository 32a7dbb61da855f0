"""The network: nothing of nine, nothing of a dominated pool, nothing of who has left or never came."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from myriad.kit.ids import new_id
from myriad.products.keeper import tasks  # noqa: F401 - registers the tasks
from myriad.products.keeper.network import FIGURES
from myriad.products.keeper.preferences import write_preferences
from myriad.products.keeper.repository.benchmarks import find_prior, get_benchmarks, publish
from myriad.products.keeper.retention import bgnbd
from myriad.products.keeper.retention.bgnbd_likelihood import Summary
from myriad.products.keeper.retention.history import Visits, history_at
from myriad.products.keeper.views.patterns import BenchmarkRow
from myriad.products.keeper.weekly import publish_network, run_week
from myriad.products.keeper.weekly_queue import this_week
from myriad.scale.jobs import enqueue
from myriad.scale.runtime import Runtime
from tests.fixtures.jobs import run_job
from tests.products.keeper.ledger import LAST, Shop, fill
from tests.products.keeper.patterns.selling import join, lend, open_lender, sell_baskets
from tests.products.keeper.patterns.shops import living_rows


@pytest.fixture
def kind() -> str:
    """A kind of business that no other test has."""
    return f"kind-{new_id().hex[-12:]}"


async def open_pool(runtime: Runtime, kind: str, count: int = 10) -> list[Shop]:
    return [await open_lender(runtime, kind, 0.30 + 0.02 * place) for place in range(count)]


async def publish_now(runtime: Runtime) -> None:
    async with runtime.database.crossing("publish in a test") as session:
        await publish(session, this_week(), this_week() - timedelta(days=35))


async def row_of(shop: Shop, metric: str = "retention") -> BenchmarkRow:
    async with shop.runtime.database.read_session(shop.tenant_id) as session:
        view = await get_benchmarks(session)
    return next(row for row in view.rows if row.metric == metric)


async def prior_of(shop: Shop, kind: str) -> Any:
    async with shop.runtime.database.read_session(shop.tenant_id) as session:
        return await find_prior(session, kind, this_week())


async def test_nine_accounts_publish_nothing_and_the_tenth_everything(
    runtime: Runtime, kind: str
) -> None:
    shops = await open_pool(runtime, kind, 9)
    await publish_now(runtime)
    row = await row_of(shops[0])
    assert (row.accounts, row.withheld, row.quantiles) == (9, "too_few", ())
    assert await prior_of(shops[0], kind) is None
    shops.append(await open_lender(runtime, kind, 0.48))
    await publish_now(runtime)
    for shop in (shops[0], shops[-1]):
        row = await row_of(shop)
        assert (row.accounts, row.withheld) == (10, None)
        assert row.quantiles == tuple(sorted(row.quantiles))
        assert 0.30 <= row.quantiles[0] < row.quantiles[2] == pytest.approx(0.39, abs=0.01)
    assert await prior_of(shops[0], kind) == (0.5, 8.0, 0.7, 3.0)


async def test_one_dominant_account_publishes_nothing(runtime: Runtime, kind: str) -> None:
    shops = await open_pool(runtime, kind, 11)
    await shops[3].change("UPDATE keeper.contribution SET weight = 334")
    await publish_now(runtime)
    row = await row_of(shops[0])
    assert (row.accounts, row.withheld, row.quantiles) == (11, "dominated", ())
    assert await prior_of(shops[0], kind) is None
    await shops[3].change("UPDATE keeper.contribution SET weight = 333")
    await publish_now(runtime)
    assert (await row_of(shops[0])).withheld is None


async def test_who_leaves_is_gone_at_once_and_from_the_next_publication(
    runtime: Runtime, kind: str
) -> None:
    shops = await open_pool(runtime, kind)
    await publish_now(runtime)
    async with runtime.database.session(shops[4].tenant_id) as session:
        await write_preferences(session, {"network_opt_in": False}, None)
    assert await shops[4].rows("SELECT metric FROM keeper.contribution") == []
    assert (await row_of(shops[4])).withheld == "not_joined"
    assert (await row_of(shops[0])).accounts == 10
    await publish_now(runtime)
    row = await row_of(shops[0])
    assert (row.accounts, row.withheld, row.quantiles) == (9, "too_few", ())


async def test_sizes_and_kinds_are_pools_of_their_own(runtime: Runtime, kind: str) -> None:
    shops = await open_pool(runtime, kind)
    await shops[0].change("UPDATE keeper.account SET size_band = 'large'")
    await publish_now(runtime)
    assert (await row_of(shops[1])).accounts == 9
    assert (await row_of(shops[0])).accounts == 1


async def test_figures_that_grew_old_are_left_out(runtime: Runtime, kind: str) -> None:
    shops = await open_pool(runtime, kind)
    await shops[0].change("UPDATE keeper.contribution SET measured_on = current_date - 60")
    await publish_now(runtime)
    assert (await row_of(shops[1])).accounts == 9


async def test_who_has_not_joined_sees_own_figures_and_marks_but_no_peers(
    runtime: Runtime, kind: str, busy_shop: Shop
) -> None:
    await open_pool(runtime, kind)
    await publish_now(runtime)
    await busy_shop.run()
    await busy_shop.change("UPDATE keeper.account SET vertical = %s", (kind,))
    row = await row_of(busy_shop, "visits_per_customer")
    assert (row.withheld, row.quantiles) == ("not_joined", ())
    await busy_shop.change("UPDATE keeper.account SET vertical = 'spa'")
    marks = (await row_of(busy_shop, "second_visit")).marks
    assert [mark.value for mark in marks] == [0.45, 0.70]
    assert all("Boulevard" in mark.source for mark in marks)


async def test_an_account_that_has_not_joined_lends_nothing_whatever_is_stored(
    runtime: Runtime, kind: str
) -> None:
    shops = await open_pool(runtime, kind)
    await shops[0].change("UPDATE keeper.account SET network_opt_in = false")
    await lend(shops[0], 0.9)
    await publish_now(runtime)
    assert (await row_of(shops[1])).accounts == 9


async def test_the_week_lends_what_the_tables_say(runtime: Runtime, shop: Shop, kind: str) -> None:
    await fill(shop, people=80)
    await shop.run()
    await join(shop, kind)
    async with runtime.database.crossing("forget in a test") as session:
        connection = await session.connection()
        await connection.exec_driver_sql("DELETE FROM keeper.network_week")
    report = await run_week(runtime, shop.tenant_id)
    lent = {row["metric"]: row for row in await shop.rows("SELECT * FROM keeper.contribution")}
    assert report.lent == len(lent)
    paid = await shop.rows(
        "SELECT sum(net)::float8 / count(*) AS mean, count(*) AS visits FROM keeper.visit "
        "WHERE local_date > %(day)s::date - 365",
        day=LAST,
    )
    assert lent["average_ticket"]["value"] == pytest.approx(paid[0]["mean"])
    assert lent["average_ticket"]["weight"] == paid[0]["visits"]
    assert lent["average_ticket"]["currency"] == "USD"
    assert set(lent) <= set(FIGURES)
    assert all(0 <= lent[name]["value"] <= 1 for name in lent if "revisit" in name)
    jobs = await shop.rows(
        "SELECT task FROM platform.job_overview WHERE task = 'keeper.network.publish'"
    )
    assert len(jobs) == 1


async def test_an_account_lends_its_own_fit_without_any_prior(
    runtime: Runtime, shop: Shop, kind: str
) -> None:
    await sell_baskets(shop, living_rows(1, people=250))
    await join(shop, kind)
    await run_week(runtime, shop.tenant_id)
    (lent,) = await shop.rows(
        "SELECT weight, detail FROM keeper.contribution WHERE metric = 'bgnbd'"
    )
    visits = await shop.rows("SELECT * FROM keeper.visits_until(%(day)s)", day=LAST)
    people = sorted({row["person_id"] for row in visits})
    history = history_at(
        Visits.of(
            [people.index(row["person_id"]) for row in visits],
            [row["local_date"].toordinal() for row in visits],
            [row["net"] for row in visits],
        ),
        LAST.toordinal(),
    )
    own = bgnbd.fit(Summary.of(history.x, history.t_x, history.age))
    assert lent["weight"] == own.repeaters >= 50
    given = [lent["detail"][name] for name in ("r", "alpha", "a", "b")]
    assert given == pytest.approx(own.parameters.values, rel=1e-6)


async def test_own_shares_are_those_counted_by_hand(shop: Shop, runtime: Runtime) -> None:
    """Forty people came 200 days ago; thirty of them came again after 20, 50, 80 or 120 days."""
    first = LAST - timedelta(days=200)
    for number in range(40):
        await shop.add_customer(f"p-{number}", given_name=f"P{number}", family_name="Q")
    await shop.sell("p-0", [LAST - timedelta(days=700)])
    sales = [shop.sale(f"p-{number}", first, 8_000) for number in range(40)]
    for after, people in ((20, range(10)), (50, range(10, 18)), (80, range(18, 24))):
        sales += [shop.sale(f"p-{n}", first + timedelta(days=after), 8_000) for n in people]
    await shop.insert("payment", sales)
    await shop.run()
    own = {
        metric: (await row_of(shop, metric)).own
        for metric in ("revisit_30", "revisit_60", "revisit_90", "second_visit")
    }
    assert own == {
        "revisit_30": pytest.approx(10 / 40),
        "revisit_60": pytest.approx(18 / 40),
        "revisit_90": pytest.approx(24 / 40),
        "second_visit": pytest.approx(23 / 39),
    }


async def test_a_week_is_published_once_by_whoever_comes_first(
    runtime: Runtime, kind: str, shop: Shop
) -> None:
    await open_pool(runtime, kind)
    await publish_network(runtime, again=True)
    assert not await publish_network(runtime)
    async with runtime.database.session(shop.tenant_id) as session:
        job_id = await enqueue(session, "keeper.network.publish", {})
    assert await run_job(runtime, shop.tenant_id, job_id) == "succeeded"


@pytest.mark.parametrize("table", ["benchmark", "prior", "network_week"])
async def test_no_account_can_write_what_the_network_publishes(
    runtime: Runtime, shop: Shop, table: str
) -> None:
    await publish_network(runtime, again=True)
    for statement in (f"DELETE FROM keeper.{table}", f"UPDATE keeper.{table} SET accounts = 99"):
        with pytest.raises(DBAPIError, match="permission denied"):
            await shop.change(statement)


async def test_a_new_account_leans_on_the_prior_and_says_so(
    runtime: Runtime, kind: str, shop: Shop
) -> None:
    """Forty customers of whom three came back are too few to fit, and enough with peers."""
    for number in range(40):
        await shop.add_customer(f"n-{number}", given_name=f"N{number}", family_name="Q")
    start = this_week() - timedelta(days=60)
    sales = [shop.sale(f"n-{number}", start, 8_000) for number in range(40)]
    sales += [shop.sale(f"n-{n}", start + timedelta(days=20), 8_000) for n in range(3)]
    await shop.insert("payment", sales)
    await shop.change("UPDATE keeper.account SET vertical = %s", (kind,))
    day = this_week() + timedelta(days=1)
    await shop.run(day)
    fitted = "SELECT r, shipped, detail FROM keeper.model_fit WHERE business_date = %(day)s"
    (before,) = await shop.rows(fitted, day=day)
    assert (before["r"], "not_enough_history" in before["detail"]) == (None, True)
    await open_pool(runtime, kind)
    await publish_now(runtime)
    await shop.run(day)
    (after,) = await shop.rows(fitted, day=day)
    assert (after["r"], after["detail"]["source"]) == (0.5, "prior")
    past = this_week() - timedelta(days=1)
    await shop.run(past)
    (earlier,) = await shop.rows(fitted, day=past)
    assert earlier["r"] is None  # That day knew nothing of this week's prior.


async def test_a_well_known_account_is_drawn_to_the_prior_by_its_weight(
    runtime: Runtime, kind: str, shop: Shop
) -> None:
    await sell_baskets(shop, living_rows(2, people=250))
    day = this_week()
    await shop.change("UPDATE keeper.account SET vertical = %s", (kind,))
    await shop.run(day)
    fitted = "SELECT r, alpha, a, b, repeaters, detail FROM keeper.model_fit"
    (own,) = await shop.rows(fitted)
    assert own["detail"]["source"] == "own"
    await open_pool(runtime, kind)
    await publish_now(runtime)
    await shop.run(day)
    (shrunk,) = await shop.rows(fitted)
    assert shrunk["detail"]["source"] == "shrunk"
    share = own["repeaters"] / (own["repeaters"] + 200)
    assert shrunk["r"] == pytest.approx(own["r"] ** share * 0.5 ** (1 - share), rel=1e-3)
