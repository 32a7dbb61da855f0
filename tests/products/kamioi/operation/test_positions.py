"""What broker and lots differ in is noted, advised upon and explained once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from myriad.kit.errors import ConflictError
from myriad.kit.ids import new_id
from myriad.products.kamioi.broker.paper import PaperBroker
from myriad.products.kamioi.money.reconciliation import check_books, reconcile
from myriad.products.kamioi.operation.positions import advise, explain, get_reconciliation
from myriad.scale.directory import Principal
from tests.products.kamioi.money.programme import NOON, Programme


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        ("0", "5", "no member owns"),
        ("5", "0", "holds none"),
        ("5", "10", "2 for each 1"),
        ("10", "1", "1 for each 10"),
        ("5", "4.9", "reversed, or one is counted twice"),
        ("5", "5.1", "has not arrived"),
    ],
    ids=["theirs-only", "ours-only", "split", "reverse-split", "more", "less"],
)
def test_each_kind_of_difference_says_what_to_do(ours: str, theirs: str, said: str) -> None:
    assert said in advise("position", Decimal(ours), Decimal(theirs))


async def _lot(programme: Programme, qty: str) -> str:
    member = await programme.member()
    security_id, ticker = await programme.security()
    await programme.run(
        "INSERT INTO kamioi.lot (tenant_id, id, member_id, security_id, qty, cost_minor, currency,"
        " opened_on) VALUES (%s, %s, %s, %s, %s, 0, 'USD', '2026-11-02')",
        programme.tenant_id,
        new_id(),
        member,
        security_id,
        Decimal(qty),
    )
    return ticker


async def test_a_difference_stays_explained_while_it_is_the_same(
    programme: Programme, caller: Principal
) -> None:
    equal, off = await _lot(programme, "2"), await _lot(programme, "3")
    held = {equal: Decimal(2), off: Decimal(6)}

    async def compare(days: int) -> list[tuple[str, str]]:
        at = NOON + timedelta(days=days)
        async with programme.session() as session:
            await reconcile(session, PaperBroker({}, held=held), at)
            # Both lots were bought with nothing, which the books notice.
            assert await check_books(session, at) == 2
            found = await get_reconciliation(session, at)
        assert found.runs[0].differing == 3
        return [(one.ticker, one.state) for one in found.lines if one.subject == "position"]

    assert await compare(0) == [(off, "open"), (equal, "equal")]
    async with programme.session() as session:
        waiting = (await get_reconciliation(session, NOON)).open_lines
        assert sorted(one.subject for one in waiting) == ["books", "books", "position"]
        line = next(one for one in waiting if one.subject == "position")
        assert (line.difference, line.since) == (Decimal(-3), NOON)
        await explain(session, line.id, "their split comes tomorrow", caller, NOON)
        with pytest.raises(ConflictError):
            await explain(session, line.id, "again", caller, NOON)
    assert await compare(1) == [(off, "explained"), (equal, "equal")]
    held[off] = Decimal(7)
    assert await compare(2) == [(off, "open"), (equal, "equal")]
    async with programme.session() as session:
        found = await get_reconciliation(session, NOON + timedelta(days=2))
    line = next(one for one in found.open_lines if one.subject == "position")
    assert line.since == NOON
    assert [run.differing for run in found.runs] == [3, 3, 3]
