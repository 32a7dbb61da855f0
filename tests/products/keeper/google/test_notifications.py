"""Google's notifications at the door: proven, kept once, and read at once."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from myriad.kit.errors import InvalidInputError
from myriad.products.keeper.endpoints import reviews
from myriad.products.keeper.errors import WebhookSignatureError
from myriad.products.keeper.google.webhooks import check_oidc, read_keys, read_notification
from myriad.scale.runtime import Runtime
from tests.fixtures.app import app_with, client_of
from tests.fixtures.database import TwoTenants
from tests.products.keeper.google.conftest import (
    Profile,
    RunningGoogle,
    connect,
    running_google,
    runtime_of,
)

PATH = "/api/v1/t/webhooks/google"
SECRET = {"token": "simulated-google-webhook-secret"}
WRITTEN = (
    "SELECT (SELECT count(*) FROM keeper.webhook_event) AS events, "
    "(SELECT count(*) FROM platform.job_overview WHERE task = 'keeper.google.read_one') AS jobs"
)


@asynccontextmanager
async def pubsub(
    runtime: Runtime, google: RunningGoogle, **settings: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """Cloud Pub/Sub, as the application sees it."""
    app = app_with(runtime_of(runtime, google, **settings), reviews.router)
    async with client_of(app) as client:
        yield client


async def written(profile: Profile) -> tuple[int, int]:
    row = (await profile.rows(WRITTEN))[0]
    return row["events"], row["jobs"]


@pytest.mark.parametrize("given", [{}, {"token": ""}, {"token": "wrong"}])
async def test_a_push_without_the_secret_is_401_and_no_write(
    runtime: Runtime, tenants: TwoTenants, google: RunningGoogle, given: dict[str, str]
) -> None:
    """Nothing that proves nothing is read or kept."""
    profile = await connect(runtime, tenants.first, google)
    body = google.pushes.message("NEW_REVIEW", google.write(1)[0])
    async with pubsub(runtime, google) as client:
        answer = await client.post(PATH, content=body, params=given)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert await written(profile) == (0, 0)


async def test_a_replayed_push_is_200_and_a_no_op(
    runtime: Runtime, tenants: TwoTenants, google: RunningGoogle
) -> None:
    """The same message thrice is one event and one job for the account that reads it."""
    profile = await connect(runtime, tenants.first, google)
    body = google.pushes.message("NEW_REVIEW", google.write(1)[0])
    async with pubsub(runtime, google) as client:
        answers = [await client.post(PATH, content=body, params=SECRET) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert [answer.json()["is_new"] for answer in answers] == [True, False, False]
    assert await written(profile) == (1, 1)
    assert await runtime.database.reader.rows(tenants.second, WRITTEN) == [{"events": 0, "jobs": 0}]


async def test_a_push_about_nobody_we_read_is_taken_and_not_kept(
    runtime: Runtime, tenants: TwoTenants, google: RunningGoogle
) -> None:
    """Pub/Sub is told 200, or it would send the message again for days."""
    profile = await connect(runtime, tenants.first, google)
    async with pubsub(runtime, google) as client:
        for name in ("accounts/9/locations/9/reviews/9", "locations/9"):
            body = google.pushes.message("NEW_REVIEW", name)
            answer = await client.post(PATH, content=body, params=SECRET)
            assert (answer.status_code, answer.json()) == (200, {"is_new": False})
    assert await written(profile) == (0, 0)


async def test_a_one_star_review_is_an_alert_as_soon_as_its_push_was_worked_on(
    runtime: Runtime, tenants: TwoTenants, google: RunningGoogle
) -> None:
    """Push, job, review, alert and notice, in an interactive lane."""
    profile = await connect(runtime, tenants.first, google)
    name = google.write(1, stars=1)[0]
    async with pubsub(runtime, google) as client:
        body = google.pushes.message("NEW_REVIEW", name)
        await client.post(PATH, content=body, params=SECRET)
    jobs = "SELECT id, job_class FROM platform.job_overview WHERE task = 'keeper.google.read_one'"
    job = (await profile.rows(jobs))[0]
    assert job["job_class"] == "interactive"
    await profile.run(job["id"])
    alert = (await profile.rows("SELECT stars, reason FROM keeper.review_alert"))[0]
    assert alert == {"stars": 1, "reason": "stars"}
    assert await profile.value("SELECT outcome FROM keeper.webhook_event") == "applied"
    assert await profile.value("SELECT href FROM keeper.notice") != ""


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b'{"message": {"messageId": "1", "data": "%%%"}}', b"\xff\xfe", b"[1]"],
)
def test_a_body_that_is_no_push_is_refused(body: bytes) -> None:
    """What cannot be read is named, never guessed."""
    with pytest.raises(InvalidInputError, match="no Pub/Sub push"):
        read_notification(body)


def test_both_spellings_of_a_notification_are_read() -> None:
    """Google's reference writes the fields of a notification in two ways."""
    told = {"notification_type": "NEW_REVIEW", "review_name": "accounts/1/locations/2/reviews/3"}
    data = base64.b64encode(json.dumps(told).encode()).decode()
    body = json.dumps({"message": {"messageId": "7", "data": data}}).encode()
    found = read_notification(body)
    assert (found.event_id, found.type) == ("google:7", "NEW_REVIEW")
    assert found.review == "accounts/1/locations/2/reviews/3"


AUDIENCE = "https://keeper.example/hook"


def test_a_signed_push_counts_only_for_us_and_while_it_is_fresh() -> None:
    """Another audience, issuer, account, key or hour, or a changed byte: refused."""
    with running_google(audience=AUDIENCE) as google:
        pushes = google.pushes
        keys = read_keys(json.dumps(pushes.key_set()).encode())
        email = pushes.settings.service_account

        def check(token: str) -> None:
            check_oidc(f"Bearer {token}", keys, audience=AUDIENCE, email=email)

        check(pushes.token())
        head, claims, signature = pushes.token().split(".")
        unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
        forged = [
            pushes.token(aud="https://other.example"),
            pushes.token(iss="https://evil.example"),
            pushes.token(email="somebody@example.com"),
            pushes.token(email_verified=False),
            pushes.token(exp=1_600_000_000),
            pushes.token(iat=4_000_000_000),
            f"{head}.{claims}.{signature[:-8]}AAAAAAAA",
            f"{unsigned}.{claims}.",
            f"{head}.{claims}",
            "",
        ]
        for token in forged:
            with pytest.raises(WebhookSignatureError):
                check(token)


async def test_where_an_audience_is_set_the_secret_alone_opens_nothing(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    """The keys come from their address; a push of the simulator arrives signed."""
    with running_google(audience=AUDIENCE) as google:
        profile = await connect(runtime, tenants.first, google)
        settings = {
            "google_webhook_audience": AUDIENCE,
            "google_certs_url": f"{google.url}/oauth2/v3/certs",
        }
        body = google.pushes.message("NEW_REVIEW", google.write(1)[0])
        async with pubsub(runtime, google, **settings) as client:
            refused = await client.post(PATH, content=body, params=SECRET)
            token = await asyncio.to_thread(google.pushes.token)
            headers = {"Authorization": f"Bearer {token}"}
            taken = await client.post(PATH, content=body, headers=headers)
        assert (refused.status_code, taken.status_code) == (401, 200)
        assert await written(profile) == (1, 1)
