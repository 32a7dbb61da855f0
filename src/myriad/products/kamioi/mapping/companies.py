"""Which company a name means: the same words without legal forms, else the name most alike."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from myriad.kit.lazy import lazily
from myriad.products.kamioi.mapping.ngrams import NgramIndex
from myriad.products.kamioi.mapping.normalising import words

fuzz: Any = lazily("rapidfuzz.fuzz")

SURE_FROM = 0.8
_CANDIDATES = 10
# What exchanges write behind a company's name, and states of incorporation in the SEC's names.
_SECURITY = re.compile(
    r"\s+-\s+.*$|\s*/[a-z]{2,5}/?\s*$|\s*/(?:new|adr|fi)\b.*$|\s*\(.*?\)|"
    r"\s+(?:class [a-z]\b|series [a-z]\b|american depositary|depositary|ordinary|common|"
    r"units? of|shares? of|capital stock|subordinate voting|ads\b).*$",
    re.IGNORECASE,
)
_FORMS = {
    "incorporated": "inc",
    "corporation": "corp",
    "company": "co",
    "companies": "cos",
    "limited": "ltd",
    "international": "intl",
    "holding": "holdings",
    "hldgs": "holdings",
    "hldg": "holdings",
    "grp": "group",
    "technologies": "technology",
    "tech": "technology",
    "pharma": "pharmaceuticals",
    "pharmaceutical": "pharmaceuticals",
    "financial": "finl",
    "and": "",
    "the": "",
    "of": "",
}
_LEGAL = frozenset(
    ["inc", "corp", "co", "ltd", "plc", "sa", "nv", "ag", "lp", "llc", "se", "ab", "spa", "trust"]
)


@dataclass(frozen=True, slots=True)
class Company:
    """The company that a name means: its place in the list, and how sure 0..1 that is."""

    place: int
    score: float


def company_words(name: str) -> list[str]:
    """Return the words of a company's name, its legal forms as the SEC shortens them."""
    found = words(_SECURITY.sub("", name.strip()).strip(" ,") or name)
    return [short for word in found if (short := _FORMS.get(word, word))]


def core(name: str) -> str:
    """Return the name without legal forms, its words joined."""
    found = company_words(name)
    while len(found) > 1 and found[-1] in _LEGAL:
        found.pop()
    return "".join(found)


class CompanyIndex:
    """Companies by name; built once from names whose places are given back."""

    def __init__(self, names: Sequence[str]) -> None:
        self._words = [" ".join(company_words(name)) for name in names]
        self._exact: dict[str, list[int]] = defaultdict(list)
        self._cores: dict[str, list[int]] = defaultdict(list)
        for place, name in enumerate(names):
            self._exact[self._words[place]].append(place)
            self._cores[core(name)].append(place)
        self._alike = NgramIndex(self._words)

    def find(self, name: str) -> Company | None:
        """Return the company that `name` means most likely; take it as known from `SURE_FROM`."""
        text = " ".join(company_words(name))
        for known, key, score in ((self._exact, text, 1.0), (self._cores, core(name), 0.95)):
            places = known.get(key, [])
            if len(places) == 1:
                return Company(places[0], score)
            if places:
                best = max(places, key=lambda place: fuzz.ratio(text, self._words[place]))
                return Company(best, score if known is self._exact else 0.75)
        found = [
            Company(place, round(0.94 * (0.6 * cosine + 0.4 * self._likeness(text, place)), 4))
            for place, cosine in self._alike.candidates(text, _CANDIDATES, rare=60)
        ]
        return max(found, key=lambda company: company.score, default=None)

    def _likeness(self, text: str, place: int) -> float:
        return float(fuzz.token_sort_ratio(text, self._words[place])) / 100
