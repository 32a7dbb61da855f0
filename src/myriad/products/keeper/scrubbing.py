"""Taking a person's words out of texts and JSON, without touching what others are called.

Strong words (full name, e-mail, phone, address, card sign, ids) go wherever they stand. Weak words
(a given or family name alone, a postcode) go only beside a strong one, or beside the person's id
here, in the same JSON object, for alone they belong to many.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

MARK = "[erased]"
_SHORTEST_STRONG = 4
_SHORTEST_WEAK = 2


@dataclass(frozen=True)
class Words:
    """What a person is called: `strong` words name them alone, `weak` ones only in company.

    `ids` are our own: they tell whom an object speaks of, and stay, for they lead nowhere.
    """

    strong: frozenset[str]
    weak: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        strong: Iterable[str | None],
        weak: Iterable[str | None] = (),
        ids: Iterable[str] = (),
    ) -> Words:
        """Keep what is long enough to name somebody; a short strong word counts as weak."""
        given = {text.strip() for text in strong if text and text.strip()}
        kept = {text for text in given if len(text) >= _SHORTEST_STRONG}
        light = {text.strip() for text in weak if text and text.strip()} | (given - kept)
        company = frozenset(text for text in light if len(text) >= _SHORTEST_WEAK)
        return cls(frozenset(kept), company, frozenset(ids))

    @cached_property
    def needles(self) -> list[str]:
        """What to search for: strong words in small letters, also as JSON writes them, and ids."""
        plain = {text.lower() for text in self.strong}
        written = {json.dumps(text, ensure_ascii=False)[1:-1] for text in plain}
        return sorted(plain | written | self.ids)

    @cached_property
    def _strong(self) -> re.Pattern[str]:
        return _pattern(self.strong)

    @cached_property
    def _any(self) -> re.Pattern[str]:
        return _pattern(self.strong | self.weak)

    def scrub(self, node: Any) -> Any:
        """Return a text, list or JSON value without the person's words."""
        return self._scrub(node, self._strong)

    def _scrub(self, node: Any, pattern: re.Pattern[str]) -> Any:
        if isinstance(node, str):
            return pattern.sub(MARK, node)
        if isinstance(node, list):
            return [self._scrub(item, pattern) for item in node]
        if isinstance(node, Mapping):
            about = any(self._speaks_of(value) for value in node.values())
            inner = self._any if about else pattern
            return {
                pattern.sub(MARK, str(key)): self._scrub(value, inner)
                for key, value in node.items()
            }
        return node

    def _speaks_of(self, value: Any) -> bool:
        return isinstance(value, str) and (
            value in self.ids or self._strong.search(value) is not None
        )


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    ordered = sorted(words, key=len, reverse=True)
    if not ordered:
        return re.compile(r"(?!)")
    found = "|".join(re.escape(word) for word in ordered)
    return re.compile(rf"(?<!\w)(?:{found})(?!\w)", re.IGNORECASE)
