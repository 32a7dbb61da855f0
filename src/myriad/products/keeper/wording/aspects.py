"""What a text speaks of and how, by dictionary: clause by clause, with negation."""

from __future__ import annotations

import re
from collections.abc import Sequence

from myriad.products.keeper.wording.lexicon import ASPECT_WORDS, BAD_WORDS, GOOD_WORDS, NEGATIONS
from myriad.products.keeper.wording.port import Aspect, AspectName, Feeling

_CLAUSE = re.compile(r"[^.!?;\n]+")
_TURN = re.compile(r",?\s+\b(?:but|however|although|though|yet|except)\b\s+|,\s+", re.IGNORECASE)
_WORD = re.compile(r"[a-z][a-z'\u2019]*")
_REACH = 3
_LONGEST_QUOTE = 120
_LONGEST_TEXT = 10_000


def _pattern(words: Sequence[str]) -> re.Pattern[str]:
    forms = (
        re.escape(word[:-1]) + r"\w*" if word.endswith("*") else re.escape(word) for word in words
    )
    return re.compile(r"\b(?:" + "|".join(forms) + r")\b")


_PATTERNS = {name: _pattern(words) for name, words in ASPECT_WORDS.items()}


def find_aspects(text: str) -> tuple[Aspect, ...]:
    """Return each aspect that the text speaks of once, with the clause that says most about it."""
    found: dict[AspectName, list[tuple[int, str]]] = {}
    for clause in _clauses(text[:_LONGEST_TEXT]):
        lowered = clause.lower().replace("\u2019", "'")
        balance = weigh(lowered)
        for name, pattern in _PATTERNS.items():
            if pattern.search(lowered):
                found.setdefault(name, []).append((balance, clause))
    return tuple(_aspect(name, found[name]) for name in _PATTERNS if name in found)


def _clauses(text: str) -> list[str]:
    sentences = (match.group() for match in _CLAUSE.finditer(text))
    parts = (part.strip() for sentence in sentences for part in _TURN.split(sentence))
    return [part for part in parts if part]


def weigh(clause: str) -> int:
    """Return good words less bad words of a lower-case clause; a negation turns the next three."""
    balance, turned = 0, 0
    for word in _WORD.findall(clause):
        if word in NEGATIONS:
            turned = _REACH + 1
        value = (word in GOOD_WORDS) - (word in BAD_WORDS)
        balance += -value if turned > 0 else value
        turned -= 1
    return balance


def _aspect(name: AspectName, clauses: list[tuple[int, str]]) -> Aspect:
    good = any(balance > 0 for balance, _ in clauses)
    bad = any(balance < 0 for balance, _ in clauses)
    feeling: Feeling = "mixed" if good and bad else "good" if good else "bad" if bad else "neutral"
    strongest = max(clauses, key=lambda item: abs(item[0]))[1]
    return Aspect(name, feeling, _shorten(strongest))


def _shorten(text: str) -> str:
    if len(text) <= _LONGEST_QUOTE:
        return text
    return text[:_LONGEST_QUOTE].rsplit(" ", 1)[0] + " …"
