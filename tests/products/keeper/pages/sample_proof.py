"""Lifelike values of what is proven: calls against no calls, and kinds of insight with grades."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from myriad.products.keeper import views as v
from myriad.products.keeper.proof.accuracy import accuracy, reason_to_mute, retry_on
from myriad.products.keeper.views.goals import GoalPace
from myriad.products.keeper.views.reports import ReviewsMonth
from myriad.products.keeper.views.what_if import Guess, QuietDayView, Wish
from tests.products.keeper.pages import sample_contexts as s


def money(estimate: int, low: int, high: int) -> v.MoneyBounds:
    """Return dollars with bounds, from cents."""
    return v.MoneyBounds(s.usd(estimate), s.usd(low), s.usd(high))


def score(kind: str, right: int, graded: int, **facts: object) -> v.KindScore:
    """Return a kind with the interval that its grades give."""
    share = accuracy(right, graded)
    bounds = {"low": share.low, "high": share.high} if share else {}
    return v.KindScore(kind=kind, right=right, graded=graded, **bounds, **facts)  # type: ignore[arg-type]


SCORES = (
    score("takings_trend", 9, 11, waiting=4),
    score("slipping_regulars", 4, 5, waiting=12, void=1),
    score(
        "quiet_weekday",
        3,
        8,
        muted=True,
        muted_on=s.TODAY - timedelta(days=20),
        retry_on=retry_on(s.TODAY - timedelta(days=20)),
        reason=reason_to_mute(3, 8),
        muted_by="keeper",
    ),
    score("second_visit", 0, 0, waiting=12),
)
INSIGHTS_FULL = replace(
    s.INSIGHTS_FULL,
    insights=(
        v.InsightCard(
            id=s.uid(710),
            kind="takings_trend",
            claim="Takings of the last 28 days are down 24% on the 28 days before.",
            business_date=s.TODAY,
            prediction="The next 28 days bring 280 to 362 visits.",
            horizon_date=s.TODAY + timedelta(days=28),
            urgent=True,
        ),
        *s.INSIGHTS_FULL.insights,
    ),
    scores=SCORES,
)
INSIGHTS_NEW = v.InsightsView(
    insights=s.INSIGHTS_FULL.insights[:2],
    scores=(
        score("takings_trend", 0, 0, waiting=1),
        score(
            "best_customers",
            0,
            0,
            waiting=1,
            muted=True,
            reason="Muted by hand.",
            muted_by="owner",
        ),
    ),
)
_FIRST = s.TODAY - timedelta(days=364)
PROOF_FULL = v.ProofView(
    business_date=s.TODAY,
    currency="USD",
    is_on=True,
    changed_at=None,
    horizon_days=90,
    saved=v.Saved(
        verdict="saved",
        people=486,
        first=_FIRST,
        last=s.TODAY,
        money=money(1_204_000, 311_000, 2_097_000),
    ),
    arms=(
        v.ArmCard(
            arm="call",
            people=486,
            returned=224,
            share=v.ShareBounds.of_count(224, 486),
            net_per_person=s.usd(9_120),
        ),
        v.ArmCard(
            arm="control",
            people=54,
            returned=16,
            share=v.ShareBounds.of_count(16, 54),
            net_per_person=s.usd(6_640),
        ),
    ),
    rate=v.ShareBounds(0.165, 0.048, 0.261),
    money=money(2_477, 640, 4_315),
    months=tuple(
        v.ProofMonth(
            month=month,
            called=called,
            called_returned=called * 46 // 100,
            held_out=called // 9,
            held_out_returned=called // 31,
            money=money(called * 2_477, called * 640, called * 4_315),
        )
        for month, called in (
            (date(2026, 11, 1), 61),
            (date(2026, 10, 1), 94),
            (date(2026, 9, 1), 88),
        )
    ),
    playbooks=(
        v.PlaybookRow(
            playbook="slowing",
            called=180,
            held_out=20,
            uplift=v.ShareBounds(0.21, 0.07, 0.34),
            leans_on=34,
        ),
        v.PlaybookRow(
            playbook="likely_lapsed",
            called=126,
            held_out=14,
            uplift=v.ShareBounds(0.12, -0.04, 0.27),
        ),
        v.PlaybookRow(
            playbook="lapsed", called=180, held_out=20, uplift=v.ShareBounds(0.05, -0.08, 0.18)
        ),
    ),
    joined=True,
    peers=(
        v.PeerCallsRow(playbook="slowing", accounts=34, uplift=v.ShareBounds(0.135, 0.1, 0.17)),
        v.PeerCallsRow(
            playbook="likely_lapsed", accounts=31, uplift=v.ShareBounds(0.08, 0.03, 0.13)
        ),
        v.PeerCallsRow(playbook="lapsed", accounts=9, withheld="too_few"),
    ),
    waiting_called=271,
    waiting_held_out=30,
    next_result_on=s.TODAY + timedelta(days=1),
)
PROOF_UNCLEAR = replace(
    PROOF_FULL,
    saved=v.Saved(
        verdict="unclear",
        people=92,
        first=_FIRST,
        last=s.TODAY,
        money=money(41_800, -96_000, 179_600),
        people_needed=540,
    ),
    money=money(454, -1_043, 1_952),
    rate=v.ShareBounds(0.06, -0.11, 0.2),
)
PROOF_EARLY = v.ProofView(
    business_date=s.TODAY,
    currency="USD",
    is_on=True,
    changed_at=None,
    horizon_days=90,
    saved=v.Saved(verdict="too_early", people=12, first=_FIRST, last=s.TODAY, people_needed=90),
    arms=(
        v.ArmCard(
            arm="call",
            people=12,
            returned=5,
            share=v.ShareBounds.of_count(5, 12),
            net_per_person=s.usd(6_200),
        ),
        v.ArmCard(
            arm="control",
            people=1,
            returned=0,
            share=v.ShareBounds.of_count(0, 1),
            net_per_person=s.usd(0),
        ),
    ),
    months=(
        v.ProofMonth(
            month=date(2026, 11, 1), called=12, called_returned=5, held_out=1, held_out_returned=0
        ),
    ),
    waiting_called=88,
    waiting_held_out=11,
    next_result_on=s.TODAY + timedelta(days=1),
)
_NOBODY = (
    replace(PROOF_EARLY.arms[0], people=0, returned=0, share=None),
    replace(PROOF_EARLY.arms[1], share=None, people=0, returned=0),
)
PROOF_NONE = replace(
    PROOF_EARLY,
    arms=_NOBODY,
    months=(),
    waiting_called=0,
    waiting_held_out=0,
    next_result_on=None,
    saved=replace(PROOF_EARLY.saved, people=0, people_needed=100),
)
PROOF_OFF = replace(
    PROOF_NONE,
    is_on=False,
    changed_at=s.NOW,
    saved=replace(PROOF_NONE.saved, verdict="off"),
)
REVIEWS = ReviewsMonth(
    month=date(2026, 11, 1),
    reviews=18,
    rated=17,
    mean=4.53,
    negative=2,
    criticised=(("waiting", 2), ("price", 1)),
)
QUIET_DAY_NONE = QuietDayView(wish=Wish(), currency="USD", weeks=3, unsaid="no_history")
QUIET_DAY = QuietDayView(
    wish=Wish(discount=0.1),
    currency="USD",
    weeks=26,
    weekday=2,
    days=((2, 5.2), (3, 9.4), (4, 10.1), (5, 13.0), (6, 15.6)),
    gap=Guess(estimate=6.8, low=5.9, high=7.7),
    ticket=money(8_412, 8_130, 8_694),
    extra_visits=7.4,
    a_month=money(28_700, 9_100, 48_300),
    break_even=0.25,
    outcome="gains",
)
GOALS = (
    GoalPace(
        kind="takings",
        first=date(2026, 11, 1),
        last=date(2026, 11, 30),
        day=s.TODAY,
        currency="USD",
        goal=2_000_000,
        so_far=1_184_000,
        verdict="open",
        expected=1_940_000,
        low=1_790_000,
        high=2_090_000,
    ),
    GoalPace(
        kind="calls",
        first=s.TODAY - timedelta(days=s.TODAY.weekday()),
        last=s.TODAY + timedelta(days=6 - s.TODAY.weekday()),
        day=s.TODAY,
        currency="USD",
        goal=20,
        so_far=7,
        verdict="too_early",
    ),
)
TODAY_PROVEN = replace(s.TODAY_FULL, saved=replace(PROOF_FULL.saved, people=61), goals=GOALS)
REPORT_PROVEN = replace(
    s.REPORT_FULL,
    saved=replace(PROOF_UNCLEAR.saved, first=date(2026, 11, 1)),
    goals=GOALS,
    reviews=REVIEWS,
)
