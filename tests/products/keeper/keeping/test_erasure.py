"""After an erasure nothing in the schema says who it was, the money adds up, and it lasts."""

from __future__ import annotations

import json
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.products.keeper.erasing import erase_person
from myriad.products.keeper.repository.reports import digest_of
from myriad.products.keeper.scrubbing import MARK, Words
from myriad.products.keeper.square.erased import ErasureKeyError
from myriad.products.keeper.square.events import process_event
from myriad.products.keeper.square.storage import load_places, store
from myriad.products.keeper.tidying import erase_deleted, tidy
from myriad.scale.vault import Vault
from tests.fixtures.database import TEST_KEY
from tests.products.keeper.keeping.conftest import API, Desk
from tests.products.keeper.ledger import LAST, Shop, fill

_VAULT = Vault(TEST_KEY)
_STRINGS = (
    "Zebulina",
    "Quellenberg",
    "zeb@quellenberg.example",
    "+12125550199",
    "12125550199",
    "14 Larkspur Passage",
    "sq-zeb-1",
    "sq-zeb-2",
    "card-zeb",
)
_TEXTS = """
    SELECT format('SELECT %%L AS place, t::text AS found FROM %%I.%%I t', c.oid::regclass, n.nspname,
                  c.relname) AS statement
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('keeper', 'platform') AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND has_table_privilege(c.oid, 'SELECT')
"""
_PERSON = "SELECT person_id FROM keeper.customer WHERE ext_id = 'sq-zeb-1'"
_TOTALS = """
    SELECT local_date, sum(amount - refunded) AS total, count(*) AS payments
    FROM keeper.payment GROUP BY local_date ORDER BY local_date
"""


def _square_customer(ext_id: str, version: int) -> dict[str, Any]:
    return {
        "id": ext_id,
        "given_name": "Zebulina",
        "family_name": "Quellenberg",
        "email_address": "Zeb@Quellenberg.example",
        "phone_number": "+12125550199",
        "birthday": "1980-05-14",
        "address": {"address_line_1": "14 Larkspur Passage", "postal_code": "10001"},
        "created_at": "2024-01-01T00:00:00Z",
        "updated_at": f"2025-07-0{version}T00:00:00Z",
        "version": version,
    }


def _square_payment() -> dict[str, Any]:
    return {
        "id": "pay-new",
        "customer_id": "sq-zeb-1",
        "amount_money": {"amount": 5000, "currency": "USD"},
        "status": "COMPLETED",
        "buyer_email_address": "zeb@quellenberg.example",
        "card_details": {"card": {"fingerprint": "card-zeb"}},
        "created_at": "2025-06-30T15:00:00Z",
    }


async def _found(shop: Shop) -> dict[str, list[str]]:
    """Return which tables of the catalog hold any of the person's strings, as a dump would."""
    found: dict[str, list[str]] = {}
    for row in await shop.rows(_TEXTS):
        for line in await shop.rows(row["statement"].replace("%", "%%")):
            text = line["found"].lower()
            if any(string.lower() in text for string in _STRINGS):
                found.setdefault(line["place"], []).append(line["found"])
    return found


@pytest.fixture
async def known(desk: Desk) -> Desk:
    """An account in which one person with two profiles has left traces everywhere."""
    shop = desk.shop
    await fill(shop, people=40)
    name = {"given_name": "Zebulina", "family_name": "Quellenberg", "phone": "+12125550199"}
    for ext_id in ("sq-zeb-1", "sq-zeb-2"):
        await shop.add_customer(
            ext_id,
            **name,
            phone_e164="+12125550199",
            email="zeb@quellenberg.example",
            email_norm="zeb@quellenberg.example",
            address_line="14 Larkspur Passage",
            postcode="10001",
            birth_year=1980,
            birth_month=5,
            birth_day=14,
        )
        days = [LAST - timedelta(days=30 * number) for number in range(1, 8)]
        await shop.sell(ext_id, days, card_fingerprint="card-zeb")
    await shop.book("sq-zeb-1", LAST + timedelta(days=3))
    await shop.run()
    person = await shop.value(_PERSON)
    body = {"data": {"object": {"customer": _square_customer("sq-zeb-1", 1)}}}
    for table, row in _traces(shop, person, body).items():
        await shop.insert(table, [row])
    return desk


