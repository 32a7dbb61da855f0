"""The brands that are known and every name that they go by."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from myriad.products.kamioi.mapping.normalising import without_domain, words
from myriad.products.kamioi.mapping.trades import trades_of

EVERYWHERE = "001"
LONGEST_ALIAS_WORDS = 6
ORDINARY_FROM = 3


@dataclass(frozen=True, slots=True)
class Brand:
    """A name that people buy under.

    `key` is Wikidata's id, or the name's slug where it has none. `countries` are ISO codes in lower
    case, `001` for the world. `popularity` counts in how many trades and under how many names it is
    known: the prior when two brands share a name.
    """

    key: str
    name: str
    qid: str | None = None
    categories: frozenset[str] = frozenset()
    countries: frozenset[str] = frozenset({EVERYWHERE})
    popularity: int = 1
    source: str = "curated"
    aliases: tuple[str, ...] = ()
    trades: frozenset[str] = field(default=frozenset(), compare=False)

    def is_in(self, country: str | None) -> bool:
        """Whether the brand is met in `country` (ISO, lower case); None asks nothing."""
        return country is None or EVERYWHERE in self.countries or country in self.countries


def slug(name: str) -> str:
    """Return the key of a brand that has no Wikidata id."""
    return "-".join(words(name)) or name.casefold()


def alias_key(name: str) -> str:
    """Return under what a name is looked up: its words without what is between them."""
    return "".join(words(name))


def _keys(names: Iterable[str]) -> frozenset[str]:
    return frozenset(alias_key(form) for name in names for form in (name, without_domain(name)))


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in the dictionary: whose it may be, the most popular first.

    `words` are in how many words it is written: `h&m` is one, `h & m` two.
    """

    words: frozenset[int]
    brands: tuple[int, ...]


class BrandBook:
    """Every brand and a dictionary of their names; built once, then only read.

    `stated` are the names that are curated; without them all names of a curated brand are.
    """

    def __init__(
        self,
        brands: Iterable[Brand],
        places: Iterable[str] = (),
        stated: Iterable[str] | None = None,
    ) -> None:
        self.brands = tuple(brands)
        self.trades = tuple(brand.trades or trades_of(brand.categories) for brand in self.brands)
        self.places = frozenset(" ".join(words(place)) for place in places)
        self.place_beginnings = frozenset(place.partition(" ")[0] for place in self.places)
        owners: dict[str, dict[int, int]] = defaultdict(dict)
        lengths: dict[str, set[int]] = defaultdict(set)
        # A name in words, for what compares names as they are written, and its key.
        self.names: dict[str, str] = {}
        for index, brand in enumerate(self.brands):
            given = {brand.name, *brand.aliases}
            # Statements lose the endings of addresses, and so must the names that they are met with.
            for alias in given | {without_domain(name) for name in given if "." in name}:
                self._enter(owners, lengths, index, alias)
        self.entries = {
            key: Entry(frozenset(lengths[key]), self._by_popularity(found))
            for key, found in owners.items()
        }
        self._stated = None if stated is None else _keys(stated)
        self.ordinary = self._ordinary()
        names = {name: key for name, key in self.names.items() if self._is_curated(key)}
        self._curated = sorted(set(names.values()))
        self.curated_beginnings = frozenset(name.partition(" ")[0] for name in names)

    def _is_curated(self, key: str) -> bool:
        is_curated = self.brands[self.entries[key].brands[0]].source == "curated"
        return is_curated and (self._stated is None or key in self._stated)

    def _enter(
        self,
        owners: dict[str, dict[int, int]],
        lengths: dict[str, set[int]],
        index: int,
        alias: str,
    ) -> None:
        parts = words(alias)
        key = "".join(parts)
        if len(key) < 2 or len(parts) > LONGEST_ALIAS_WORDS:
            return
        self.names[" ".join(parts)] = key
        own = key == alias_key(self.brands[index].name)
        owners[key][index] = max(owners[key].get(index, 0), 2 if own else 1)
        lengths[key].add(len(parts))

    def _ordinary(self) -> frozenset[str]:
        """Return the words that many brands have in their names: they tell nobody apart.

        "Castle", "National" and "Home" are brands too, but a string that begins so is more often
        something else. What is curated is meant to be found by its names.
        """
        spread: Counter[str] = Counter()
        for brand in self.brands:
            spread.update(set(words(brand.name)))
        return frozenset(
            key
            for key in self.entries
            if not self._is_curated(key) and (len(key) <= 2 or spread[key] > ORDINARY_FROM)
        )

    def _by_popularity(self, found: dict[int, int]) -> tuple[int, ...]:
        def rank(index: int) -> tuple[bool, int, int]:
            brand, is_own = self.brands[index], found[index] > 1
            # What is curated under a name goes before everybody for whom it is one alias of many.
            first = is_own and brand.source == "curated"
            return not first, -found[index] * brand.popularity, index

        return tuple(sorted(found, key=rank))

    def beginning_with(self, key: str) -> Entry | None:
        """Return the curated name that begins with `key`, or None where it begins none or several."""
        place = bisect_right(self._curated, key)
        names = []
        while place < len(self._curated) and self._curated[place].startswith(key):
            names.append(self.entries[self._curated[place]])
            place += 1
        brands = {entry.brands[0] for entry in names}
        return names[0] if len(brands) == 1 else None

    def find(self, name: str) -> Brand | None:
        """Return the most popular brand that goes by `name`."""
        entry = self.entries.get(alias_key(name))
        return self.brands[entry.brands[0]] if entry else None
