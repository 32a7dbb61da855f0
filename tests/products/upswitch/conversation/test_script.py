"""The script: what is asked, what a message does, what registers fill in, what is normalised."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from myriad.products.upswitch.conversation.keys import KEYS, MARKET_PAY, OWNER_PAY, REVENUES
from myriad.products.upswitch.conversation.live import Live, read_live, write_live
from myriad.products.upswitch.conversation.normalising import normalise
from myriad.products.upswitch.conversation.prefill import facts_of_accounts
from myriad.products.upswitch.conversation.questions import next_question, open_questions
from myriad.products.upswitch.conversation.reading import take
from myriad.products.upswitch.engine.document import Inputs
from myriad.products.upswitch.views.sessions import FactView
from tests.products.upswitch.conversation.conftest import fact, filing

NUMBER = 200065765


def prefilled() -> list[FactView]:
    return facts_of_accounts([filing(NUMBER)])


def test_filed_accounts_leave_about_ten_questions_and_none_of_the_filed() -> None:
    facts = prefilled()
    still_open = open_questions(facts)
    assert len(open_questions([])) - len(still_open) == 5
    assert 5 <= len(still_open) <= 10
    assert not {each.key.name for each in still_open} & {each.key for each in facts}


def test_what_is_proposed_or_skipped_is_not_asked_again() -> None:
    first = next_question([])
    assert first is not None
    assert first.key.name == REVENUES
    proposed = fact(REVENUES, 5e5, first.period, source="llm", confirmed=False)
    second = next_question([proposed])
    assert second is not None
    assert second.key.name != REVENUES
    third = next_question([proposed], [second.key.name])
    assert third is not None
    assert third.key.name not in (REVENUES, second.key.name)


def test_market_pay_is_asked_only_once_the_owners_pay_is_known() -> None:
    facts = prefilled()
    assert MARKET_PAY not in [each.key.name for each in open_questions(facts)]
    facts.append(fact(OWNER_PAY, 60_000.0))
    assert next_question(facts, []) is not None
    assert open_questions(facts)[0].key.name == MARKET_PAY


def test_every_answer_in_turn_leads_to_the_end() -> None:
    facts: list[FactView] = []
    live = Live()
    answers = {"amount": "250.000", "rate": "4 %", "share": "20 %", "choice": "retail"}
    for _ in range(30):
        question = next_question(facts, live.skipped)
        if question is None:
            break
        live = msgspec.structs.replace(live, asked=question.key.name, period=question.period)
        taken = take(answers[question.key.kind], live, facts)
        assert taken.facts, (question.key.name, taken.note)
        facts += taken.facts
    assert next_question(facts, live.skipped) is None
    assert len(facts) == 13


def test_a_unit_is_asked_for_and_its_answer_settles_the_number() -> None:
    live = Live(asked=REVENUES, period="2025-12-31")
    asked = take("2450", live, [])
    assert asked.asks_unit
    assert not asked.facts
    settled = take("in thousands", asked.live, [])
    assert [each.value for each in settled.facts] == [2_450_000]
    assert settled.live.typed is None
    instead = take("2,6 million", asked.live, [])
    assert [each.value for each in instead.facts] == [2_600_000]


def test_yes_confirms_no_withdraws_and_anything_else_answers_the_question() -> None:
    places = ((REVENUES, "2025-12-31"),)
    live = Live(asked=OWNER_PAY, proposed=places)
    assert take("Yes, that is right", live, []).confirmed == places
    assert take("nee", live, []).withdrawn == places
    other = take("60.000", live, [])
    assert (other.confirmed, other.withdrawn) == ((), ())
    assert [each.key for each in other.facts] == [OWNER_PAY]


def test_no_is_nought_where_nothing_waits_for_a_yes() -> None:
    taken = take("no", Live(asked="normalisation.rent", period="2025-12-31"), [])
    assert [each.value for each in taken.facts] == [0.0]


def test_where_a_conversation_stands_survives_storage_and_an_expired_one_begins_anew() -> None:
    live = Live(asked=REVENUES, typed=2450.0, units=("EUR",), proposed=((REVENUES, "2025-12-31"),))
    assert read_live(write_live(live)) == live
    assert read_live(write_live(live), is_expired=True) == Live()


def test_accounts_become_facts_with_their_rubric_and_deposit() -> None:
    facts = {(each.key, each.period): each for each in prefilled()}
    turnover = facts[(REVENUES, "2025-12-31")]
    assert turnover.value == 2_450_000
    assert turnover.source == "registry"
    assert "2026-00000042" in turnover.evidence
    assert facts[("input_sheet.book_value_of_debt", "")].value == 410_000
    assert facts[("input_sheet.cash_and_marketable_securities", "")].value == 155_000
    assert facts[("input_sheet.interest_expense", "")].value == 18_500
    depreciation = "market_approach.history.depreciation_and_amortization"
    assert facts[(depreciation, "2025-12-31")].value == 95_000
    assert facts[("market_approach.history.revenues", "2024-12-31")].value == 2_330_000
    assert facts[("due_diligence.debtor_days", "")].value == pytest.approx(41, abs=0.1)


def test_a_company_that_files_no_turnover_is_asked_for_it() -> None:
    rubrics = {code: found for code, found in filing(NUMBER).rubrics.items() if code != "70"}
    facts = facts_of_accounts([filing(NUMBER, rubrics=rubrics)])
    assert REVENUES not in {each.key for each in facts}
    question = next_question(facts)
    assert question is not None
    assert (question.key.name, question.period) == (REVENUES, "2025-12-31")


def test_an_extended_year_is_brought_to_twelve_months_and_says_so() -> None:
    facts = facts_of_accounts([filing(NUMBER, start=date(2024, 7, 1))])
    turnover = next(each for each in facts if each.key == REVENUES)
    assert turnover.value == pytest.approx(2_450_000 * 12 / 18, rel=0.001)
    assert "twelve months" in turnover.evidence


def test_the_owners_pay_is_normalised_to_the_market_in_the_last_year_only() -> None:
    facts = [*prefilled(), fact(OWNER_PAY, 60_000.0), fact(MARKET_PAY, 98_000.0)]
    last, before = normalise(facts)
    assert (last.before, last.after) == (357_000, 319_000)
    assert before.before == before.after
    own = [*facts, fact("normalisation.owner_pay", -10_000.0, "2025-12-31")]
    assert normalise(own)[0].after == 347_000


def test_what_nobody_confirmed_is_not_computed_with() -> None:
    rent = fact("normalisation.rent", 9_000.0, "2025-12-31", source="llm", confirmed=False)
    assert normalise([*prefilled(), rent])[0].after == 357_000


def test_every_key_is_a_path_of_the_engines_inputs_or_our_own() -> None:
    schema = msgspec.json.schema(Inputs)

    def properties(name: str) -> dict[str, object]:
        found: dict[str, object] = schema["$defs"][name]["properties"]
        return found

    below = {
        "input_sheet": properties("InputSheet"),
        "market_approach": properties("MarketApproach") | {"history": None},
        "due_diligence": properties("Diligence"),
        "discounts": properties("Discounts"),
        "weights": properties("Weights"),
    }
    for name in KEYS:
        first, _, rest = name.partition(".")
        if first == "normalisation":
            continue
        if not rest:
            assert first in properties("Inputs"), name
        elif rest.startswith("history."):
            assert rest.removeprefix("history.") in properties("FiscalYear"), name
        else:
            assert rest in below[first], name


def test_every_default_lies_within_its_bounds_and_names_its_source() -> None:
    for key in KEYS.values():
        if key.default is None:
            assert key.is_required or key.otherwise, key.name
        else:
            assert key.default_source, key.name
        if isinstance(key.default, float):
            assert (key.low or 0) <= key.default <= (key.high or 0), key.name
        if key.choices:
            assert key.default in key.choices
