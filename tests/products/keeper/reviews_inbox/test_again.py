"""Looks at reviews are noted, lines of two files stay apart, and a new model judges what is stored."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

import pytest

from myriad.kit.clock import utc_now
from myriad.products.keeper import (
    rejudging,
    tasks,  # noqa: F401 - registers the tasks
)
from myriad.products.keeper.judging import JUDGES, model_folder
from myriad.products.keeper.reports import render_html, render_pdf
from myriad.products.keeper.repository.reports import find_newest_report
from myriad.products.keeper.review_files import import_bytes
from myriad.products.keeper.reviews.stored import save_model
from myriad.products.keeper.reviews.training import train
from tests.fixtures.jobs import run_job
from tests.products.keeper.keeping.conftest import API, Desk
from tests.products.keeper.ledger import LAST, Shop, fill
from tests.products.keeper.reviews.texts import made_reviews
from tests.products.keeper.reviews_inbox.given import intake, review

_SCORES = "SELECT ext_id, p_negative FROM keeper.review ORDER BY ext_id"
_JOBS = "SELECT id, progress_done, progress_total FROM platform.job_overview WHERE task = %(task)s"


async def test_lines_of_two_files_are_kept_apart_from_each_other(shop: Shop) -> None:
    """The same line of another file is another row; the same file again adds none."""
    files = [f"Name,Rating,Comment,Date\nBo,{n},beyond,2026-03-06\n".encode() for n in (7, 8)]
    async with shop.runtime.database.session(shop.tenant_id) as session:
        for content in (*files, files[0]):
            await import_bytes(session, content)
    kept = await shop.rows("SELECT ext_id FROM keeper.quarantine WHERE object = 'review'")
    assert len({row["ext_id"] for row in kept}) == len(kept) == 2
    assert all(row["ext_id"].startswith("line 2 of file ") for row in kept)


@pytest.mark.parametrize("by", ["page", "api"])
async def test_opening_a_review_that_names_a_person_is_noted(desk: Desk, by: str) -> None:
    """By page or API, once an hour; a review without a person notes nothing."""
    shop = desk.shop
    await intake(shop, review("named"), review("nobody", author="Zed"))
    person = await shop.add_customer("ann", given_name="Ann", family_name="Miller")
    await shop.change(
        "INSERT INTO keeper.person (tenant_id, id, display_name) VALUES (%s, %s, 'Ann Miller')",
        (shop.tenant_id, person),
    )
    await shop.change(
        "UPDATE keeper.review SET person_id = %s, match_p = 0.9, match_reason = '{}' "
        "WHERE ext_id = 'named'",
        (person,),
    )
    ids = await shop.rows("SELECT id FROM keeper.review ORDER BY ext_id DESC")
    client = desk.browser if by == "page" else desk.client
    base = "/keeper/reviews" if by == "page" else f"{API}/reviews"
    async with client() as caller:
        for row in (*ids, *ids):
            opened = await caller.get(f"{base}/{row['id']}")
            assert opened.status_code == HTTPStatus.OK
    seen = await shop.rows("SELECT person_id, places FROM keeper.view_log")
    assert [(row["person_id"], list(row["places"])) for row in seen] == [(person, ["review"])]


async def test_a_new_model_judges_stored_reviews_again_in_batches_and_alerts_nobody(
    shop: Shop, other_shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every text gets the chance that the new model gives; the progress is told; no new notice."""
    monkeypatch.setattr(JUDGES, "home", tmp_path)
    monkeypatch.setattr(rejudging, "BATCH", 7)
    texts, stars = made_reviews(60)
    at = utc_now() - timedelta(days=30)
    given = [
        review(f"r{n:03d}", stars=star, text=text, at=at + timedelta(minutes=n))
        for n, (text, star) in enumerate(zip(texts, stars, strict=True))
    ]
    await intake(shop, *given)
    await intake(other_shop, review("silent"))
    before = await shop.rows(_SCORES)
    notices = await shop.value("SELECT count(*) FROM keeper.notice")
    many, marks = made_reviews(200)
    trained = train(many, marks, trade="spa", source="x.csv", today=at.date(), seen=len(many))
    save_model(trained, model_folder(tmp_path))
    await rejudging.enqueue_for_all(shop.runtime)
    (job,) = await shop.rows(_JOBS, task=rejudging.REJUDGE_TASK)
    assert await other_shop.rows(_JOBS, task=rejudging.REJUDGE_TASK) == []
    await run_job(shop.runtime, shop.tenant_id, job["id"])
    after = await shop.rows(_SCORES)
    assert [row["ext_id"] for row in after] == [row["ext_id"] for row in before]
    changes = [
        abs(one["p_negative"] - two["p_negative"]) for one, two in zip(before, after, strict=True)
    ]
    assert max(changes) > 0.01
    (told,) = await shop.rows(_JOBS, task=rejudging.REJUDGE_TASK)
    assert (told["progress_done"], told["progress_total"]) == (60, 60)
    assert await shop.value("SELECT count(*) FROM keeper.notice") == notices


async def test_a_report_says_what_customers_wrote_in_its_month(shop: Shop) -> None:
    """Two reviews of June, one unhappy: the same sentence in HTML and PDF, nothing of July."""
    await fill(shop)
    june = utc_now().replace(year=LAST.year, month=LAST.month, day=LAST.day - 5)
    unhappy = "The room was dirty and I waited an hour."
    await intake(
        shop,
        review("good", stars=5, text="Lovely massage", at=june),
        review("bad", stars=1, text=unhappy, at=june),
        review("later", stars=1, at=june + timedelta(days=20)),
    )
    await shop.run()
    async with shop.runtime.database.read_session(shop.tenant_id) as session:
        report = await find_newest_report(session, "monthly")
    assert report is not None
    assert report.reviews is not None
    assert (report.reviews.reviews, report.reviews.mean, report.reviews.negative) == (2, 3.0, 1)
    assert dict(report.reviews.criticised)
    assert "June 2025: 2 reviews, 3.0 stars on average of 2, 1 unhappy." in render_html(
        report, "Spa"
    )
    assert render_pdf(report, "Spa").startswith(b"%PDF")
