"""A report as a file shows the stored numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from myriad.kit.money import Money
from myriad.products.keeper.reports import render_html, render_pdf
from myriad.products.keeper.repository.report_parts import partial_json, undone_work
from myriad.products.keeper.repository.sql import Row
from myriad.products.keeper.views import Change, DayPoint, ReportView, ServiceRow, UndoneWork

DAY = date(2025, 6, 30)
VIEW = ReportView(
    id=UUID(int=1),
    kind="weekly",
    period_start=DAY - timedelta(days=6),
    period_end=DAY,
    created_at=datetime(2025, 7, 1, tzinfo=UTC),
    currency="USD",
    digest="ab" * 32,
    headline="$1,240 from 18 visits this week.",
    revenue=Change(now=124_000, before=100_000),
    visits=Change(now=18, before=20),
    average_ticket=Change(now=6_889),
    new_customers=Change(now=2),
    returning_share=Change(now=0.8, before=0.0),
    days=tuple(
        DayPoint(local_date=DAY - timedelta(days=n), visits=n, revenue=Money(n * 1000, "USD"))
        for n in range(6, -1, -1)
    ),
    services=(ServiceRow(name="Facial <b>", quantity=3, revenue=Money(36_000, "USD")),),
    states={"active": 12},
    reconciled=False,
    cents_off=1,
    partial=(UndoneWork("insight", "it failed."),),
)


def test_the_page_stands_alone_and_escapes_what_it_shows() -> None:
    page = render_html(VIEW, "Tom & Co <x>")
    assert "Tom &amp; Co &lt;x&gt;" in page
    assert "Facial &lt;b&gt;" in page
    assert VIEW.digest in page
    assert "+24% on before" in page
    assert "differs from Square by $0.01" in page
    assert "This report is partial. Insights could not be made. It failed." in page
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_the_same_report_is_the_same_pdf() -> None:
    first = render_pdf(VIEW, "Tom & Co <x>")
    assert first.startswith(b"%PDF")
    assert first == render_pdf(VIEW, "Tom & Co <x>")


def test_a_report_without_days_is_drawn() -> None:
    empty = replace(VIEW, days=(), services=(), states={}, partial=(), reconciled=None)
    assert render_pdf(empty, "Empty").startswith(b"%PDF")
    assert "have not been compared" in render_html(empty, "Empty")


def test_what_an_agent_says_is_kept_apart_from_its_name() -> None:
    """A reason may hold a colon of its own, and an agent need not give one."""
    rows: list[Row] = [
        {"agent": "data", "state": "failed", "error": "Square says: 503"},
        {"agent": "review", "state": "partial", "error": None},
        {"agent": "report", "state": "ok", "error": None},
    ]
    assert [undone_work(item) for item in partial_json(rows)] == [
        UndoneWork("data", "Square says: 503"),
        UndoneWork("review"),
    ]


def test_reports_stored_as_one_text_are_still_read() -> None:
    assert undone_work("Data: Square says: 503") == UndoneWork("data", "Square says: 503")
    assert undone_work("Insight: did not finish") == UndoneWork("insight", "did not finish")
    assert undone_work("Insight") == UndoneWork("insight")
