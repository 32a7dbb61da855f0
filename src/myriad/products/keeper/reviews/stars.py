"""A rating in any form that people and exports write, as one to five whole stars."""

from __future__ import annotations

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal

from myriad.products.keeper.reviews.errors import StarsError

BEST, WORST = 5, 1

_WORDS = {"zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_UNKNOWN = frozenset(
    {"", "-", "--", "n/a", "na", "nan", "none", "null", "unknown", "no rating", "not rated"}
    | {"unrated", "star_rating_unspecified", "?"}
)
_FULL = "\u2605\u2b50\U0001f31f*"
_EMPTY = "\u2606"
_DRAWN = re.compile(rf"[{re.escape(_FULL)}{_EMPTY}\s]+\u00bd?[{_EMPTY}\s]*")
_NUMBER = r"\d{1,6}(?:[.,]\d{1,6})?"
_UNIT = rf"(?:\s*(?:stars?|points?|[{re.escape(_FULL)}]))?"
_RATED = re.compile(
    rf"(?:rated\s+|rating:?\s*|stars?:?\s*|[{re.escape(_FULL)}]\s*)?(?P<value>{_NUMBER}){_UNIT}"
    rf"(?:\s*(?:/|out\s+of|of)\s*(?P<scale>{_NUMBER}){_UNIT}|\s*(?P<percent>%|percent))?"
)
_ASKED = "write one to five stars, such as 4, 4/5, 8/10, 80% or \u2605\u2605\u2605\u2605"


def parse_stars(typed: str) -> int | None:
    """Return 1 to 5 for a rating as it was typed, or None where it says nothing.

    Read are numbers ("4", "4.5", "4,5"), fractions of any scale ("5/5", "8/10", "4 out of 5"),
    percentages, words ("five", "4 stars"), Google's names ("FOUR") and drawn stars. Other scales are brought to five in
    proportion and halves go up, so that 4.5 is 5; a rating above nothing is at least one star.
    Zero and what is beyond the scale raise StarsError: many exports write 0 for "not rated", so a
    guess would make unhappy customers up. A blank is unknown.
    """
    text = _folded(typed)
    if text in _UNKNOWN:
        return None
    if _DRAWN.fullmatch(text):
        drawn = Decimal(sum(text.count(star) for star in _FULL))
        return _whole(drawn + (Decimal("0.5") if "\u00bd" in text else 0), typed)
    match = _RATED.fullmatch(" ".join(_digits(word) for word in text.split()))
    if match is None:
        raise StarsError(f"{typed.strip()[:40]!r} is no rating: {_ASKED}", typed=typed[:200])
    return _whole(_value(match, typed), typed)


def _folded(typed: str) -> str:
    text = _unwrapped(typed).replace("\ufe0f", "").replace("\u00bd", "\0")
    text = unicodedata.normalize("NFKC", text).replace("\0", "\u00bd")
    return " ".join(text.casefold().split())


def _unwrapped(typed: str) -> str:
    """Take off what spreadsheets put around text that looks like a number: ="5" and '5."""
    text = typed.strip()
    if text.startswith('="') and text.endswith('"'):
        return text[2:-1]
    return text.strip("'\"")


def _digits(word: str) -> str:
    return str(_WORDS[word]) if word in _WORDS else word


def _value(match: re.Match[str], typed: str) -> Decimal:
    value = Decimal(match["value"].replace(",", "."))
    if match["percent"]:
        return _scaled(value, Decimal(100), typed)
    if match["scale"]:
        return _scaled(value, Decimal(match["scale"].replace(",", ".")), typed)
    return value


def _scaled(value: Decimal, scale: Decimal, typed: str) -> Decimal:
    if not scale or value > scale:
        raise StarsError(f"{typed.strip()[:40]!r} is beyond its own scale: {_ASKED}", typed=typed)
    return value * BEST / scale


def _whole(value: Decimal, typed: str) -> int:
    if value <= 0 or value > BEST:
        raise StarsError(
            f"{typed.strip()[:40]!r} is not between one and five stars: {_ASKED}", typed=typed
        )
    return max(WORST, int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP)))
