"""The doors of intake: a real application, two companies, two members."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from myriad.products.kamioi.endpoints import intake
from myriad.products.kamioi.intake.recording import today_utc
from myriad.scale.runtime import Runtime
from tests.fixtures.app import Company, app_with, client_of
from tests.products.kamioi.people import Person
from tests.products.kamioi.plaid.conftest import Linked, RunningPlaid

TODAY = today_utc()
BASE = "/api/v1/t"


@pytest.fixture
async def ann(runtime: Runtime, companies: tuple[Company, Company], plaid: RunningPlaid) -> Linked:
    """A member of the first company."""
    person = await Person.join(plaid.runtime(runtime), companies[0].tenant_id)
    return Linked(person.runtime, person.tenant_id, person.id, plaid)


def door(ann: Linked, company: Company) -> httpx.AsyncClient:
    client = client_of(app_with(ann.runtime, intake.router))
    client.headers.update(company.staff.bearer)
    return client


def csv_of(rows: int) -> bytes:
    body = "".join(
        f"Cleared,{TODAY - timedelta(days=number):%m/%d/%Y},SHOP {number},{number + 1}.50,\n"
        for number in range(rows)
    )
    return f"Status,Date,Description,Debit,Credit\n{body}".encode()


async def test_a_bank_is_linked_by_two_requests(
    ann: Linked, plaid: RunningPlaid, companies: tuple[Company, Company]
) -> None:
    async with door(ann, companies[0]) as client:
        begun = await client.post(f"{BASE}/items/link", json={"member_id": str(ann.id)})
        assert begun.json()["link_token"].startswith("link-sandbox-")
        token = plaid.simulator.world.public_token(plaid.bank())
        body = {"member_id": str(ann.id), "public_token": token, "institution": "Chase"}
        done = await client.post(f"{BASE}/items/link", json=body)
        assert (await ann.item(UUID(done.json()["item_id"])))["status"] == "linked"
        refused = await client.post(f"{BASE}/items/link", json={**body, "public_token": "nonsense"})
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")


async def test_a_file_is_imported_and_listed_page_by_page(
    ann: Linked, companies: tuple[Company, Company]
) -> None:
    async with door(ann, companies[0]) as client:
        path = f"{BASE}/import/csv?member_id={ann.id}&mask=4242"
        for expected in (7, 0):
            answer = await client.post(path, files={"file": ("a.csv", csv_of(7))})
            assert answer.json()["new"] == expected, answer.text
        seen, link = [], f"{BASE}/admin/transactions?member_id={ann.id}&limit=3"
        while link:
            page = await client.get(link)
            seen += [row["raw"] for row in page.json()["items"]]
            cursor = page.json()["next_cursor"]
            link = (
                cursor and f"{BASE}/admin/transactions?member_id={ann.id}&limit=3&cursor={cursor}"
            )
        assert seen == [f"SHOP {number}" for number in range(7)]


async def test_amounts_of_a_file_that_names_no_currency_are_in_the_members(
    ann: Linked, companies: tuple[Company, Company]
) -> None:
    await ann.change("UPDATE kamioi.member SET currency = 'GBP' WHERE id = %s", (ann.id,))
    async with door(ann, companies[0]) as client:
        path = f"{BASE}/import/csv?member_id={ann.id}"
        await client.post(path, files={"file": ("a.csv", csv_of(1))})
        await client.post(f"{path}&currency=EUR", files={"file": ("b.csv", csv_of(2))})
    assert {row["currency"] for row in await ann.purchases()} == {"GBP", "EUR"}


async def test_no_purchase_is_shown_to_another_member_or_company(
    ann: Linked, companies: tuple[Company, Company]
) -> None:
    bob = await Person.join(ann.runtime, companies[0].tenant_id, "Bob")
    await ann.bring(csv_of(3))
    async with door(ann, companies[0]) as client:
        mine = await client.get(f"{BASE}/admin/transactions?member_id={ann.id}&limit=2")
        assert len(mine.json()["items"]) == 2
        assert (await client.get(f"{BASE}/admin/transactions?member_id={bob.id}")).json()[
            "items"
        ] == []
        cursor = mine.json()["next_cursor"]
        stolen = await client.get(f"{BASE}/admin/transactions?member_id={bob.id}&cursor={cursor}")
        assert (stolen.status_code, stolen.json()["code"]) == (422, "invalid_cursor")
    async with door(ann, companies[1]) as client:
        theirs = await client.get(f"{BASE}/admin/transactions?member_id={ann.id}")
        assert theirs.json()["items"] == []
        path = f"{BASE}/import/csv?member_id={ann.id}"
        refused = await client.post(path, files={"file": ("a.csv", csv_of(1))})
        assert refused.status_code == 404


async def test_what_must_be_said_first_is_a_problem_that_says_it(
    ann: Linked, companies: tuple[Company, Company]
) -> None:
    content = b"Date,Description,Amount\n2026-11-03,COFFEE,4.50\n"
    async with door(ann, companies[0]) as client:
        path = f"{BASE}/import/csv?member_id={ann.id}"
        asked = await client.post(path, files={"file": ("a.csv", content)})
        assert asked.headers["content-type"] == "application/problem+json"
        assert (asked.status_code, asked.json()["code"]) == (422, "statement_file")
        assert "negative or positive" in asked.json()["detail"]
        again = await client.post(f"{path}&spending=positive", files={"file": ("a.csv", content)})
        assert again.json()["new"] == 1
        wrong = await client.post(f"{BASE}/import/ofx?member_id={ann.id}", files={"file": content})
        assert wrong.status_code == 422


async def test_a_webhook_without_proof_is_401_and_queues_nothing(
    ann: Linked, plaid: RunningPlaid, companies: tuple[Company, Company]
) -> None:
    bank = plaid.bank()
    await ann.link_at(bank)
    await ann.change("DELETE FROM platform.job")
    body = plaid.simulator.tell(bank, "TRANSACTIONS", "SYNC_UPDATES_AVAILABLE")
    good = plaid.simulator.sign(body)
    spoilt = [
        "", "nonsense", plaid.simulator.sign(body, head={"alg": "none"}),
        plaid.simulator.sign(body, head={"alg": "HS256"}), plaid.simulator.sign(body, iat=1),
        plaid.simulator.sign(b"another body"),
    ]  # fmt: skip
    async with client_of(app_with(ann.runtime, intake.router)) as client:
        for header in spoilt:
            answer = await client.post(
                f"{BASE}/webhooks/plaid", content=body, headers={"plaid-verification": header}
            )
            assert answer.status_code == 401, header
        assert await ann.rows("SELECT id FROM platform.job") == []
        taken = await client.post(
            f"{BASE}/webhooks/plaid", content=body, headers={"plaid-verification": good}
        )
        assert taken.json() == {"items": 1}
    assert len(await ann.rows("SELECT id FROM platform.job")) == 1


async def test_a_large_purchase_is_confirmed_once_and_only_by_its_company(
    ann: Linked, companies: tuple[Company, Company]
) -> None:
    content = csv_of(1).replace(b"1.50", b"10000.01")
    await ann.bring(content)
    (row,) = await ann.purchases()
    path = f"{BASE}/admin/transactions/{row['booked_on']}/{row['id']}/confirm"
    assert row["is_held"]
    for company, expected in ((companies[1], 404), (companies[0], 204), (companies[0], 404)):
        async with door(ann, company) as client:
            assert (await client.post(path)).status_code == expected
    assert not (await ann.purchases())[0]["is_held"]
