"""Whatever changes an account in one process is on the next page of another, though it keeps pages."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from myriad.kit.clock import utc_now
from myriad.products.keeper import tasks  # noqa: F401 - registers the tasks
from myriad.products.keeper.queueing import enqueue_run
from myriad.products.keeper.square.simulator.spa import spa_seller
from myriad.products.keeper.square.simulator.world import World
from myriad.scale.runtime import Runtime
from tests.fixtures.app import create_company, csrf_of
from tests.fixtures.jobs import run_job
from tests.products.keeper.keeping.conftest import API, send
from tests.products.keeper.kept.conftest import Two, looking, page_of, two_of
from tests.products.keeper.ledger import LAST, fill
from tests.products.keeper.square.accounts import connect
from tests.products.keeper.square.conftest import running_square

TODAY = "/keeper/today"
Change = Callable[[Two], Awaitable[object]]


async def _decide(two: Two) -> None:
    async with looking(two.here, "owner") as owner:
        task = re.search(r"/keeper/tasks/([0-9a-f-]{36})/done", await page_of(owner, TODAY))
        assert task is not None
        assert (await send(owner, TODAY, task[0])).status_code == 303


async def _forbid(two: Two) -> None:
    async with looking(two.here, "owner") as owner:
        person = re.search(r'/keeper/customers/([0-9a-f-]{36})"', await page_of(owner, TODAY))
        assert person is not None
        where = f"/keeper/customers/{person[1]}"
        assert (await send(owner, where, f"{where}/contact", allowed="no")).status_code == 303


async def _set_goal(two: Two) -> None:
    async with two.here.client() as owner:
        answer = await owner.patch(f"{API}/settings", json={"goals": {"calls_per_week": 12}})
        assert answer.status_code == 200


async def _switch_off(two: Two) -> None:
    async with looking(two.here, "owner") as owner:
        await send(owner, "/keeper/proof", "/keeper/proof/control-group", on="no")


async def _mute(two: Two) -> None:
    async with looking(two.here, "owner") as owner:
        kind = re.search(
            r"/keeper/insights/kinds/([a-z_]+)/mute", await page_of(owner, "/keeper/insights")
        )
        assert kind is not None
        await send(owner, "/keeper/insights", kind[0])


async def _import_reviews(two: Two) -> None:
    async with looking(two.here, "owner") as owner:
        token = csrf_of(await page_of(owner, "/keeper/reviews"))
        file = {"file": ("r.csv", b"date,stars,text\n2025-06-01,5,Wonderful facial\n")}
        answer = await owner.post(
            "/keeper/reviews/import", data={"csrf_token": token, "source": "Yelp"}, files=file
        )
        assert answer.status_code == 200, answer.text


async def _add_customer(two: Two) -> None:
    shop = two.here.shop
    await shop.add_customer("late", given_name="Latecomer", family_name="Zed", email="z@e.com")
    await shop.sell("late", [LAST])
    await shop.run(again=True)


@pytest.mark.parametrize(
    ("path", "change", "appears"),
    [
        (TODAY, _decide, "One done today"),
        (TODAY, _set_goal, "Goals"),
        ("/keeper/proof", _switch_off, "It is off: everybody"),
        ("/keeper/insights", _mute, "Silent"),
        ("/keeper/reviews", _import_reviews, "Wonderful facial"),
        ("/keeper/customers?q=latecomer", _add_customer, "Latecomer Zed"),
        ("/keeper/customers?sort=name", _add_customer, "50 of 61"),
    ],
    ids=["task", "goal", "control", "mute", "review", "search", "person"],
)
async def test_a_change_is_on_the_next_page_of_another_process(
    busy: Two, path: str, change: Change, appears: str
) -> None:
    async with looking(busy.there) as staff:
        before = await page_of(staff, path)
        assert appears not in before
        assert await page_of(staff, path) == before
        await change(busy)
        assert appears in await page_of(staff, path)


async def test_who_must_not_be_called_is_off_the_list_everywhere(busy: Two) -> None:
    """A card is gone from another process's Today as soon as contact is forbidden."""
    async with looking(busy.there) as staff:
        before = (await page_of(staff, TODAY)).count('id="task-')
        await _forbid(busy)
        assert (await page_of(staff, TODAY)).count('id="task-') == before - 1


async def test_a_night_is_on_the_next_page_of_another_process(two: Two) -> None:
    """What a worker's job has found stands on Today, and its report in the list."""
    shop = two.here.shop
    await fill(shop)
    async with looking(two.there) as staff:
        assert 'id="task-' not in await page_of(staff, TODAY)
        assert "No report yet" in await page_of(staff, "/keeper/reports")
        async with shop.runtime.database.session(shop.tenant_id) as session:
            job_id = await enqueue_run(session, day=LAST)
        await run_job(shop.runtime, shop.tenant_id, job_id)
        assert 'id="task-' in await page_of(staff, TODAY)
        assert "No report yet" not in await page_of(staff, "/keeper/reports")


async def test_what_square_tells_is_on_the_next_page_of_another_process(
    runtime: Runtime, elsewhere: Runtime, tmp_path: Path
) -> None:
    """A sync of Square shows on Today and in the list of customers of a process that kept both."""
    world = World()
    world.add(spa_seller(seed=3, customers=8, now=utc_now()))
    two = await two_of(runtime, elsewhere, await create_company(runtime))
    with running_square(world, seller_rate=500, seller_burst=500) as square:
        connected = await connect(runtime, two.here.shop.tenant_id, square)
        async with looking(two.there) as staff:
            assert "Nothing read yet" in await page_of(staff, TODAY)
            assert "No customers yet" in await page_of(staff, "/keeper/customers")
            await connected.sync()
            await two.here.shop.run(utc_now().date())
            assert "Square read" in await page_of(staff, TODAY)
            assert "No customers yet" not in await page_of(staff, "/keeper/customers")
