"""What Google answers, in its shapes and with its faults, and what the client makes of it."""

from __future__ import annotations

import time

import pytest

from myriad.products.keeper.google.errors import (
    GoogleAccessGoneError,
    GoogleAnswerError,
    GoogleRateLimitedError,
    GoogleUnavailableError,
    LocationUnverifiedError,
    ReviewGoneError,
)
from myriad.products.keeper.google.hosts import PRODUCTION_URL, Hosts
from myriad.products.keeper.google.mapping import read_reviews
from myriad.scale.limits import Patience
from tests.products.keeper.google.conftest import RunningGoogle, client_of, running_google


async def test_pages_hold_at_most_fifty_and_end_without_a_token(google: RunningGoogle) -> None:
    """A hundred and twenty reviews come in three pages, the last changed first, with the totals."""
    google.write(120)
    sizes, names, token = [], [], None
    async with client_of(google) as client:
        while True:
            page = await client.reviews(google.spot.name, token)
            sizes.append(len(page.items))
            names += [item["name"] for item in page.items]
            if page.next_token is None:
                break
            token = page.next_token
    assert sizes == [50, 50, 20]
    assert len(set(names)) == 120
    assert (page.total, page.average) == (120, 5.0)
    times = [google.spot.reviews[name]["updateTime"] for name in names]
    assert times == sorted(times, reverse=True)


async def test_accounts_and_places_say_what_is_verified(google: RunningGoogle) -> None:
    """A location without verification is listed as such."""
    google.business.add("Willow Spa Pop-up", verified=False)
    async with client_of(google) as client:
        assert [item["name"] for item in await client.accounts()] == [google.business.name]
        places = await client.places(google.business.name)
    assert [(place.title, place.verified) for place in places] == [
        ("Willow Spa Downtown", True),
        ("Willow Spa Pop-up", False),
    ]


async def test_an_unverified_location_is_refused(google: RunningGoogle) -> None:
    """Google shows no reviews of it: 403, told as what to mend."""
    google.spot.verified = False
    async with client_of(google) as client:
        with pytest.raises(LocationUnverifiedError, match="not verified"):
            await client.reviews(google.spot.name)


async def test_a_withdrawn_permission_and_a_missing_review_are_told_apart(
    google: RunningGoogle,
) -> None:
    """401 means that access is gone, 404 that the review is."""
    async with client_of(google) as client:
        with pytest.raises(ReviewGoneError):
            await client.review(f"{google.spot.name}/reviews/none")
        google.simulator.revoke()
        with pytest.raises(GoogleAccessGoneError):
            await client.accounts()


async def test_a_storm_of_refusals_is_survived(google: RunningGoogle) -> None:
    """With 429 and 503 in half of the answers every page still arrives."""
    google.write(60)
    google.control("faults", rate_429=0.25, rate_500=0.25, retry_after_seconds=0, seed=3)
    async with client_of(google, patience=Patience(12, 0.001, 5.0)) as client:
        page = await client.reviews(google.spot.name)
        rest = await client.reviews(google.spot.name, page.next_token)
    assert len(page.items) + len(rest.items) == 60
    counts = google.simulator.weather.counts
    assert counts.get("faults_429", 0) + counts.get("faults_500", 0) > 0


async def test_google_down_is_told_and_not_waited_for_for_ever(google: RunningGoogle) -> None:
    """After its attempts the client says that Google does not answer."""
    google.control("faults", rate_500=1.0)
    async with client_of(google, patience=Patience(3, 0.001, 0.01)) as client:
        with pytest.raises(GoogleUnavailableError):
            await client.accounts()


async def test_a_long_pause_is_given_back_to_the_queue(google: RunningGoogle) -> None:
    """A Retry-After beyond one request's patience is no reason to sit and wait."""
    google.control("faults", rate_429=1.0, retry_after_seconds=3600)
    started = time.monotonic()
    async with client_of(google) as client:
        with pytest.raises(GoogleRateLimitedError) as refused:
            await client.accounts()
    assert refused.value.retry_after_seconds == 3600
    assert time.monotonic() - started < 60


async def test_an_answer_is_published_replaced_and_taken_back(google: RunningGoogle) -> None:
    """Sending the same words twice leaves one answer."""
    name = google.write(1)[0]
    async with client_of(google) as client:
        for _ in range(2):
            await client.update_reply(name, "Thank you!")
        assert google.spot.reviews[name]["reviewReply"]["comment"] == "Thank you!"
        await client.delete_reply(name)
        assert "reviewReply" not in google.spot.reviews[name]
        with pytest.raises(GoogleAnswerError, match="4096"):
            await client.update_reply(name, "x" * 5000)


async def test_edits_have_a_limit_of_their_own() -> None:
    """Google allows few edits a minute; the client waits as long as it is told."""
    with running_google(edit_rate=2.0, edit_burst=1.0) as google:
        names = google.write(2)
        async with client_of(google) as client:
            for name in names:
                await client.update_reply(name, "Thank you!")
        assert google.simulator.weather.counts["limited"] >= 1
        assert google.simulator.weather.counts["replies"] == 2


def test_what_is_no_review_is_refused_with_its_reason() -> None:
    """Unknown ratings are never guessed; a rating that Google left open is none."""
    sound = {
        "name": "accounts/1/locations/2/reviews/3",
        "createTime": "2026-05-01T10:00:00.123456Z",
        "starRating": "FOUR",
        "reviewer": {"isAnonymous": True, "displayName": "A Google User"},
    }
    given, refused = read_reviews(
        [
            sound,
            sound | {"starRating": "STAR_RATING_UNSPECIFIED", "comment": "Hm"},
            sound | {"starRating": "SIX"},
            sound | {"createTime": "yesterday"},
            {"starRating": "ONE"},
            sound | {"name": "reviews/3"},
        ]
    )
    assert [(row.stars, row.author) for row in given] == [(4, None), (None, None)]
    reasons = [row.reason for row in refused]
    assert reasons == ["unknown_stars", "malformed", "missing_name", "no_id"]


def test_production_is_google_and_everything_else_one_server() -> None:
    """Each API has its own host at Google; a simulator has one for all."""
    assert Hosts.of(PRODUCTION_URL).token == "https://oauth2.googleapis.com/token"
    assert Hosts.of("http://127.0.0.1:9/").accounts == "http://127.0.0.1:9"
