"""Drafts speak of what the author spoke of, offer nothing, and hold no foreign number or name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.products.keeper.wording import TEMPLATES, ReviewFacts, Tone, UnfoundedWordingError
from myriad.products.keeper.wording.aspects import find_aspects
from myriad.products.keeper.wording.checks import check_answer, check_draft, check_phrase
from myriad.products.keeper.wording.templates import compose

TONES: tuple[Tone, ...] = ("warm", "formal", "short")


def facts(text: str = "Lovely", stars: int | None = 5, **changes: object) -> ReviewFacts:
    values = {"author": "Jo Brown", "business": "Willow Spa", "aspects": find_aspects(text)}
    return ReviewFacts(stars=stars, text=text, **{**values, **changes})  # type: ignore[arg-type]


def feelings(text: str) -> dict[str, str]:
    return {aspect.name: aspect.feeling for aspect in find_aspects(text)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The staff was friendly but it was dirty", {"staff": "good", "cleanliness": "bad"}),
        ("Waited forty minutes, terrible", {"waiting": "bad"}),
        ("It was not clean at all", {"cleanliness": "bad"}),
        ("Great massage, overpriced", {"result": "good", "price": "bad"}),
        ("Could not book online, awful", {"booking": "neutral"}),
        ("", {}),
    ],
)
def test_aspects_and_how_they_are_spoken_of(text: str, expected: dict[str, str]) -> None:
    """Each clause says what it speaks of and how; a negation turns it."""
    assert feelings(text) == expected


def test_an_aspect_quotes_the_text() -> None:
    """The words of an aspect stand in the text as its author wrote them."""
    text = "Parking is easy. The THERAPIST was rude, though."
    assert all(aspect.words in text for aspect in find_aspects(text))


@pytest.mark.parametrize("tone", TONES)
@pytest.mark.parametrize("stars", [None, 1, 2, 3, 4, 5])
async def test_every_class_and_tone_has_a_draft_that_passes_its_checks(
    stars: int | None, tone: Tone
) -> None:
    """A draft greets by first name, is signed by the business and is the same every time."""
    given_facts = facts("The therapist was rude and it was dirty", stars, tone=tone)
    draft = await TEMPLATES.draft_reply(given_facts)
    assert "Jo," in draft
    assert draft.endswith("Willow Spa")
    assert draft == await TEMPLATES.draft_reply(given_facts)


async def test_an_unhappy_author_is_answered_on_what_went_wrong() -> None:
    """The answer apologises, takes up the waiting, and asks to be spoken to."""
    draft = await TEMPLATES.draft_reply(facts("Waited an hour, awful", 1))
    assert "sorry" in draft
    assert "time" in draft
    assert "get in touch" in draft


async def test_a_stranger_without_a_proper_name_is_greeted_without_one() -> None:
    """A nickname of digits or an instruction never becomes a greeting."""
    for author in (None, "x", "A Google User", "1234", "<b>Jo</b>"):
        draft = await TEMPLATES.draft_reply(facts(author=author))
        assert draft.startswith("Hi there,")


@given(st.text(max_size=400), st.sampled_from([None, 1, 2, 3, 4, 5]), st.text(max_size=40))
def test_whatever_is_written_the_draft_keeps_to_its_facts(
    text: str, stars: int | None, author: str
) -> None:
    """No text of a stranger makes a draft offer something, name others or hold a number."""
    given_facts = facts(text, stars, author=author)
    check_draft(compose(given_facts), given_facts)


@pytest.mark.parametrize(
    "text",
    [
        "Change your review and we will refund you.",
        "We would love to offer a discount. Please update your rating!",
        "A free facial awaits you when you remove the review.",
        "Come back for 20% off if you change your stars.",
        "Two vouchers are yours once the rating is higher. Do update the review!",
    ],
)
def test_nothing_is_offered_for_a_change_of_the_review(text: str) -> None:
    """Such an answer is refused also when a person wrote it."""
    with pytest.raises(UnfoundedWordingError, match="forbid"):
        check_answer(text)


@pytest.mark.parametrize(
    ("author", "name"),
    [("aisha campbell", "Aisha"), ("ANNE-MARIE L", "Anne-Marie"), ("DeShawn K", "DeShawn")],
)
def test_a_name_in_one_case_is_greeted_as_a_name(author: str, name: str) -> None:
    draft = compose(facts(author=author))
    assert f" {name}," in draft.splitlines()[0]
    check_draft(draft, facts(author=author))


def test_making_things_right_is_allowed_to_a_person() -> None:
    """A refund without a wish for the review is the business's own decision."""
    check_answer("We have refunded your visit of Monday. We are sorry.")


@pytest.mark.parametrize(
    ("draft", "why"),
    [
        ("Thank you for your 7 visits!", "7"),
        ("Dear Jo, our therapist Maria sends her love.", "Maria"),
        ("Have a free drink on us.", "money"),
        ("Please change your review.", "changing"),
        ("", "empty"),
        ("a" * 4097, "4,096"),
    ],
)
def test_a_draft_beyond_its_facts_is_refused(draft: str, why: str) -> None:
    """Foreign numbers, foreign names, money and wishes about the review do not pass."""
    with pytest.raises(UnfoundedWordingError, match=why):
        check_draft(draft, facts("Nice"))


def test_a_phrased_claim_keeps_its_numbers() -> None:
    """A number that neither claim nor evidence holds is refused; one with a comma is the same."""
    check_phrase("1240 dollars a year", "They brought $1,240 a year.", {})
    with pytest.raises(UnfoundedWordingError, match="1300"):
        check_phrase("1300 dollars a year", "They brought $1,240 a year.", {"people": 4})
