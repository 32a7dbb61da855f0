"""What a batch of strings cost is borne by the strings that it answered, to the last millionth."""

from __future__ import annotations

import pytest

from myriad.products.kamioi.choosing import costs_of
from myriad.scale.ai.items import ItemsAnswer
from myriad.scale.ai.request import Usage


@pytest.mark.parametrize(
    ("cost_usd_micros", "missing", "expected"),
    [
        (350, (), {0: 117, 1: 117, 2: 116}),
        (350, (1,), {0: 175, 2: 175}),
        (0, (), {0: 0, 1: 0, 2: 0}),
        (350, (0, 1, 2), {}),
    ],
    ids=["all", "one missing", "free", "none"],
)
def test_costs_of_answers_come_to_what_the_batch_cost(
    cost_usd_micros: int, missing: tuple[int, ...], expected: dict[int, int]
) -> None:
    answer = ItemsAnswer(
        codes=("c1", None, "c2"),
        missing=missing,
        calls=1,
        cached=0,
        cost_usd_micros=cost_usd_micros,
        usage=Usage(),
        degraded=False,
        reasons=(),
        sources=("model:m",),
    )
    assert costs_of(answer) == expected
