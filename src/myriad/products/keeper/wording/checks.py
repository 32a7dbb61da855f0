"""What no text may say: numbers and names without a fact, and anything in exchange for a review.

Google's policy on fake engagement and the FTC's rule on consumer reviews (16 CFR 465.4, 2024)
forbid incentives for a review or its change; a reply never asks for one either.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from myriad.products.keeper.wording.port import ReviewFacts, UnfoundedWordingError

LONGEST_REPLY_BYTES = 4096
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
# A capital inside a sentence is taken for a name.
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][\w'\u2019-]+")
_GIFT = re.compile(
    r"\b(refund\w*|reimburs\w*|discount\w*|voucher\w*|coupon\w*|gift\w*|credit\w*|free|freebie\w*"
    r"|complimentary|money|compensat\w*|half price|on the house|\d+ ?percent)\b|\d ?%|[$€£]",
    re.IGNORECASE,
)
_CHANGE = re.compile(
    r"\b(chang|updat|edit|amend|revis|remov|delet|tak(e|ing) down|withdraw|rais|improv|reconsider|better"
    r"|higher|positive|new|five[- ]star|5[- ]star)\w*\b[^.!?]*\b(review|rating|stars?|feedback)\b"
    r"|\b(review|rating|stars?|feedback)\b[^.!?]*"
    r"\b(chang|updat|edit|amend|revis|remov|delet|tak(e|ing) down|withdraw|rais|improv|reconsider)\w*",
    re.IGNORECASE,
)
_OWN_WORDS = frozenset(
    {"I", "I'm", "I\u2019m", "I'd", "I\u2019d", "I'll", "I\u2019ll", "Google", "Thank", "Sorry"}
)


def check_answer(text: str) -> None:
    """Raise UnfoundedWordingError unless a person may publish this answer.

    An answer is 1 to 4,096 bytes (Google's limit), asks nobody to change or remove a review, and
    offers nothing for it.
    """
    if not text.strip():
        raise UnfoundedWordingError("the answer is empty; write one first")
    if len(text.encode()) > LONGEST_REPLY_BYTES:
        message = f"an answer has at most {LONGEST_REPLY_BYTES:,} bytes; shorten it"
        raise UnfoundedWordingError(message)
    asks = any(_CHANGE.search(sentence) for sentence in _SENTENCE.split(text))
    if asks and _GIFT.search(text):
        raise UnfoundedWordingError(
            "the answer offers something for a change of the review, which Google and the law "
            "forbid; make things right without asking for it"
        )


def check_draft(text: str, facts: ReviewFacts) -> None:
    """Raise UnfoundedWordingError when a draft holds what its facts do not.

    Beyond `check_answer`: every number and every name stands in the review, the author's name or
    the business's, and no draft speaks of changing the review or of money given.
    """
    check_answer(text)
    source = " ".join((facts.text, facts.author or "", facts.business))
    _check_numbers(text, source, "the review")
    known = {word.casefold() for word in re.findall(r"[\w'\u2019-]+", source)}
    names = [name for name in _NAME.findall(text) if name not in _OWN_WORDS]
    foreign = [name for name in names if name.casefold() not in known]
    if foreign:
        raise UnfoundedWordingError(f"the draft names {foreign[0]!r}, which the review does not")
    if _GIFT.search(text) or any(_CHANGE.search(part) for part in _SENTENCE.split(text)):
        raise UnfoundedWordingError("the draft speaks of money or of changing the review")


def check_phrase(text: str, claim: str, evidence: Mapping[str, Any]) -> None:
    """Raise UnfoundedWordingError when a phrased claim holds a number that is nowhere given."""
    if not text.strip():
        raise UnfoundedWordingError("the claim became empty")
    _check_numbers(text, f"{claim} {evidence}", "the evidence")


def _check_numbers(text: str, source: str, where: str) -> None:
    known = {_plain(number) for number in _NUMBER.findall(source)}
    foreign = [number for number in _NUMBER.findall(text) if _plain(number) not in known]
    if foreign:
        raise UnfoundedWordingError(f"{foreign[0]} does not stand in {where}")


def numbers_in(text: str) -> set[str]:
    """Return the numbers that stand in a text, without the commas of thousands."""
    return {_plain(number) for number in _NUMBER.findall(text)}


def _plain(number: str) -> str:
    return number.replace(",", "")
