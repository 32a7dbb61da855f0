"""Reviews come in once: everything first, then what changed, whatever Google does meanwhile."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from myriad.kit.clock import utc_now
from myriad.products.keeper.errors import AuthorizationFailedError
from myriad.products.keeper.google import connecting
from myriad.products.keeper.google.errors import RepeatedPageError
from myriad.scale.runtime import Runtime
from tests.fixtures.database import TwoTenants
from tests.products.keeper.google.conftest import (
    RunningGoogle,
    connect,
    consent,
    runtime_of,
)

COUNT = "SELECT count(*) FROM keeper.review WHERE deleted_at IS NULL"


async def test_connecting_stores_a_sealed_permission_and_asks_for_a_first_reading(
    runtime: Runtime, tenants: TwoTenants, google: RunningGoogle
) -> None:
    """The owner's consent becomes a connection; tokens are unreadable; the neighbour sees none."""
    profile = await connect(runtime, tenants.first, google)
    row = (await profile.rows("SELECT * FROM keeper.connection"))[0]
    assert (row["provider"], row["status"]) == ("google", "active")
    assert row["merchant_id"] == google.business.name
    assert google.simulator.read(bytes(row["access_token_enc"]).hex(), "access") is None
    jobs = await profile.rows("SELECT task FROM platform.job_overview WHERE state <> 'succeeded'")
    assert "keeper.google.read" in [job["task"] for job in jobs]
    other = await runtime.database.reader.rows(tenants.second, "SELECT 1 FROM keeper.connection")
    assert other == []


async def test_an_answer_that_belongs_to_somebody_else_connects_nobody(
    runtime: Runtime, tenants: TwoTenants, google: RunningGoogle
) -> None:
    """A consent given in one session is of no use in another, and a denial is told."""
    speaking = runtime_of(runtime, google)
    answer = await consent(speaking, tenants.first, UUID(int=1))
    async with runtime.database.session(tenants.second) as session:
        for code in (answer["code"], None):
            with pytest.raises(AuthorizationFailedError):
                await connecting.finish(
                    session,
                    speaking,
                    tenants.second,
                    UUID(int=2),
                    code=code,
                    state=answer["state"],
                )


async def test_everything_is_read_once_and_then_only_what_changed(
    runtime: Runtime, tenants: TwoTenants, google: RunningGoogle
) -> None:
    """A hundred and ten reviews, then one page for one new and one changed."""
    profile = await connect(runtime, tenants.first, google)
    google.write(110, since=utc_now() - timedelta(days=3))
    first = await profile.read()
    assert (first.new, first.pages) == (110, 3)
    google.control("reviews", id="r5", stars=4, comment="Still good", notify=False)
    google.control("reviews", id="new", stars=5, comment="Great", notify=False)
    second = await profile.read()
    assert (second.new, second.changed, second.pages) == (1, 1, 1)
    third = await profile.read()
    assert (third.new, third.changed) == (0, 0)
    assert await profile.value(COUNT) == 111


async def test_what_google_no_longer_shows_is_marked_after_a_full_reading(
    runtime: Runtime, tenants: TwoTenants, google: RunningGoogle
) -> None:
    """A review that its author took back is kept but no longer counted; it may come back."""
    profile = await connect(runtime, tenants.first, google)
    names = google.write(3)
    await profile.read()
    taken = google.spot.reviews.pop(names[1])
    assert (await profile.read("full")).gone == 1
    assert await profile.value(COUNT) == 2
    google.spot.reviews[names[1]] = taken
    await profile.read("full")
    assert await profile.value(COUNT) == 3


async def test_a_repeated_page_ends_the_reading_and_is_told(
    runtime: Runtime, tenants: TwoTenants, google: RunningGoogle
) -> None:
    """The same page token again and again stops after the second time; what came in stays."""
    profile = await connect(runtime, tenants.first, google)
    google.write(120)
    google.control("faults", repeat_cursor=True)
    with pytest.raises(RepeatedPageError):
        await profile.read()
    assert await profile.value(COUNT) == 100
    error = await profile.value("SELECT error FROM keeper.sync_cursor WHERE object = 'reviews'")
    assert "same page twice" in error


async def test_an_unverified_location_is_a_notice_and_not_a_failure(
    runtime: Runtime, tenants: TwoTenants, google: RunningGoogle
) -> None:
    """The other location is read, and the owner is told which one to verify."""
    profile = await connect(runtime, tenants.first, google)
    google.business.add("Willow Spa Pop-up", verified=False)
    google.write(2)
    report = await profile.read()
    assert (report.new, report.unverified) == (2, ["Willow Spa Pop-up"])
    notice = await profile.value("SELECT notice FROM keeper.connection")
    assert "Willow Spa Pop-up" in notice
    assert "Verify it" in notice


async def test_a_revoked_token_ends_the_connection_and_keeps_the_reviews(
    runtime: Runtime, tenants: TwoTenants, google: RunningGoogle
) -> None:
    """Reading stops with a notice; nothing that is known gets lost; tokens are forgotten."""
    profile = await connect(runtime, tenants.first, google)
    google.write(2)
    await profile.read()
    google.control("revoke")
    assert (await profile.read()).is_revoked
    row = (await profile.rows("SELECT status, notice, access_token_enc FROM keeper.connection"))[0]
    assert (row["status"], row["access_token_enc"]) == ("revoked", None)
    assert "Connect again" in row["notice"]
    told = (await profile.rows("SELECT kind, audience, href FROM keeper.notice"))[-1]
    assert tuple(told.values()) == ("connection", "owner", "/keeper/reviews")
    assert await profile.value(COUNT) == 2
    assert not (await profile.read()).moved


async def test_an_old_token_is_refreshed_by_itself(
    runtime: Runtime, tenants: TwoTenants, google: RunningGoogle
) -> None:
    """An access token about to end is renewed before it is used."""
    profile = await connect(runtime, tenants.first, google)
    google.write(1)
    await profile.change("UPDATE keeper.connection SET expires_at = now() + interval '1 minute'")
    assert (await profile.read()).new == 1
    left = await profile.value(
        "SELECT expires_at - now() > interval '50 min' FROM keeper.connection"
    )
    assert left


async def test_disconnecting_is_a_job_that_forgets_the_tokens_and_keeps_the_reviews(
    runtime: Runtime, tenants: TwoTenants, google: RunningGoogle
) -> None:
    """Google is given its permission back."""
    profile = await connect(runtime, tenants.first, google)
    google.write(1)
    await profile.read()
    connection_id = await profile.value("SELECT id FROM keeper.connection")
    async with profile.runtime.database.session(profile.tenant_id) as session:
        job_id = await connecting.enqueue_end(session, connection_id)
    await profile.run(job_id)
    assert await profile.value("SELECT status FROM keeper.connection") == "revoked"
    assert await profile.value(COUNT) == 1
    assert google.simulator.revoked_at > 0