def _traces(shop: Shop, person: UUID, body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    named = {"person_id": str(person), "name": "Zebulina Quellenberg", "nick": "Zebulina"}
    numbers = {"slipping": [named], "headline": "Call Zebulina Quellenberg."}
    own = {"tenant_id": shop.tenant_id}
    dumped = json.dumps
    return {
        "webhook_event": {**own, "event_id": "e1", "type": "customer.updated", "body": dumped(body)},
        "quarantine": {
            **own, "object": "customer", "ext_id": "sq-zeb-2", "reason": "malformed",
            "body": dumped({"given_name": "Zebulina"}),
        },
        "report": {
            **own, "kind": "daily", "period_start": "2020-01-01", "period_end": "2020-01-01",
            "numbers": dumped(numbers), "digest": "before",
        },
        "insight": {
            **own, "business_date": LAST, "kind": "test", "claim": "Zebulina Quellenberg is slipping.",
            "evidence": dumped({"facts": [{"label": "Zebulina Quellenberg", "value": "1"}]}),
            "horizon_date": LAST, "dedup_key": "sq-zeb-1",
        },
        "review": {
            **own, "source": "google", "ext_id": "r1", "stars": 1, "text": "I, Zebulina, was burnt",
            "author": "Zebulina Q.", "reviewed_at": "2025-06-01T00:00:00Z", "local_date": LAST,
            "changed_at": "2025-06-01T00:00:00Z", "person_id": person,
            "reply_text": "Dear Zebulina",
        },
    }  # fmt: skip


async def _erase(shop: Shop) -> None:
    person = await shop.value(_PERSON)
    async with shop.runtime.database.session(shop.tenant_id) as session:
        await erase_person(session, _VAULT, person, "asked")


async def test_no_text_of_the_schema_says_who_it_was_and_every_day_adds_up(
    known: Desk, other_desk: Desk
) -> None:
    shop = known.shop
    await other_desk.shop.add_customer("sq-zeb-1", given_name="Zebulina")
    before = await _found(shop)
    expected = {
        f"keeper.{name}"
        for name in [
            "customer",
            "person",
            "person_term",
            "payment",
            "booking",
            "webhook_event",
            "quarantine",
            "report",
            "insight",
            "review",
        ]
    }
    assert expected <= set(before), "the test must find what it looks for"
    totals = await shop.rows(_TOTALS)
    await _erase(shop)
    assert await _found(shop) == {}
    assert await shop.rows(_TOTALS) == totals
    report = (
        await shop.rows(
            "SELECT numbers, digest FROM keeper.report WHERE kind = 'daily' AND period_start = '2020-01-01'"
        )
    )[0]
    assert report["digest"] == digest_of(report["numbers"])
    assert report["numbers"]["slipping"][0]["name"] == MARK
    review = (await shop.rows("SELECT stars, author, text FROM keeper.review"))[0]
    assert review == {"stars": 1, "author": None, "text": ""}
    events = await shop.rows(
        "SELECT detail FROM platform.audit_event WHERE action = 'person.erased'"
    )
    assert [event["detail"]["profiles"] for event in events] == [2]
    stranger = await other_desk.shop.value("SELECT given_name FROM keeper.customer")
    assert stranger == "Zebulina", "another account keeps its own customer"
    await shop.run(again=True)
    assert await _found(shop) == {}


async def test_what_square_sends_again_is_stored_without_the_person(known: Desk) -> None:
    shop = known.shop
    await _erase(shop)
    async with shop.runtime.database.session(shop.tenant_id) as session:
        places = await load_places(session, _VAULT)
        for ext_id in ("sq-zeb-1", "sq-zeb-2"):
            await store(session, "customer", [_square_customer(ext_id, 5)], places)
        await store(session, "payment", [_square_payment()], places)
        for number, merge in enumerate((None, ["sq-zeb-1", "sq-zeb-2"])):
            contents: dict[str, Any] = {
                "customer": _square_customer(f"sq-zeb-{3 if merge else 1}", 6)
            }
            if merge:
                context = {"from_customer_ids": merge, "to_customer_id": "sq-zeb-3"}
                contents["event_context"] = {"merge": context}
            event = {"type": "customer.created", "data": {"object": contents}}
            await shop.insert(
                "webhook_event",
                [{"tenant_id": shop.tenant_id, "event_id": f"n{number}", "type": "customer.created",
                  "body": json.dumps(event)}],
            )  # fmt: skip
            await process_event(session, f"n{number}", _VAULT)
    await shop.change(
        "UPDATE keeper.review SET author = 'Zebulina Q.', text = 'Zebulina again', stars = 2"
    )
    assert await _found(shop) == {}
    assert await shop.value("SELECT amount FROM keeper.payment WHERE ext_id = 'pay-new'") == 5000
    assert await shop.value("SELECT stars FROM keeper.review") == 2
    async with shop.runtime.database.read_session(shop.tenant_id) as session:
        with pytest.raises(ErasureKeyError):
            await load_places(session)


async def test_the_owner_asks_for_it_by_api_after_seeing_what_goes(
    known: Desk, other_desk: Desk
) -> None:
    person = await known.shop.value(_PERSON)
    path = f"{API}/customers/{person}"
    async with known.client() as owner, known.client("staff") as staff:
        preview = (await owner.get(f"{path}/erasure")).json()
        assert (preview["profiles"], preview["payments"], preview["bookings"]) == (2, 14, 1)
        assert (await staff.delete(path)).status_code == HTTPStatus.FORBIDDEN
        async with other_desk.client() as stranger:
            assert (await stranger.delete(path)).status_code == HTTPStatus.NOT_FOUND
        asked = await owner.delete(path)
    assert asked.status_code == HTTPStatus.ACCEPTED
    assert UUID(asked.json()["job_id"])


async def test_whom_square_deleted_a_month_ago_is_erased_at_night(known: Desk) -> None:
    shop = known.shop
    await shop.change(
        "UPDATE keeper.customer SET deleted_at = now() - interval '29 days' "
        "WHERE ext_id LIKE 'sq-zeb%%'", ()
    )  # fmt: skip
    async with shop.runtime.database.session(shop.tenant_id) as session:
        assert await erase_deleted(session, _VAULT) == 0
    await shop.change("UPDATE keeper.customer SET deleted_at = deleted_at - interval '2 days'")
    async with shop.runtime.database.session(shop.tenant_id) as session:
        assert await erase_deleted(session, _VAULT) == 1
    assert await _found(shop) == {}


async def test_what_is_older_than_stated_goes(desk: Desk) -> None:
    shop = desk.shop
    for number, age in enumerate(("13 days", "15 days", "91 days")):
        await shop.change(
            "INSERT INTO keeper.webhook_event (tenant_id, event_id, type, body, received_at) "
            "VALUES (%s, %s, 'x', '{\"a\": 1}', now() - %s::interval)",
            (shop.tenant_id, str(number), age),
        )
    async with shop.runtime.database.session(shop.tenant_id) as session:
        await tidy(session)
    rows = await shop.rows("SELECT event_id, body FROM keeper.webhook_event ORDER BY event_id")
    assert [(row["event_id"], row["body"]) for row in rows] == [("0", {"a": 1}), ("1", {})]


_NAME = st.text(st.characters(categories=["Lu", "Ll"]), min_size=4, max_size=12)


@given(_NAME, st.text(max_size=20), st.text(max_size=20))
def test_a_strong_word_never_survives_at_a_word_border(name: str, before: str, after: str) -> None:
    words = Words.of([name])
    found = words.scrub([f"{before} {name} {after}"])[0]
    assert name.lower() not in found.lower().split() or name.lower() in f"{before} {after}".lower()


def test_a_first_name_alone_belongs_to_many_unless_the_object_is_about_the_person() -> None:
    words = Words.of(["Ada Lovelace"], ["Ada"], ids=["id-1"])
    assert words.scrub("Ada came") == "Ada came"
    assert words.scrub({"person_id": "id-1", "name": "Ada"}) == {"person_id": "id-1", "name": MARK}
    assert words.scrub({"who": "ADA LOVELACE", "short": "Ada"}) == {"who": MARK, "short": MARK}
