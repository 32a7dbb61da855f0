"""Sentiment of a text by a list of words: needs no training and knows no trade.

Valences of words and phrases are added up as in rule-based sentiment analysis (Hutto & Gilbert,
ICWSM 2014): a negation turns the next three words around, intensifiers and dampeners scale them,
and what follows "but" counts more than what stands before it. The list is this project's own; it
knows English only, and a text without any of its words says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from myriad.products.keeper.reviews.words import fold, is_negation, words_of

NEGATION_REACH = 3
NEGATED = -0.6
BEFORE_BUT, AFTER_BUT = 0.6, 1.4
FEW_HITS = 3.0
_SHORTEST_STEM = 3
_SENTENCE = re.compile(r"[.!?;\n]+")
_BUT = frozenset({"but", "however", "unfortunately", "except"})
_STRONGER = frozenset(
    {"very", "so", "really", "extremely", "absolutely", "completely", "totally", "incredibly"}
    | {"super", "truly", "highly", "way", "too", "such", "beyond", "utterly", "most", "entirely"}
)
_WEAKER = frozenset(
    {"slightly", "somewhat", "little", "bit", "kinda", "kind", "sort", "fairly", "almost", "mildly"}
    | {"partly", "occasionally", "sometimes"}
)


@dataclass(frozen=True, slots=True)
class Valence:
    """What a text's words add up to: `good` and `bad` are at least 0, `hits` words were known."""

    good: float
    bad: float
    hits: int

    @property
    def score(self) -> float:
        """Dissatisfaction: about -4 (delighted) to 4 (angry), 0 where nothing is known."""
        return (self.bad - self.good) / (self.hits + FEW_HITS)


@dataclass(frozen=True, slots=True)
class _Lexicon:
    exact: dict[tuple[str, ...], float]
    stems: dict[str, float]
    lengths: dict[str, tuple[int, ...]]

    def find(self, words: Sequence[str], at: int) -> tuple[float, int]:
        """Return the valence of the longest entry that begins at a word, and its length or 0."""
        word = words[at]
        for length in self.lengths.get(word, ()):
            valence = self.exact.get(tuple(words[at : at + length]))
            if valence is not None:
                return valence, length
        valence = _stem(word)
        return (valence, 1) if valence else (0.0, 0)


@cache
def _lexicon() -> _Lexicon:
    exact: dict[tuple[str, ...], float] = {}
    stems: dict[str, float] = {}
    text = files("myriad.products.keeper.reviews").joinpath("valence_en.txt").read_text("utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            strength, _, entries = line.partition(":")
            for entry in entries.split():
                if entry.endswith("*") and "_" not in entry:
                    stems[entry[:-1]] = float(strength)
                else:
                    exact[tuple(entry.rstrip("*").split("_"))] = float(strength)
    lengths: dict[str, set[int]] = {}
    for phrase in exact:
        lengths.setdefault(phrase[0], set()).add(len(phrase))
    longest_first = {word: tuple(sorted(of, reverse=True)) for word, of in lengths.items()}
    return _Lexicon(exact, stems, longest_first)


@lru_cache(maxsize=50_000)
def _stem(word: str) -> float:
    stems = _lexicon().stems
    ends = range(len(word), _SHORTEST_STEM - 1, -1)
    return next((stems[word[:end]] for end in ends if word[:end] in stems), 0.0)


def valence_of(text: str) -> Valence:
    """Add up what the words of a text say."""
    good = bad = 0.0
    hits = 0
    for sentence in _SENTENCE.split(fold(text)):
        for valence in _sentence(words_of(sentence)):
            good += max(valence, 0.0)
            bad += max(-valence, 0.0)
            hits += 1
    return Valence(good, bad, hits)


def _sentence(words: Sequence[str]) -> list[float]:
    turn = next((n for n, word in enumerate(words) if word in _BUT), None)
    found, at = [], 0
    lexicon = _lexicon()
    while at < len(words):
        valence, length = lexicon.find(words, at)
        if length:
            side = 1.0 if turn is None else BEFORE_BUT if at < turn else AFTER_BUT
            found.append(valence * _context(words, at) * side)
        at += max(length, 1)
    return found


def _context(words: Sequence[str], at: int) -> float:
    before = words[max(0, at - NEGATION_REACH) : at]
    factor = NEGATED if any(is_negation(word) for word in before) else 1.0
    nearest = set(before[-2:])
    if nearest & _STRONGER:
        factor *= 1.3
    if nearest & _WEAKER:
        factor *= 0.7
    return factor
