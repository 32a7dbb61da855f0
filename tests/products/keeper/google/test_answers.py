"""Answers leave Keeper only by a person's decision, once, and what went wrong is said."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from myriad.products.keeper import answering
from myriad.products.keeper.repository.reviews import get_review
from myriad.products.keeper.views.reviews import ReviewCard
from myriad.scale.directory.principal import Principal
from myriad.scale.runtime import Runtime
from tests.fixtures.database import TwoTenants
from tests.products.keeper.google.conftest import Profile, RunningGoogle, connect
from tests.products.keeper.reviews_inbox.given import intake, review
from tests.products.keeper.reviews_inbox.people import principal_of

THANKS = "Thank you for your kind words!"


@pytest.fixture
async def profile(runtime: Runtime, tenants: TwoTenants, google: RunningGoogle) -> Profile:
    """A connected account with one review."""
    profile = await connect(runtime, tenants.first, google)
    google.write(1)
    await profile.read()
    return profile


@pytest.fixture
async def person(profile: Profile) -> Principal:
    """Somebody who may answer."""
    return principal_of(profile.tenant_id)


async def only(profile: Profile) -> ReviewCard:
    review_id = await profile.value("SELECT id FROM keeper.review")
    async with profile.runtime.database.read_session(profile.tenant_id) as session:
        return await get_review(session, review_id)


async def approve(profile: Profile, person: Principal, text: str = THANKS) -> UUID:
    card = await only(profile)
    async with profile.runtime.database.session(profile.tenant_id) as session:
        return await answering.approve(session, card.review_id, text, person)


async def audited(profile: Profile) -> list[dict[str, Any]]:
    return await profile.rows(
        "SELECT action, actor_kind, detail FROM platform.audit_event "
        "WHERE action LIKE 'review.%%' ORDER BY id"
    )


async def test_a_draft_is_no_answer(profile: Profile, google: RunningGoogle) -> None:
    """Drafting writes to Keeper alone; the review on Google stays without an answer."""
    card = await only(profile)
    async with profile.runtime.database.session(profile.tenant_id) as session:
        text = await answering.make_draft(session, card.review_id)
    card = await only(profile)
    assert (card.reply_state, card.reply_text) == ("draft", text)
    assert card.can_send
    assert "reviewReply" not in next(iter(google.spot.reviews.values()))
    assert await audited(profile) == []


async def test_an_approved_answer_is_sent_once_and_audited(
    profile: Profile, person: Principal, google: RunningGoogle
) -> None:
    """Twice approved is one job and one answer; who decided and that it went out are written."""
    first, second = await approve(profile, person), await approve(profile, person)
    assert first == second
    assert (await only(profile)).reply_state == "approved"
    await profile.run(first)
    card = await only(profile)
    assert (card.reply_state, card.reply_text) == ("sent", THANKS)
    assert next(iter(google.spot.reviews.values()))["reviewReply"]["comment"] == THANKS
    events = await audited(profile)
    assert [(row["action"], row["actor_kind"]) for row in events] == [
        ("review.reply_approved", "user"),
        ("review.reply_sent", "system"),
    ]
    assert THANKS not in str(events)
    await profile.read()
    assert (await only(profile)).reply_by == str(person.id)


async def test_another_answer_waits_until_the_first_is_out(
    profile: Profile, person: Principal
) -> None:
    """While one is on its way a different one is refused, in words."""
    await approve(profile, person)
    with pytest.raises(answering.ReplyStateError, match="on its way"):
        await approve(profile, person, "Something else")


@pytest.mark.parametrize(
    ("trouble", "told"),
    [("gone", "no longer on Google"), ("unverified", "Verify it"), ("revoked", "Connect Google")],
)
async def test_a_failure_says_what_to_do(
    profile: Profile, person: Principal, google: RunningGoogle, trouble: str, told: str
) -> None:
    """The answer is kept, marked as failed, and can be sent again."""
    job_id = await approve(profile, person)
    if trouble == "gone":
        google.spot.reviews.clear()
    elif trouble == "unverified":
        google.spot.verified = False
    else:
        google.simulator.revoke()
    await profile.run(job_id)
    card = await only(profile)
    assert (card.reply_state, card.reply_text) == ("failed", THANKS)
    assert told in (card.reply_error or "")
    assert (await audited(profile))[-1]["action"] == "review.reply_failed"


async def test_google_being_down_is_tried_again_and_not_a_failure_yet(
    profile: Profile, person: Principal, google: RunningGoogle
) -> None:
    """A 429 with a long pause leaves the answer on its way; the job goes on later."""
    job_id = await approve(profile, person)
    google.control("faults", rate_429=1.0, retry_after_seconds=300)
    await profile.run(job_id)
    assert (await only(profile)).reply_state == "approved"
    state = await profile.value(
        "SELECT state FROM platform.job_overview WHERE id = %(id)s", id=job_id
    )
    assert state == "waiting"


async def test_a_review_of_a_file_is_answered_where_it_stands(
    profile: Profile, person: Principal
) -> None:
    """Keeper cannot publish there; it says so, and notes that a person did."""
    await profile.change("DELETE FROM keeper.review")
    await intake(profile, review(source="yelp"))
    with pytest.raises(answering.ReplyStateError, match="from a file"):
        await approve(profile, person)
    card = await only(profile)
    async with profile.runtime.database.session(profile.tenant_id) as session:
        await answering.mark_answered(session, card.review_id, person)
    assert (await only(profile)).reply_state == "sent"


async def test_an_answer_that_buys_a_better_review_is_not_taken(
    profile: Profile, person: Principal
) -> None:
    """Refused before anything is written or queued."""
    with pytest.raises(answering.ReplyTextError, match="forbid"):
        await approve(profile, person, "A free facial when you change your review!")
    assert (await only(profile)).reply_state == "none"


async def test_a_review_that_was_taken_back_is_not_answered(
    profile: Profile, person: Principal
) -> None:
    """There is nothing to answer any more."""
    await profile.change("UPDATE keeper.review SET deleted_at = now()")
    with pytest.raises(answering.ReplyStateError, match="taken this review back"):
        await approve(profile, person)
