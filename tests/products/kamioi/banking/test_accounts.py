"""A member links a bank on Plaid's pages, mends it, chooses it, lets it go, and brings files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest

from myriad.apps import api
from myriad.kit.ids import new_id
from myriad.products.kamioi.intake.csv_files import CsvForm
from myriad.products.kamioi.intake.recording import today_utc
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.runtime import Runtime
from tests.fixtures.app import (
    client_of,
    create_company,
    create_member,
    csrf_of,
    log_in,
    settings_for,
)
from tests.products.kamioi.people import Person
from tests.products.kamioi.plaid.conftest import RunningPlaid, running_plaid

ACCOUNTS = "/kamioi/accounts"
TODAY = today_utc()


@dataclass
class Guest:
    """A member in a browser, with somebody else of the same programme, beside a simulated Plaid."""

    browser: httpx.AsyncClient
    plaid: RunningPlaid
    person: Person
    other: Person
    token: dict[str, str] = field(default_factory=dict)

    async def post(self, path: str, **data: Any) -> httpx.Response:
        """Send a form of one of our pages."""
        if not self.token:
            self.token = {"csrf_token": csrf_of((await self.browser.get(ACCOUNTS)).text)}
        return await self.browser.post(path, data={**self.token, **data})

    async def bring(self, content: str, **data: str) -> httpx.Response:
        """Send a file."""
        await self.post(f"{ACCOUNTS}/link", item_id=str(new_id()))
        files = {"file": ("may.csv", content.encode(), "text/csv")}
        form = {**self.token, **data}
        return await self.browser.post(f"{ACCOUNTS}/import", data=form, files=files)

    async def visit(self, *, item_id: UUID | None = None, **pressed: str) -> str:
        """Go to Plaid and back; return where the browser ends."""
        data = {} if item_id is None else {"item_id": str(item_id)}
        begun = await self.post(f"{ACCOUNTS}/link", **data)
        assert begun.status_code == 303, begun.text
        page = await self.browser.get(begun.headers["location"])
        hosted = page.text.partition(self.plaid.url)[2].partition('"')[0]
        async with httpx.AsyncClient(trust_env=False) as outside:
            assert "Simulated Plaid" in (await outside.get(self.plaid.url + hosted)).text
            sent = await outside.post(self.plaid.url + hosted, data=pressed)
        back = urlsplit(sent.headers["location"])
        ended = await self.browser.get(back.path)
        again = await self.browser.get(back.path)
        assert again.headers["location"] == ended.headers["location"]
        return str(ended.headers["location"])

    async def items(self) -> list[dict[str, Any]]:
        """Return the member's linked banks, the last linked last."""
        return await self.person.rows(
            "SELECT id, status, institution, access_token_sealed FROM kamioi.bank_item"
            " WHERE member_id = %(member)s AND provider = 'plaid' ORDER BY created_at",
            member=self.person.id,
        )


@pytest.fixture(scope="module")
async def guest(runtime: Runtime, database_urls: ServerUrls) -> AsyncIterator[Guest]:
    """A signed-in member without a bank."""
    company = await create_company(runtime)
    signing_in = await create_member(runtime, company.tenant_id)
    person = await Person.join(runtime, company.tenant_id)
    other = await Person.join(runtime, company.tenant_id, "Bob")
    await person.change(
        "UPDATE kamioi.member SET user_id = %s WHERE id = %s", (signing_in.user_id, person.id)
    )
    with running_plaid() as plaid:
        settings = settings_for(database_urls)
        told = settings.kamioi.model_validate({"plaid_base_url": plaid.url})
        app = api.create_app(settings.model_copy(update={"kamioi": told}))
        async with app.router.lifespan_context(app), client_of(app) as browser:
            await log_in(browser, signing_in)
            yield Guest(browser, plaid, person, other)


async def test_a_bank_is_linked_on_plaids_pages_and_once(guest: Guest) -> None:
    before = len(await guest.items())
    assert await guest.visit(bank="Chase") == f"{ACCOUNTS}?done=linked"
    item = (await guest.items())[-1]
    assert (len(await guest.items()), item["status"]) == (before + 1, "linked")
    assert item["institution"] == "Chase"
    page = await guest.browser.get(f"{ACCOUNTS}?done=linked")
    assert "Your bank is linked" in page.text
    jobs = await guest.person.rows(
        "SELECT count(*) AS jobs FROM platform.job WHERE dedup_key = %(key)s",
        key=f"plaid:{item['id']}",
    )
    assert jobs[0]["jobs"] == 1


async def test_who_leaves_plaids_pages_has_linked_nothing(guest: Guest) -> None:
    before = await guest.items()
    assert await guest.visit(leave="1") == f"{ACCOUNTS}?done=left"
    assert await guest.items() == before


