"""A call is closed by itself when the person comes, also on the day on which it was made."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from tests.products.keeper.ledger import LAST, Shop

_OPEN = "SELECT id, person_id, created_at FROM keeper.task WHERE state = 'open' ORDER BY id"


@pytest.mark.parametrize(("hours", "closed"), [(2, True), (-2, False)], ids=["after", "before"])
async def test_a_visit_on_the_calls_own_day_answers_it_when_it_came_later(
    busy_shop: Shop, hours: int, closed: bool
) -> None:
    """Paid after the task was made: the next night closes it; paid before: it was known then."""
    await busy_shop.run()
    task, *others = await busy_shop.rows(_OPEN)
    made_at = datetime.combine(LAST, time(12), UTC)
    await busy_shop.change("UPDATE keeper.task SET created_at = %s", (made_at,))
    (row,) = await busy_shop.rows(
        "SELECT ext_id FROM keeper.customer WHERE person_id = %(who)s LIMIT 1",
        who=task["person_id"],
    )
    paid = made_at + timedelta(hours=hours)
    await busy_shop.sell(row["ext_id"], [LAST], ext_created_at=paid, ext_updated_at=paid)
    await busy_shop.run(again=True)
    (now,) = await busy_shop.rows(
        "SELECT state, outcome ->> 'why' AS why, decided_by FROM keeper.task WHERE id = %(id)s",
        id=task["id"],
    )
    assert (now["state"] == "dismissed") is closed
    if closed:
        assert (now["why"], now["decided_by"]) == ("came back", "keeper")
    still = {row["id"] for row in await busy_shop.rows(_OPEN)}
    assert {other["id"] for other in others} <= still
