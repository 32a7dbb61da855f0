"""Only what Plaid signed, lately and exactly so, is read."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from myriad.kit.clock import utc_now
from myriad.kit.errors import InvalidInputError
from myriad.kit.jwt import encode_part
from myriad.products.kamioi.intake.recording import today_utc
from myriad.products.kamioi.plaid.errors import PlaidSignatureError
from myriad.products.kamioi.plaid.signatures import KeyRing, check_webhook
from myriad.products.kamioi.plaid.simulator import PlaidFaults, PlaidSimulator, PlaidWorld
from myriad.products.kamioi.plaid.webhooks import receive_webhook
from tests.products.kamioi.plaid.conftest import Linked, RunningPlaid

BODY = b'{"webhook_type": "TRANSACTIONS"}'


@pytest.fixture
def simulator() -> PlaidSimulator:
    return PlaidSimulator(PlaidWorld())


async def check(simulator: PlaidSimulator, header: str | None, body: bytes = BODY) -> None:
    async def fetch(key_id: str) -> dict[str, Any]:
        return simulator.public_key()

    await check_webhook(header, body, KeyRing(), fetch)


async def test_what_plaid_signed_is_genuine(simulator: PlaidSimulator) -> None:
    await check(simulator, simulator.sign(BODY))


async def test_another_body_or_another_space_is_refused(simulator: PlaidSimulator) -> None:
    for body in (b"{}", BODY + b" ", BODY.replace(b": ", b":")):
        with pytest.raises(PlaidSignatureError, match="body is another"):
            await check(simulator, simulator.sign(BODY), body)


@pytest.mark.parametrize("age", [301, 86_400, -3600])
async def test_an_old_or_future_signature_is_refused(simulator: PlaidSimulator, age: int) -> None:
    with pytest.raises(PlaidSignatureError, match="five minutes"):
        await check(simulator, simulator.sign(BODY, iat=int(time.time()) - age))


@pytest.mark.parametrize("alg", ["none", "None", "HS256", "RS256", "ES384", None])
async def test_any_other_algorithm_is_refused(simulator: PlaidSimulator, alg: str | None) -> None:
    with pytest.raises(PlaidSignatureError, match="not signed with ES256"):
        await check(simulator, simulator.sign(BODY, head={"alg": alg}))


async def test_the_public_key_used_as_a_secret_opens_nothing(simulator: PlaidSimulator) -> None:
    claims = {"iat": int(time.time()), "request_body_sha256": hashlib.sha256(BODY).hexdigest()}
    head = {"alg": "HS256", "kid": "simulated-plaid-key"}
    signed = ".".join(encode_part(json.dumps(part).encode()) for part in (head, claims))
    secret = json.dumps(simulator.public_key()).encode()
    forged = encode_part(hmac.digest(secret, signed.encode(), "sha256"))
    with pytest.raises(PlaidSignatureError):
        await check(simulator, f"{signed}.{forged}")


async def test_a_forged_signature_and_damaged_tokens_are_refused(simulator: PlaidSimulator) -> None:
    other = PlaidSimulator(PlaidWorld())
    assert isinstance(other.key, ec.EllipticCurvePrivateKey)
    good = simulator.sign(BODY)
    damaged = base64.urlsafe_b64encode(b"[]").decode().rstrip("=")
    for header in (
        None, "", "a.b", "a.b.c", f"{damaged}.{damaged}.x", other.sign(BODY), good[:-8],
        good.rsplit(".", 1)[0] + ".", "x" * 5000, simulator.sign(BODY, head={"kid": ""}),
        simulator.sign(BODY, iat="now"),
    ):  # fmt: skip
        with pytest.raises(PlaidSignatureError):
            await check(simulator, header)


async def test_an_expired_key_signs_nothing(simulator: PlaidSimulator) -> None:
    simulator.weather.set(PlaidFaults(is_key_expired=True), None)
    with pytest.raises(PlaidSignatureError, match="unknown or expired"):
        await check(simulator, simulator.sign(BODY))


async def test_a_key_is_asked_for_once(simulator: PlaidSimulator) -> None:
    asked: list[str] = []

    async def fetch(key_id: str) -> dict[str, Any]:
        asked.append(key_id)
        return simulator.public_key()

    ring = KeyRing()
    for _ in range(3):
        await check_webhook(simulator.sign(BODY), BODY, ring, fetch)
    assert len(asked) == 1


async def jobs(person: Linked) -> int:
    rows = await person.rows(
        "SELECT count(*) AS n FROM platform.job AS job JOIN platform.job_task AS task "
        "ON task.id = job.task_id WHERE task.name = 'kamioi.item.sync'"
    )
    return int(rows[0]["n"])


async def test_news_of_an_item_is_one_reading_however_often_it_is_told(
    ann: Linked, plaid: RunningPlaid
) -> None:
    bank = plaid.bank()
    item = await ann.link_at(bank)
    await ann.change("DELETE FROM platform.job")
    body = plaid.simulator.tell(bank, "TRANSACTIONS", "SYNC_UPDATES_AVAILABLE")
    for _ in range(3):
        assert await receive_webhook(ann.runtime, body, plaid.simulator.sign(body)) == 1
    waiting = await ann.rows("SELECT dedup_key FROM platform.job")
    assert [row["dedup_key"] for row in waiting] == [f"plaid:{item}"]


async def test_a_login_that_ends_marks_the_item_and_its_repair_reads_it(
    ann: Linked, plaid: RunningPlaid
) -> None:
    bank = plaid.bank()
    item = await ann.link_at(bank)
    error = {"error_code": "ITEM_LOGIN_REQUIRED"}
    body = plaid.simulator.tell(bank, "ITEM", "ERROR", error=error)
    await receive_webhook(ann.runtime, body, plaid.simulator.sign(body))
    assert (await ann.item(item))["status"] == "needs_login"
    body = plaid.simulator.tell(bank, "ITEM", "LOGIN_REPAIRED")
    await receive_webhook(ann.runtime, body, plaid.simulator.sign(body))
    assert (await ann.item(item))["status"] == "linked"


@pytest.mark.parametrize(
    ("code", "more", "ends_on"),
    [
        ("PENDING_EXPIRATION", {"consent_expiration_time": "2031-05-04T12:00:00Z"}, "2031-05-04"),
        ("PENDING_EXPIRATION", {"consent_expiration_time": "soon"}, None),
        ("PENDING_DISCONNECT", {"reason": "INSTITUTION_MIGRATION"}, None),
    ],
)
async def test_a_bank_whose_consent_ends_is_read_until_then_and_its_member_is_told(
    ann: Linked, plaid: RunningPlaid, code: str, more: dict[str, str], ends_on: str | None
) -> None:
    bank = plaid.bank()
    item = await ann.link_at(bank)
    body = plaid.simulator.tell(bank, "ITEM", code, **more)
    for _ in range(2):
        await receive_webhook(ann.runtime, body, plaid.simulator.sign(body))
    bank.buy("COSTA", "4.50", today_utc())
    assert (await ann.sync(item)).new == 1
    kept = await ann.item(item)
    ends = ends_on or (utc_now() + timedelta(days=7)).date().isoformat()
    assert (kept["status"], kept["consent_ends_at"].date().isoformat()) == ("linked", ends)
    told = await ann.rows("SELECT kind, facts FROM kamioi.notification")
    assert [(one["kind"], one["facts"]["ends_on"]) for one in told] == [("bank_consent_ends", ends)]
    body = plaid.simulator.tell(bank, "ITEM", "LOGIN_REPAIRED")
    await receive_webhook(ann.runtime, body, plaid.simulator.sign(body))
    assert (await ann.item(item))["consent_ends_at"] is None


async def test_news_of_nobody_we_know_and_a_body_that_is_none(
    ann: Linked, plaid: RunningPlaid
) -> None:
    body = plaid.simulator.tell(plaid.bank(), "TRANSACTIONS", "SYNC_UPDATES_AVAILABLE")
    assert await receive_webhook(ann.runtime, body, plaid.simulator.sign(body)) == 0
    with pytest.raises(InvalidInputError):
        await receive_webhook(ann.runtime, b"[]", plaid.simulator.sign(b"[]"))
