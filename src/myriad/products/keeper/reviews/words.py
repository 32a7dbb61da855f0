"""How texts of reviews are cut into words; every model sees the same ones."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_APOSTROPHES = str.maketrans("\u2019\u2018\u02bc`", "''''")
NEGATIONS = frozenset(
    {"not", "no", "never", "nothing", "nobody", "none", "neither", "nor", "without", "hardly"}
    | {"barely", "scarcely", "cannot", "cant", "dont", "didnt", "wasnt", "isnt", "wont", "wouldnt"}
    | {"doesnt", "couldnt", "arent", "werent", "aint", "havent", "hasnt", "hadnt", "shouldnt"}
)


def fold(text: str) -> str:
    """Return a text in one form: NFKC, small letters, one kind of apostrophe."""
    return unicodedata.normalize("NFKC", text).translate(_APOSTROPHES).lower()


def words_of(folded: str) -> list[str]:
    """Return the words of a folded text; "didn't" is one word."""
    return _WORD.findall(folded)


def is_negation(word: str) -> bool:
    """Say whether a word turns what follows around."""
    return word in NEGATIONS or word.endswith("n't")
