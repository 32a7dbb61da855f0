"""Every screen draws in each of its states, and says the right sentence."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from myriad.products.keeper import views as v
from myriad.products.keeper.pages import figures, proof_words, screens, sheet, words
from myriad.products.keeper.pages.route import own_path
from myriad.products.keeper.reports import words as report_words
from tests.products.keeper.pages import sample_contexts as s
from tests.products.keeper.pages.sample_app import PAGES, TOKEN, answer_of, page_context


def html_of(path: str) -> str:
    return bytes(answer_of(PAGES[path], page_context(path)).body).decode()


@pytest.mark.parametrize("path", sorted(PAGES))
def test_a_page_has_one_heading_and_nothing_inline(path: str) -> None:
    html = html_of(path)
    assert html.count("<h1") == 1
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", html)
    assert not re.search(r"<script(?![^>]*\ssrc=)", html)


@pytest.mark.parametrize("path", sorted(PAGES))
def test_every_form_that_changes_something_carries_the_token(path: str) -> None:
    forms = re.findall(r'<form[^>]*method="post".*?</form>', html_of(path), re.DOTALL)
    assert all(f'name="csrf_token" value="{TOKEN}"' in form for form in forms)


@pytest.mark.parametrize("path", sorted(PAGES))
def test_no_page_repeats_an_id(path: str) -> None:
    ids = re.findall(
        r'\sid="([^"]+)"', re.sub(r"<svg.*?</svg>", "", html_of(path), flags=re.DOTALL)
    )
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("view", "sentence"),
    [
        (s.TODAY_FULL, "17 regulars are slipping away, worth $12,400 a year"),
        (
            replace(s.TODAY_FULL, slipping=4),
            "Four regulars are slipping away, worth $12,400 a year",
        ),
        (replace(s.TODAY_FULL, slipping=1), "One regular is slipping away, worth $12,400 a year"),
        (s.TODAY_CLEAR, "Nobody is slipping away today"),
        (replace(s.TODAY_CLEAR, is_measured=False), "Keeper is looking at your customers now"),
        (s.TODAY_NEW, "Connect Square to see whom to call"),
        (s.TODAY_THIN, "19 customers so far, too few to say who is slipping"),
    ],
)
def test_today_answers_in_words(view: v.TodayView, sentence: str) -> None:
    assert words.today(view) == sentence


def test_the_first_load_is_told_as_such() -> None:
    loading = replace(s.TODAY_NEW, freshness=v.Freshness(stage="syncing"))
    assert words.today(loading) == "Square is being read for the first time"


@pytest.mark.parametrize(
    ("view", "sentence"),
    [
        (s.CUSTOMER_FULL, "Ana used to come every 21 days and has been away for 52 days"),
        (s.CUSTOMER_THIN, "Eli came once, 4 days ago"),
        (replace(s.CUSTOMER_THIN, gap_days=0), "Eli came once, today"),
        (replace(s.CUSTOMER_FULL, gap_days=0), "Ana comes every 21 days and was here today"),
        (replace(s.CUSTOMER_FULL, gap_days=9), "Ana comes every 21 days and was here 9 days ago"),
        (replace(s.CUSTOMER_FULL, state="booked"), "Ana is booked already"),
        (replace(s.CUSTOMER_THIN, visit_count=0), "Eli has not come yet"),
    ],
)
def test_a_person_is_told_by_their_own_rhythm(view: v.CustomerView, sentence: str) -> None:
    assert words.customer(view) == sentence


def test_lists_say_how_many_and_what_of() -> None:
    assert words.customers(s.CUSTOMERS_FULL) == "486 customers, 11 slowing down and 6 likely lapsed"
    asked = replace(s.CUSTOMERS_FULL, filter=v.CustomerFilter(state="slowing"))
    assert words.customers(asked) == "11 customers slowing down"
    assert words.customers(s.CUSTOMERS_NEW) == "No customers yet"
    assert words.duplicates(s.DUPLICATES_NONE) == "No pair waits for you"
    assert proof_words.insights(s.INSIGHTS_FULL) == "16 of 24 predictions came true, 67%"
    assert words.reports(s.REPORTS_FULL).endswith("$1,246 from 14 visits")


def test_a_connection_says_what_is_wrong_with_it() -> None:
    assert words.connections(s.CONNECTIONS_NONE) == "Square is not connected yet"
    assert words.connections(s.CONNECTIONS_REVOKED).startswith("Square withdrew the permission")
    assert words.connections(replace(s.CONNECTIONS_FULL, job=None)).endswith("some days to check")
    assert words.token_is_old(s.CONNECTIONS_REVOKED.connections[0], s.NOW)
    assert not words.token_is_old(s.CONNECTION, s.NOW)


def test_a_pair_is_never_certain_and_two_first_names_are_a_doubt() -> None:
    pair = replace(
        s.DUPLICATES_OPEN.pairs[0],
        state="proposed",
        evidence=(
            v.FieldEvidence(field="email", outcome="same", bits=14.6),
            v.FieldEvidence(
                field="given", outcome="different", bits=-3.6, left="Leila", right="Omar"
            ),
        ),
    )
    assert words.pair_doubt(pair).startswith("Two first names behind one e-mail")
    assert words.pair_doubt(replace(pair, state="linked")) == ""
    assert words.pair_doubt(replace(pair, evidence=pair.evidence[:1])) == ""
    assert (words.likely(1.0), words.likely(0.98)) == ("over 99.9%", "98.0%")


def test_only_an_owner_is_offered_to_connect_and_disconnect() -> None:
    page = page_context("/keeper/connections")
    for view, offer in (
        (s.CONNECTIONS_FULL, "/disconnect"),
        (s.CONNECTIONS_REVOKED, "/connections/square/start"),
        (s.CONNECTIONS_NONE, "/connections/square/start"),
    ):
        assert offer in bytes(screens.connections(page, view).body).decode()
        drawn = screens.connections(page, view, is_owner=False)
        assert offer not in bytes(drawn.body).decode()


def test_what_an_agent_did_not_make_is_said_in_an_owners_words() -> None:
    view = replace(
        s.REPORT_FULL,
        partial=(
            v.UndoneWork("employee", "It was stopped after 60 seconds."),
            v.UndoneWork("other"),
        ),
    )
    assert report_words.partial(view) == (
        "Staff figures could not be worked out. It was stopped after 60 seconds. "
        "Some of the night's work could not be done."
    )


@pytest.mark.parametrize(
    ("index", "period"), [(0, "Thu 19 Nov 2026"), (1, "9 to 15 Nov 2026"), (3, "October 2026")]
)
def test_a_report_is_named_by_its_days(index: int, period: str) -> None:
    assert words.period(s.REPORTS_FULL.rows[index]) == period


def test_a_week_with_an_odd_day_stands_out_in_the_chart() -> None:
    chart = figures.weekly_visits(s.TODAY_FULL).chart
    assert chart.count("c-marked") == 1


def test_a_change_needs_an_earlier_figure() -> None:
    assert figures.change(v.Change(now=5, before=0)) is None
    assert figures.change(v.Change(now=5)) is None
    assert figures.change(v.Change(now=6, before=5)) == pytest.approx(0.2)


def test_a_decided_task_shrinks_to_a_line_with_the_way_back() -> None:
    done = replace(s.task(0), state="done")
    html = bytes(screens.task(page_context("/keeper/today"), done).body).decode()
    assert "Ana Duarte" in html
    assert f"/keeper/tasks/{done.id}/reopen" in html
    assert f"/keeper/tasks/{done.id}/done" not in html


def test_a_person_who_must_not_be_contacted_shows_no_number() -> None:
    html = bytes(screens.task(page_context("/keeper/today"), s.task(3)).body).decode()
    assert "Asked not to be contacted" in html
    assert "tel:" not in html


def test_names_from_outside_are_text() -> None:
    nasty = replace(s.task(0), person_name='<img src=x onerror="alert(1)">')
    html = bytes(screens.task(page_context("/keeper/today"), nasty).body).decode()
    assert "<img" not in html


def test_a_spreadsheet_cell_cannot_become_a_formula() -> None:
    row = replace(s.customer_row(0), name='=HYPERLINK("http://x")', phone="+15035550142")
    cells = sheet._customer(row, "USD")
    assert cells[1] == '\'=HYPERLINK("http://x")'
    assert cells[3] == "+15035550142"
    assert sheet.text([("a,b", 'c"d')]) == '"a,b","c""d"\r\n'


@pytest.mark.parametrize(
    "path", ["//evil.example/", "https://evil.example/", "/keeper/\\evil", "/other"]
)
def test_the_way_back_stays_in_keeper(path: str) -> None:
    assert own_path(path, "/keeper/duplicates") == "/keeper/duplicates"
