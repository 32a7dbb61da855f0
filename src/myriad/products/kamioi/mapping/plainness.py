"""Names of brands that are ordinary words, surnames or places, and what may stand behind them.

"Target" begins the names of many firms; "Starbucks" begins none but its own. Behind an ordinary word
no word may follow that begins another name ("Target shooting"), and behind that of a company without
shops only how it is paid, or where it sits ("Delta fee Atlanta").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from myriad.products.kamioi.mapping.normalising import STATES

# Names of so few letters are the beginnings and initials of anybody.
_SHORT = 3
# A company of none of these trades has no shops, and nobody writes into which of them one went.
_WITH_SHOPS = frozenset(
    {"shop", "food", "fuel", "hotel", "leisure", "fitness", "beauty", "news", "parking"}
)


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists of `plain_words.txt`."""

    plain: frozenset[str]
    beginnings: frozenset[str]
    behind: frozenset[str]
    roads: frozenset[str]
    shops: frozenset[str]
    alone: frozenset[str]


@cache
def load_lists() -> Lists:
    """Return the lists; each is read once."""
    text = files("myriad.products.kamioi.mapping").joinpath("plain_words.txt").read_text("utf-8")
    found: dict[str, set[str]] = {}
    current: set[str] = set()
    for line in text.splitlines():
        if line.endswith(":"):
            current = found.setdefault(line.removesuffix(":"), set())
        elif not line.startswith("#"):
            current.update(line.split())
    return Lists(
        frozenset(found["plain names"]),
        frozenset(found["beginnings of other names"]),
        frozenset(found["sums and bills"]),
        frozenset(found["roads"]),
        frozenset(found["shops"]),
        frozenset(found["names that stand alone"]),
    )


def is_plain(name: Sequence[str]) -> bool:
    """Whether a name (its words) is an ordinary word, or too short to be anybody's own."""
    return len(name) == 1 and (len(name[0]) <= _SHORT or name[0] in load_lists().plain)


def says_nothing(name: Sequence[str]) -> bool:
    """Whether all words of a name are what any shop may call itself ("coffee company")."""
    return load_lists().shops.issuperset(name)


def without_roads(words: Sequence[str]) -> list[str]:
    """Return `words` but for those that a word for a road follows: "church street" is no church."""
    roads = load_lists().roads
    return [
        word
        for place, word in enumerate(words)
        if place + 1 == len(words) or words[place + 1] not in roads
    ]


def as_plain(trades: frozenset[str]) -> frozenset[str]:
    """Return the trades for which an ordinary word vouches: of a shop so named, fuel and no more."""
    return trades - {"shop", "online"} | ({"mart"} if "shop" in trades else set())


def sits_behind(word: str) -> bool:
    """Whether a word tells how something is paid or where it sits, and is no part of a name."""
    known = word in load_lists().behind or word in STATES
    return known or any(mark.isdigit() for mark in word)


def begins_another(name: Sequence[str], after: Sequence[str], trades: frozenset[str]) -> str | None:
    """Return the word right behind an ordinary name that makes it another's, or None."""
    if not after or name[0] in after:
        return None
    word = after[0]
    if trades & _WITH_SHOPS and name[0] not in load_lists().alone:
        is_road = len(after) > 1 and after[1] in load_lists().roads
        return word if word in load_lists().beginnings and not is_road else None
    return None if sits_behind(word) else word


def unexplained(after: Sequence[str]) -> int:
    """Return how many words behind a name are neither payment, place, road nor kind of shop.

    Behind an ordinary word they may be a place that no list holds, or somebody else's name.
    """
    known = load_lists()
    return sum(
        not (sits_behind(word) or word in known.roads or word in known.shops)
        for word in without_roads(after)
    )
