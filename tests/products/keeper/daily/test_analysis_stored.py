"""What the analysis agent reads and stores in few round trips is what single queries say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from myriad.kit.ids import new_id
from myriad.products.keeper.agents.graph import AGENTS, run_agent
from myriad.products.keeper.agents.measures import bare_columns
from myriad.products.keeper.repository.analysis import load_inputs, store_analysis
from myriad.products.keeper.repository.columns import VisitColumns
from tests.products.keeper.ledger import LAST, Shop

_COUNT = "SELECT count(*) FROM keeper.person_metrics"
_FIT = {"customers": 1, "repeaters": 0, "shipped": "gap", "detail": {}} | dict.fromkeys(
    ("r", "alpha", "a", "b", "gamma_p", "gamma_q", "gamma_v", "auc_model", "auc_gap", "ece")
)


async def test_takings_by_day_are_the_sales_of_reports(busy_shop: Shop) -> None:
    """Refunds that Square lists, and those that only the payment tells of, now and in the past."""
    await busy_shop.change(
        "UPDATE keeper.payment SET refunded = 700 WHERE local_date = ANY(%s)",
        ([LAST - timedelta(days=n) for n in range(0, 90, 3)],),
    )
    paid = await busy_shop.rows(
        "SELECT ext_id, local_date FROM keeper.payment ORDER BY ext_id LIMIT 9"
    )
    at = {"tenant_id": busy_shop.tenant_id, "currency": "USD", "status": "COMPLETED"}
    await busy_shop.insert(
        "refund",
        [
            at
            | {"ext_id": f"r{row['ext_id']}", "payment_ext_id": row["ext_id"], "amount": 900}
            | {"local_date": row["local_date"] + timedelta(days=3)}
            | dict.fromkeys(("ext_created_at", "ext_updated_at"), f"{LAST} 12:00Z")
            for row in paid
        ],
    )
    for day in (LAST, LAST - timedelta(days=40)):
        first = day - timedelta(days=399)
        async with busy_shop.runtime.database.read_session(busy_shop.tenant_id) as session:
            found = (await load_inputs(session, day, (first, day), "")).revenue
        wanted = await busy_shop.rows(
            "SELECT local_date, sum(net) AS net FROM keeper.sales_until(%(day)s)"
            " WHERE local_date >= %(first)s GROUP BY 1",
            day=day,
            first=first,
        )
        assert found == {row["local_date"].toordinal(): row["net"] for row in wanted}


async def store(shop: Shop, *people: Any) -> None:
    """Store metrics of one visit each."""
    rows = [{"person_id": who, "local_date": LAST, "net": 5} for who in people]
    columns = bare_columns(VisitColumns.of(rows), LAST)
    async with shop.runtime.database.session(shop.tenant_id) as session:
        await store_analysis(session, LAST, columns, _FIT, [], LAST)


async def test_metrics_leave_with_their_person_and_nobody_elses_do(
    shop: Shop, other_shop: Shop
) -> None:
    """Without a foreign key: who is gone gets no rows, and who goes takes theirs along."""
    known = [new_id() for _ in range(2)]
    for each, who in zip((shop, other_shop), known, strict=True):
        row = {"tenant_id": each.tenant_id, "id": who, "display_name": "A", "sort_name": "a"}
        await each.insert("person", [row])
        await store(each, who, new_id())
    assert [await each.value(_COUNT) for each in (shop, other_shop)] == [1, 1]
    await shop.change("DELETE FROM keeper.person")
    assert [await each.value(_COUNT) for each in (shop, other_shop)] == [0, 1]


async def test_models_are_fitted_weekly_and_at_once_when_asked_for_again(busy_shop: Shop) -> None:
    """The night after a fit takes its parameters; who asks for everything again gets a new fit."""
    fitted = (
        "SELECT detail -> 'judged' ->> 'as_of' FROM keeper.model_fit WHERE business_date = %(day)s"
    )
    before = LAST - timedelta(days=1)
    for day, again, wanted in ((before, False, before), (LAST, False, before), (LAST, True, LAST)):
        for name in ("data", "matching", "analysis"):
            report = await run_agent(AGENTS[name], await busy_shop.context(day), again)
            assert (report.state, report.unchanged) == ("ok", False), report.error
        assert int(await busy_shop.value(fitted, day=day)) == wanted.toordinal()


async def test_words_of_reasons_reach_the_table_as_they_are(shop: Shop) -> None:
    """Quotes, backslashes and letters of all kinds in the reason of a row."""
    who = new_id()
    row = {"tenant_id": shop.tenant_id, "id": who, "display_name": "A", "sort_name": "a"}
    await shop.insert("person", [row])
    columns = bare_columns(
        VisitColumns.of([{"person_id": who, "local_date": LAST, "net": 5}]), LAST
    )
    reason = {"rule": 'a "b" \\ {c,d} \n é', "late_after_days": 0.1}
    columns["reason"] = [reason]
    async with shop.runtime.database.session(shop.tenant_id) as session:
        await store_analysis(session, LAST, columns, _FIT, [], LAST)
    assert await shop.value("SELECT reason FROM keeper.person_metrics") == reason
