"""Figures of quality are what their definitions say, and are measured from rows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from myriad.kit.clock import utc_now
from myriad.kit.ids import new_id
from myriad.products.kamioi.mapping.confidence import calibration_error as of_pairs
from myriad.products.kamioi.operation.measuring import get_quality, keep, list_days, measure
from myriad.products.kamioi.operation.quality import (
    Audited,
    calibration_error,
    stability_index,
    tenths,
)
from tests.products.kamioi.money.programme import Programme

_COUNTS = st.tuples(*[st.integers(0, 10_000)] * 3).map(
    lambda found: dict(zip("abc", found, strict=True))
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_COUNTS, _COUNTS)
def test_the_stability_index_is_zero_for_one_mix_and_never_below(
    now: dict[str, int], before: dict[str, int]
) -> None:
    assert stability_index(now, now) == pytest.approx(0)
    assert stability_index(now, before) >= -1e-12
    assert stability_index(now, before) == pytest.approx(stability_index(before, now))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 999), st.booleans()), min_size=1, max_size=60))
def test_calibration_from_counts_is_that_of_the_single_decisions(
    found: list[tuple[int, bool]],
) -> None:
    pairs = [(thousandth / 1000, right) for thousandth, right in found]
    audits = [
        Audited("exact", "", thousandth // 100, 1, thousandth / 1000, int(right))
        for thousandth, right in found
    ]
    assert calibration_error(audits) == pytest.approx(of_pairs(pairs))
    assert sum(one.total for one in tenths(audits)) == len(found)


async def test_quality_is_counted_by_purchase_by_string_and_of_the_rare(
    programme: Programme, other_programme: Programme
) -> None:
    shop, member = await programme.shop(), await programme.member()
    rare = await programme.descriptor()
    for _ in range(9):
        await programme.buy(member, shop.descriptor_id, 450)
    await programme.buy(member, rare, 450)
    await programme.run(
        "INSERT INTO kamioi.member_override (tenant_id, member_id, descriptor_id, brand_id)"
        " VALUES (%s, %s, %s, NULL)",
        programme.tenant_id,
        member,
        shop.descriptor_id,
    )
    stranger = await other_programme.member()
    await other_programme.buy(stranger, await other_programme.descriptor(), 100)
    async with programme.session() as session:
        found = await measure(session, utc_now())
    assert (found.coverage_tx, found.coverage_distinct, found.coverage_tail) == (0.9, 0.5, 0.0)
    assert (found.descriptors, found.decided, found.override_rate) == (2, 1, 1.0)
    assert found.drift is None


async def test_what_was_measured_is_read_back_until_it_is_stale(programme: Programme) -> None:
    now = utc_now()
    waiting = await programme.descriptor()
    await programme.run(
        "INSERT INTO kamioi.mapping (tenant_id, id, descriptor_id, version, confidence, method,"
        " state, model, cost_usd_micros, valid_from)"
        " VALUES (%s, %s, %s, 1, 0.75, 'llm', 'proposed', 'small', 7, %s)",
        programme.tenant_id,
        new_id(),
        waiting,
        now - timedelta(hours=4),
    )
    async with programme.session() as session:
        kept = await keep(session, now)
        assert await get_quality(session, now + timedelta(minutes=5)) == kept
        assert (await get_quality(session, now + timedelta(hours=3))).measured_at > now
        assert [one for _, one in await list_days(session, now - timedelta(days=2))] == [kept]
    assert kept.queue.waiting == 1
    assert kept.queue.median_seconds == pytest.approx(4 * 3600)
    (model,) = kept.models()
    assert (model.model, model.decisions, model.cost_usd_micros) == ("small", 1, 7)
    assert model.precision.interval == (0.0, 1.0)
