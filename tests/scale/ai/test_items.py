"""Many items to a prompt: a code for each, whatever a model leaves out or makes up."""

from __future__ import annotations

from typing import Any

import pytest

from myriad.kit.errors import InvalidInputError
from myriad.kit.ids import new_id
from myriad.scale.ai import AIRequest, answers_offline
from myriad.scale.ai.catalog import ModelLimits
from myriad.scale.ai.items import UNKNOWN, ItemsRequest, read_lines
from myriad.scale.ai.simulator import Fault
from tests.fixtures.database import TwoTenants
from tests.scale.ai.conftest import HAIKU, Maker, Simulated

CODES = {"A": "a coffee shop", "B": "a grocery", "C": "a fuel station"}


@answers_offline("test.item.code")
def _offline(request: AIRequest) -> str:
    return "\n".join(f"{number}=B" for number in range(1, len(request.data["items"]) + 1))


def request_of(tenants: TwoTenants, count: int, **changes: Any) -> ItemsRequest:
    """Return a request with items that no other test has."""
    given: dict[str, Any] = {
        "tenant_id": tenants.first,
        "task": "test.item.code",
        "instructions": "Say which kind of shop each is.",
        "items": tuple(f"shop {number} {new_id()}" for number in range(count)),
        "codes": CODES,
        "max_cost_usd_micros": 1_000_000,
    }
    return ItemsRequest(**(given | changes))


async def test_a_hundred_items_go_as_four_prompts_of_25(
    make_gateway: Maker, tenants: TwoTenants, simulated: Simulated
) -> None:
    answer = await make_gateway().ask_items(request_of(tenants, 100))
    assert set(answer.codes) <= set(CODES)
    assert answer.missing == ()
    assert answer.calls == 4
    assert simulated.world.account(HAIKU).requests == 4
    assert answer.cost_usd_micros == simulated.world.spent()["cost_usd_micros"]
    assert answer.sources == (f"anthropic:{HAIKU}",)


async def test_while_requests_are_short_a_hundred_items_are_one_prompt(
    make_gateway: Maker, tenants: TwoTenants, simulated: Simulated
) -> None:
    gateway = make_gateway(limits=ModelLimits(rpm=2, tpm=10**9, rpd=10**6))
    await gateway.ask_items(request_of(tenants, 100))
    before = simulated.world.account(HAIKU).requests
    answer = await gateway.ask_items(request_of(tenants, 100))
    assert answer.calls == 1
    assert answer.missing == ()
    assert before <= 2


async def test_only_what_is_missing_is_asked_again(
    make_gateway: Maker, tenants: TwoTenants, simulated: Simulated
) -> None:
    simulated.world.faults.append(Fault("partial", times=1))
    answer = await make_gateway().ask_items(request_of(tenants, 20))
    assert answer.missing == ()
    first, second = list(simulated.world.questions)
    assert str(first).count("</data>") - str(second).count("</data>") == 10


async def test_items_that_stay_without_an_answer_are_named(
    make_gateway: Maker, tenants: TwoTenants, simulated: Simulated
) -> None:
    simulated.world.faults.append(Fault("partial", times=2))
    answer = await make_gateway().ask_items(request_of(tenants, 20))
    assert answer.missing == tuple(range(15, 20))
    assert answer.degraded
    assert answer.codes[15:] == (None,) * 5


async def test_items_that_were_coded_before_are_not_asked_again(
    make_gateway: Maker, tenants: TwoTenants, simulated: Simulated
) -> None:
    gateway, first = make_gateway(), request_of(tenants, 20)
    known = await gateway.ask_items(first)
    more = request_of(tenants, 5)
    both = request_of(tenants, 0, items=(*first.items, *more.items))
    answer = await gateway.ask_items(both)
    assert answer.codes[:20] == known.codes
    assert (answer.cached, answer.calls) == (20, 1)


async def test_when_models_are_away_the_offline_handler_codes_and_nothing_of_it_is_kept(
    make_gateway: Maker, tenants: TwoTenants, simulated: Simulated
) -> None:
    simulated.world.faults.append(Fault("broken", times=9))
    gateway, asked = make_gateway(), request_of(tenants, 5)
    answer = await gateway.ask_items(asked)
    assert answer.codes == ("B",) * 5
    assert answer.degraded
    assert answer.sources == ("offline:offline",)
    simulated.world.faults.clear()
    assert (await gateway.ask_items(asked)).cached == 0


async def test_the_prompts_of_one_request_share_its_ceiling_of_cost(
    make_gateway: Maker, tenants: TwoTenants, simulated: Simulated
) -> None:
    asked = request_of(tenants, 100, max_cost_usd_micros=3_000)
    answer = await make_gateway().ask_items(asked)
    assert answer.cost_usd_micros <= 3_000


def test_lines_that_name_no_item_or_no_code_or_contradict_each_other_are_left_out() -> None:
    text = "1=A\n 2 = B \n3=Z\n9=A\nhello\n4=A\n4=B\n5=?\n0=A"
    assert read_lines(text, 5, CODES) == {1: "A", 2: "B", 5: UNKNOWN}


def test_codes_that_a_line_cannot_hold_are_refused(tenants: TwoTenants) -> None:
    with pytest.raises(InvalidInputError):
        request_of(tenants, 1, codes={"a code": "with a blank"})