async def test_a_bank_that_wants_its_owner_is_signed_in_to_again(guest: Guest) -> None:
    await guest.visit(bank="Citibank Online")
    item = (await guest.items())[-1]
    await guest.person.change(
        "UPDATE kamioi.bank_item SET status = 'needs_login' WHERE id = %s", (item["id"],)
    )
    bank = list(guest.plaid.simulator.world.banks.values())[-1]
    bank.needs_login = True
    assert "Citibank Online asks you to sign in again" in (await guest.browser.get(ACCOUNTS)).text
    assert await guest.visit(item_id=item["id"], bank="x") == f"{ACCOUNTS}?done=linked"
    assert not bank.needs_login
    mended = next(one for one in await guest.items() if one["id"] == item["id"])
    assert mended["status"] == "linked"


async def test_a_bank_whose_consent_ends_says_until_when_and_signing_in_renews_it(
    guest: Guest,
) -> None:
    await guest.visit(bank="Citibank Online")
    item = (await guest.items())[-1]
    await guest.person.change(
        "UPDATE kamioi.bank_item SET consent_ends_at = '2031-05-04 12:00+00' WHERE id = %s",
        (item["id"],),
    )
    page = (await guest.browser.get(ACCOUNTS)).text
    assert "Citibank Online can be read until 4 May 2031; sign in again before" in page
    assert "Ends on 4 May 2031" in page
    assert "Your consent ends on 4 May 2031" in (await guest.browser.get("/kamioi/home")).text
    assert await guest.visit(item_id=item["id"], bank="x") == f"{ACCOUNTS}?done=linked"
    assert "4 May 2031" not in (await guest.browser.get(ACCOUNTS)).text


async def test_a_bank_that_is_let_go_is_read_no_more(guest: Guest) -> None:
    await guest.visit(bank="Wells Fargo")
    item, banks = (await guest.items())[-1], len(guest.plaid.simulator.world.banks)
    gone = await guest.post(f"{ACCOUNTS}/items/{item['id']}/remove")
    assert gone.headers["location"] == f"{ACCOUNTS}?done=removed"
    left = next(one for one in await guest.items() if one["id"] == item["id"])
    assert (left["status"], left["access_token_sealed"]) == ("removed", None)
    assert len(guest.plaid.simulator.world.banks) == banks - 1
    again = await guest.post(f"{ACCOUNTS}/items/{item['id']}/remove")
    assert again.status_code == 404


async def test_pulls_come_from_the_account_that_is_chosen_and_from_no_card(guest: Guest) -> None:
    first, second = [await guest.person.link(mask=mask) for mask in ("1111", "2222")]
    await guest.person.change(
        "UPDATE kamioi.bank_account SET kind = 'checking' WHERE id = ANY (%s)", ([first, second],)
    )
    for chosen in (first, second):
        await guest.post(f"{ACCOUNTS}/{chosen}/funding")
        rows = await guest.person.rows(
            "SELECT id FROM kamioi.bank_account WHERE member_id = %(member)s AND is_funding",
            member=guest.person.id,
        )
        assert [row["id"] for row in rows] == [chosen]
    assert "Pulls come from Chase ••2222" in (await guest.browser.get(ACCOUNTS)).text
    card = await guest.person.link(mask="3333")
    assert (await guest.post(f"{ACCOUNTS}/{card}/funding")).status_code == 422


async def test_what_is_anothers_is_not_found(guest: Guest) -> None:
    account = await guest.other.link()
    (item,) = await guest.other.rows(
        "SELECT item_id FROM kamioi.bank_account WHERE id = %(account)s", account=account
    )
    brought = await guest.other.bring(_csv(3).encode(), form=CsvForm(spending="positive"))
    for path, data in (
        (f"{ACCOUNTS}/{account}/funding", {}),
        (f"{ACCOUNTS}/items/{item['item_id']}/remove", {}),
        (f"{ACCOUNTS}/link", {"item_id": str(item["item_id"])}),
    ):
        assert (await guest.post(path, **data)).status_code == 404, path
    for path in (f"{ACCOUNTS}/files/{brought.file_id}", f"{ACCOUNTS}/links/{new_id()}/done"):
        assert (await guest.browser.get(path)).status_code == 404, path


def _csv(rows: int, *, sign: str = "") -> str:
    lines = "".join(
        f"{TODAY - timedelta(days=number):%m/%d/%Y},SHOP {number},{sign}{number + 1}.50\n"
        for number in range(rows)
    )
    return f"Date,Description,Amount\n{lines}"


async def test_a_file_comes_in_and_its_bad_lines_are_shown(guest: Guest) -> None:
    content = _csv(4, sign="-") + "never,<b>SHOP,-1.00\n"
    sent = await guest.bring(content, spending="negative")
    assert sent.status_code == 303, sent.text[-3000:]
    page = await guest.browser.get(sent.headers["location"])
    assert "Four new purchases came in" in page.text or "4 new purchases came in" in page.text
    assert "&lt;b&gt;SHOP" in page.text
    assert "may.csv" in (await guest.browser.get(ACCOUNTS)).text


async def test_a_file_that_does_not_say_enough_asks_and_takes_nothing_in(guest: Guest) -> None:
    before = await guest.person.purchases()
    asked = await guest.bring("Foo,Bar\n1,2\n", mask="9876")
    assert asked.status_code == 422
    assert "The file could not be read" in asked.text
    assert 'value="9876"' in asked.text
    assert await guest.person.purchases() == before
