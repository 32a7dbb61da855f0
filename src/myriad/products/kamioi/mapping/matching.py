"""From a string to a brand by rules alone: names, then names written alike, else nothing.

A brand is decided only by a name of its own at the beginning of the string (or at its end, when the
name is long, or glued to a reference), met in the member's country and not spoken against by the
words that follow. Everything else becomes candidates, for a model with a closed list or a person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, NamedTuple

from myriad.kit.lazy import lazily
from myriad.products.kamioi.mapping.brands import LONGEST_ALIAS_WORDS, BrandBook, Entry
from myriad.products.kamioi.mapping.ngrams import CANDIDATES, NgramIndex
from myriad.products.kamioi.mapping.normalising import Normal, normalize
from myriad.products.kamioi.mapping.plainness import (
    as_plain,
    begins_another,
    is_plain,
    says_nothing,
    sits_behind,
    unexplained,
    without_roads,
)
from myriad.products.kamioi.mapping.trades import contradicts, trade_of_codes

fuzz: Any = lazily("rapidfuzz.fuzz")

# A processor's name itself is a merchant only when nothing follows it.
PROXIES = frozenset({"paypal", "square", "toast", "stripe", "klarna"})
TILLS = frozenset({"square", "toast", "klarna"})
_TWO_DIGITS = re.compile(r"\d.*\d")
_GLUED = 6
_TAIL = 6
_JOINED = 5
_CUT = 3
_CUT_NAME = 8
RAREST = 40
_FILLING = frozenset(
    {
        "ltd",
        "limited",
        "plc",
        "uk",
        "gb",
        "co",
        "inc",
        "llc",
        "ebay",
        "online",
        "store",
        "stores",
        "retail",
    }
)


class Match(NamedTuple):
    """What a string stands for.

    `brand` is the brand's position in the book, None when nothing is decided. `score` 0..1 is
    uncalibrated. `name` is the name that was found. `candidates` are (position, likeness), best
    first; `why` says in words how it came about.
    """

    normal: Normal
    brand: int | None
    score: float
    method: str
    name: str = ""
    why: str = ""
    candidates: tuple[tuple[int, float], ...] = ()


class _Found(NamedTuple):
    entry: Entry
    start: int
    end: int
    name: str
    method: str
    glued: bool = False
    cut: bool = False

    @property
    def entry_key(self) -> str:
        """Under what the name is looked up."""
        return self.name.replace(" ", "")


@dataclass(slots=True)
class Matcher:
    """Matches strings against one book; as fast for one as for many."""

    book: BrandBook
    _index: NgramIndex | None = None
    _whose: list[tuple[int, ...]] = field(default_factory=list)

    def match(
        self,
        raw: str,
        *,
        category: str | None = None,
        mcc: str | None = None,
        country: str | None = None,
        with_candidates: bool = False,
    ) -> Match:
        """Return what `raw` stands for in `country` (ISO, lower case; None: anywhere)."""
        normal = normalize(raw)
        return self.match_normal(
            normal, trade_of_codes(category, mcc), country, with_candidates=with_candidates
        )

    def match_normal(
        self,
        normal: Normal,
        trade: str | None = None,
        country: str | None = None,
        *,
        with_candidates: bool = False,
    ) -> Match:
        """Return what a normal form stands for; `trade` is what its codes say, when they do."""
        words = normal.norm.split()
        reason = "no brand has a name like this"
        for found in self._found(words, normal):
            if found.entry_key in self.book.ordinary and not self._is_whole(found, words):
                reason = f"“{found.name}” is an ordinary word here"
                continue
            brand, problem = self._choose(found, words, trade, country)
            if brand is not None:
                return self._decided(normal, words, found, brand)
            reason = problem
        candidates = self.candidates(normal.norm, country) if with_candidates else ()
        return Match(normal, None, 0.0, "none", "", reason, candidates)

    def _found(self, words: list[str], normal: Normal) -> list[_Found]:
        """Return the names in a string in the order in which they are to be believed."""
        skip = self._place(words) if words[0] in self.book.place_beginnings else 0
        is_proxied = normal.processor in PROXIES
        found = (
            self._prefixes(words) if not skip else self._tails(words, skip, 4, behind_place=True)
        )
        if is_proxied:
            # The name of an account with a processor is free text: all of it must be a brand's.
            return [one for one in found if self._is_account(one, words, normal.processor)]
        if not found and not skip:
            may_be_cut = words[0] in self.book.curated_beginnings
            found = self._glued(words) or (self._cut(words) if may_be_cut else [])
            found = found or self._tails(words, 1, _TAIL)
        return found

    def _is_account(self, found: _Found, words: list[str], processor: str | None) -> bool:
        if self._is_whole(found, words):
            # Whoever opens an account with a wallet may call it by an ordinary word.
            is_till = processor in TILLS
            is_long = len(words[0]) >= _JOINED or (is_till and found.end > 1)
            return is_long and (is_till or not is_plain(words[: found.end]))
        # A till tells the name of its shop and where it stands.
        return (
            processor in TILLS
            and not found.start
            and len(found.entry_key) >= _GLUED
            and not is_plain(words[: found.end])
            and sits_behind(words[found.end])
        )

    @staticmethod
    def _is_whole(found: _Found, words: list[str]) -> bool:
        """Whether nothing but forms of companies and the like stands beside the name."""
        return not found.start and all(word in _FILLING for word in words[found.end :])

    def _place(self, words: list[str]) -> int:
        return next((n for n in (3, 2, 1) if " ".join(words[:n]) in self.book.places), 0)

    def _prefixes(self, words: list[str]) -> list[_Found]:
        # Five strings of six begin with no name: one look at all their beginnings tells that.
        if self.book.entries.keys().isdisjoint(accumulate(words[:LONGEST_ALIAS_WORDS])):
            return []
        found = []
        for end in range(min(len(words), LONGEST_ALIAS_WORDS), 0, -1):
            entry = self._entry(words[:end])
            if entry is not None:
                method = "exact" if end == len(words) else "prefix"
                found.append(_Found(entry, 0, end, " ".join(words[:end]), method))
        return found

    def _entry(self, part: list[str]) -> Entry | None:
        entry = self.book.entries.get("".join(part))
        if entry is None or len(part) in entry.words:
            return entry
        # "on e" is not the brand One: words are only joined when they are long, or single letters.
        joined = len("".join(part)) >= _JOINED or all(len(word) == 1 for word in part)
        return entry if joined else None

    def _cut(self, words: list[str]) -> list[_Found]:
        """Find a curated name of which the bank's column held no more than the beginning."""
        key = "".join(words)
        if len(words) < 2 or len(words[-1]) < _CUT or len(key) < _CUT_NAME:
            return []
        entry = self.book.beginning_with(key)
        if entry is None:
            return []
        return [_Found(entry, 0, len(words), " ".join(words), "prefix", cut=True)]

    def _tails(
        self, words: list[str], first: int, shortest: int, *, behind_place: bool = False
    ) -> list[_Found]:
        entries, key = self.book.entries, ""
        longest: list[_Found] = []
        for start in range(len(words) - 1, max(first, len(words) - LONGEST_ALIAS_WORDS) - 1, -1):
            key = words[start] + key
            if len(key) < shortest or key not in entries:
                continue
            part = words[start:]
            entry = self._entry(part)
            if entry is not None and self._may_end(part, entry, behind_place):
                longest = [_Found(entry, start, len(words), " ".join(part), "prefix")]
        return longest

    def _may_end(self, part: list[str], entry: Entry, behind_place: bool) -> bool:
        """Whether a name at the end of a string is one: "Brown Dog Coffee Company" is of no chain."""
        if self._is_curated(entry):
            return behind_place or not is_plain(part)
        return len(part) > 1 and not says_nothing(part)

    def _is_curated(self, entry: Entry) -> bool:
        return self.book.brands[entry.brands[0]].source == "curated"

    def _glued(self, words: list[str]) -> list[_Found]:
        """Find a name with a reference glued to it, as banks cut and join their columns."""
        first = words[0]
        if first.isalpha() or not _TWO_DIGITS.search(first):
            return []
        for end in range(len(first) - 1, _JOINED - 2, -1):
            entry = self.book.entries.get(first[:end])
            is_long = end >= _GLUED or first[end:].isdigit()
            if entry is not None and 1 in entry.words and is_long:
                return [_Found(entry, 0, 1, first[:end], "prefix", glued=True)]
        return []

    def _choose(
        self, found: _Found, words: list[str], trade: str | None, country: str | None
    ) -> tuple[int | None, str]:
        problem = ""
        after = words[found.end :]
        rest = without_roads(words[: found.start]) + without_roads(after) if len(words) > 1 else []
        name = words[found.start : found.end]
        plain = is_plain(name)
        for brand in found.entry.brands:
            known = self.book.brands[brand]
            trades = self.book.trades[brand]
            if not known.is_in(country):
                problem = f"{known.name} is not met in {country}"
            elif trade is not None and trade not in trades and not trades & {"shop", "online"}:
                problem = f"{known.name} does not sell {trade}"
            elif word := contradicts(rest, as_plain(trades) if plain else trades):
                problem = f"“{word}” speaks against {known.name}"
            elif plain and (word := begins_another(name, after, trades)):
                # Others who go by an ordinary word are meant by this string no more than the first.
                return None, f"“{word}” behind “{found.name}” begins another name"
            else:
                return brand, ""
        return None, problem

    def _decided(self, normal: Normal, words: list[str], found: _Found, brand: int) -> Match:
        letters = len(found.entry_key)
        total = max(letters, len("".join(words)))
        rivals = len(found.entry.brands)
        score = 0.5 * min(1.0, letters / 8) + 0.3 * letters / total + 0.2 / rivals
        score -= 0.15 * found.glued + 0.1 * bool(found.start) + 0.2 * found.cut
        if is_plain(words[found.start : found.end]):
            score -= 0.1 * min(3, unexplained(words[found.end :]))
        name = self.book.brands[brand].name
        where = "is" if found.method == "exact" else "begins with" if not found.start else "ends in"
        why = f"“{normal.norm}” {where} “{found.name}”, a name of {name}"
        if found.cut:
            why = f"“{normal.norm}” is as much as a bank's column holds of a name of {name}"
        return Match(normal, brand, round(max(score, 0.0), 4), found.method, found.name, why)

    def candidates(self, norm: str, country: str | None = None) -> tuple[tuple[int, float], ...]:
        """Return up to 20 (brand, likeness 0..1) whose names are written like `norm`."""
        index, alike_to = self._names(), fuzz.token_set_ratio
        best: dict[int, float] = {}
        for position, cosine in index.candidates(norm, 2 * CANDIDATES, rare=RAREST):
            likeness = (2 * cosine + alike_to(norm, index.names[position]) / 100) / 3
            for brand in self._whose[position]:
                if likeness > best.get(brand, -1.0) and self.book.brands[brand].is_in(country):
                    best[brand] = likeness
        ordered = sorted(best.items(), key=lambda item: (-item[1], item[0]))
        return tuple((brand, round(score, 4)) for brand, score in ordered[:CANDIDATES])

    def _names(self) -> NgramIndex:
        """Return the index of all names, which is built when a string first needs it."""
        if self._index is None:
            names = list(self.book.names)
            self._whose = [self.book.entries[key].brands for key in self.book.names.values()]
            self._index = NgramIndex(names)
        return self._index
