"""What is kept is nobody's own: not another account's, not another role's, and no secret of a looker."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from myriad.products.keeper.pages import kept
from myriad.scale.cache import get_namespace
from myriad.scale.cache.entry import read_entry
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.runtime import Runtime
from tests.fixtures.app import create_company, csrf_of
from tests.fixtures.database import runtime_for
from tests.products.keeper.keeping.conftest import app_on
from tests.products.keeper.kept.conftest import Two, looking, page_of, two_of

TODAY, CUSTOMERS, INSIGHTS = "/keeper/today", "/keeper/customers", "/keeper/insights"
_VIEWS = "SELECT count(*) AS looked FROM keeper.view_log"


async def test_a_screen_is_drawn_once_for_everybody_of_a_role(busy: Two) -> None:
    """The second look costs no drawing, and shows the same."""
    async with looking(busy.there) as staff:
        first = await page_of(staff, TODAY)
        made = busy.made("today")
        assert await page_of(staff, TODAY) == first
        assert busy.made("today") == made


async def test_what_another_release_drew_is_drawn_again(
    busy: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Redis that outlives a release holds the old screens, and nobody is shown them."""
    async with looking(busy.there) as staff:
        await page_of(staff, TODAY)
        made = busy.made("today")
        monkeypatch.setattr(kept, "edition_of", lambda *folders: "the next release")
        await page_of(staff, TODAY)
        assert busy.made("today") == made + 1


async def test_another_account_sees_nothing_of_it(
    runtime: Runtime, elsewhere: Runtime, busy: Two
) -> None:
    """Whoever looked before, an account's screens show its own people."""
    other = await two_of(runtime, elsewhere, await create_company(runtime))
    async with looking(busy.there) as staff, looking(other.there) as stranger:
        for path in (TODAY, CUSTOMERS, INSIGHTS):
            await page_of(staff, path)
            assert "Given" not in await page_of(stranger, path)


async def test_staff_are_not_shown_what_was_drawn_for_the_owner(busy: Two) -> None:
    """The owner's screen has the owner's buttons; staff who look next do not."""
    async with looking(busy.there, "owner") as owner, looking(busy.there) as staff:
        for path, button in ((INSIGHTS, "/mute"), ("/keeper/proof", "/control-group")):
            assert button in await page_of(owner, path)
            assert button not in await page_of(staff, path)
            assert button in await page_of(owner, path)


async def test_each_gets_a_token_of_their_own_that_works(busy: Two) -> None:
    """Two people who look at the same kept screen hold different tokens, and both can act."""
    async with looking(busy.there) as one, looking(busy.there) as other:
        first, second = await page_of(one, TODAY), await page_of(other, TODAY)
        assert csrf_of(first) != csrf_of(second)
        assert csrf_of(first) not in second
        done = re.findall(r'action="(/keeper/tasks/[0-9a-f-]{36}/done)"', second)
        refused = await other.post(done[0], data={"csrf_token": csrf_of(first)})
        assert refused.status_code == 403
        answered = await other.post(done[0], data={"csrf_token": csrf_of(second)})
        assert answered.status_code == 303


async def test_nothing_of_the_looker_is_kept(busy: Two) -> None:
    """Neither the token nor the name of who looked is in the shared layer."""
    async with looking(busy.there, "owner") as owner:
        token = csrf_of(await page_of(owner, TODAY))
        name = busy.there.company.owner.email
    redis, found = busy.runtime.cache, 0
    async for key in redis.scan_iter(f"*keeper.today*{busy.here.shop.tenant_id}*"):
        entry = read_entry(get_namespace("keeper.today"), await redis.get(key) or b"", "")
        if entry is not None:
            drawn = "".join(entry.value.texts)
            found += "Whom to call" in drawn
            assert token not in drawn
            assert name not in drawn
    assert found


async def test_who_looked_is_noted_and_empties_nothing(busy: Two) -> None:
    """Each look at a person is written though lists are kept, and the lists stay kept."""
    shop = busy.here.shop
    async with looking(busy.there) as staff, looking(busy.there, "owner") as owner:
        people = re.findall(
            r'href="(/keeper/customers/[0-9a-f-]{36})"', await page_of(staff, CUSTOMERS)
        )
        made, looked = busy.made("customers"), await shop.value(_VIEWS)
        await page_of(staff, people[0])
        await page_of(owner, people[0])
        assert await shop.value(_VIEWS) == looked + 2
        await page_of(staff, CUSTOMERS)
        assert busy.made("customers") == made


async def test_without_redis_pages_are_the_same(busy: Two, database_urls: ServerUrls) -> None:
    """Redis down means slower, never other than the truth."""
    away = replace(database_urls, cache_url="redis://127.0.0.1:1/0")
    async with runtime_for(away) as runtime:
        alone = replace(busy.there, app=app_on(runtime))
        async with looking(busy.there) as one, looking(alone) as other:
            for path in (TODAY, CUSTOMERS):
                kept, drawn = await page_of(one, path), await page_of(other, path)
                assert kept.replace(csrf_of(kept), "") == drawn.replace(csrf_of(drawn), "")
            done = re.search(
                r'action="(/keeper/tasks/[0-9a-f-]{36}/done)"', await page_of(one, TODAY)
            )
            assert done is not None
            token = csrf_of(await page_of(one, TODAY))
            assert (await one.post(done[1], data={"csrf_token": token})).status_code == 303
            assert "One done today" in await page_of(other, TODAY)
