"""What mapping costs is borne by the months after, to the millionth of a dollar."""

from __future__ import annotations

from datetime import date

from myriad.products.kamioi.money.amortization import amortize, write_off
from tests.products.kamioi.money.programme import Programme

MADE = date(2026, 1, 1)


async def _cohort(programme: Programme, cost: int = 1_000_001, months: int = 12) -> None:
    await programme.run(
        "INSERT INTO kamioi.cost_cohort (tenant_id, month, cost_usd_micros, life_months)"
        " VALUES (%s, %s, %s, %s)",
        programme.tenant_id,
        MADE,
        cost,
        months,
    )


async def _amortize(programme: Programme, today: date) -> int:
    async with programme.session() as session:
        return await amortize(session, today)


async def _entries(programme: Programme) -> list[tuple[date, str, int]]:
    rows = await programme.run(
        "SELECT period, kind, amount_usd_micros FROM kamioi.amortization_entry ORDER BY 1, 2"
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def test_a_cost_is_borne_from_the_month_after_and_once(programme: Programme) -> None:
    await _cohort(programme)
    assert await _amortize(programme, date(2026, 1, 31)) == 0
    assert await _amortize(programme, date(2026, 3, 1)) == 2
    assert await _amortize(programme, date(2026, 3, 1)) == 0
    assert await _amortize(programme, date(2030, 1, 1)) == 10
    entries = await _entries(programme)
    assert [entries[0][0], entries[-1][0]] == [date(2026, 2, 1), date(2027, 1, 1)]
    assert sum(amount for *_, amount in entries) == 1_000_001


async def test_what_is_superseded_is_borne_at_once_and_the_sum_stays(programme: Programme) -> None:
    await _cohort(programme)
    async with programme.session() as session:
        assert await write_off(session, MADE, 120_000, date(2026, 4, 10)) == 90_000
    async with programme.session() as session:
        assert await write_off(session, MADE, 12, date(2026, 4, 11)) == 9
    await _amortize(programme, date(2028, 1, 1))
    entries = await _entries(programme)
    assert (date(2026, 4, 1), "write_off", 90_009) in entries
    assert sum(amount for *_, amount in entries) == 1_000_001
