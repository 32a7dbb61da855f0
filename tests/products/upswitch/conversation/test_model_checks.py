"""What a model says is held against what it was given; it proposes and never computes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from myriad.kit.ids import new_id
from myriad.products.upswitch.conversation.keys import OWNER_PAY, REVENUES
from myriad.products.upswitch.conversation.questions import next_question
from myriad.products.upswitch.conversation.speech import (
    Context,
    Proposed,
    check_proposals,
    check_saying,
)
from myriad.products.upswitch.views.sessions import FactView, SessionView
from tests.products.upswitch.conversation.conftest import fact

NOW = datetime(2026, 11, 1, tzinfo=UTC)
TEXT = "We sold 2,45 million last year and I pay myself 60.000."


def context(text: str = TEXT, facts: tuple[FactView, ...] = ()) -> Context:
    view = SessionView(
        id=new_id(),
        company_number="0200.065.765",
        company_name="Bakery",
        country="BE",
        state="open",
        locale="en",
        expires_at=NOW,
        created_at=NOW,
        used_at=NOW,
        facts=facts,
    )
    return Context(view, (), text, next_question(facts))


def test_a_proposal_is_read_from_the_owners_words_by_our_own_code() -> None:
    proposed = [
        Proposed(REVENUES, 2.45, "2,45 million", "2025-12-31"),
        Proposed(OWNER_PAY, 60_000.0, "I pay myself 60.000"),
    ]
    found = check_proposals(proposed, context())
    assert [(each.key, each.value, each.confirmed) for each in found] == [
        (REVENUES, 2_450_000, False),
        (OWNER_PAY, 60_000, False),
    ]
    assert all(each.source == "llm" and each.confidence < 1 for each in found)


@pytest.mark.parametrize(
    "proposed",
    [
        Proposed(REVENUES, 3.0, "3 million"),
        Proposed(REVENUES, 2_500_000.0, "2,45 million"),
        Proposed(REVENUES, 2.45, ""),
        Proposed("input_sheet.magic", 60_000.0, "60.000"),
        Proposed("input_sheet.riskfree_rate", 60_000.0, "60.000"),
        Proposed(OWNER_PAY, 120_000.0, "60.000"),
        Proposed("market_approach.sector", "retail", "last year"),
    ],
    ids=["unsaid", "altered", "wordless", "unknown", "assumption", "computed", "no choice"],
)
def test_what_the_owners_words_do_not_bear_out_is_dropped(proposed: Proposed) -> None:
    assert check_proposals([proposed], context()) == ()


def test_what_holds_already_is_not_proposed_again() -> None:
    known = fact(REVENUES, 2_450_000.0, "2025-12-31", source="registry")
    proposed = Proposed(REVENUES, 2.45, "2,45 million", "2025-12-31")
    assert check_proposals([proposed], context(facts=(known,))) == ()
    other = fact(REVENUES, 2_600_000.0, "2025-12-31", source="registry")
    assert len(check_proposals([proposed], context(facts=(other,)))) == 1


@pytest.mark.parametrize(
    ("saying", "is_kept"),
    [
        ("Thank you. What was the operating result?", True),
        ("So EUR 2,45 million of turnover. And the operating result?", True),
        ("That makes a value of EUR 1,900,000.", False),
        ("", False),
        ("word " * 400, False),
    ],
    ids=["plain", "repeats", "computes", "empty", "endless"],
)
def test_a_sentence_with_a_number_that_is_nowhere_given_is_not_said(
    saying: str, is_kept: bool
) -> None:
    assert (check_saying(saying, context()) is not None) is is_kept
