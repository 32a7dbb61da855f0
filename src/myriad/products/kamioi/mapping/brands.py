"""The brands that are known and every name that they go by."""

from __future__ import annotations

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


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in the dictionary: whose it may be, the most popular first."""

    words: int
    brands: tuple[int, ...]


class BrandBook:
    """Every brand and a dictionary of their names; built once, then only read."""

    def __init__(self, brands: Iterable[Brand], places: Iterable[str] = ()) -> None:
        self.brands = tuple(brands)
        self.trades = tuple(brand.trades or trades_of(brand.categories) for brand in self.brands)
        self.places = frozenset(" ".join(words(place)) for place in places)
        self.place_beginnings = frozenset(place.partition(" ")[0] for place in self.places)
        owners: dict[str, dict[int, int]] = defaultdict(dict)
        lengths: dict[str, int] = {}
        # A name in words, for what compares names as they are written, and its key.
        self.names: dict[str, str] = {}
        for index, brand in enumerate(self.brands):
            given = {brand.name, *brand.aliases}
            # Statements lose the endings of addresses, and so must the names that they are met with.
            for alias in given | {without_domain(name) for name in given if "." in name}:
                self._enter(owners, lengths, index, alias)
        self.entries = {
            key: Entry(lengths[key], self._by_popularity(found)) for key, found in owners.items()
        }
        self.ordinary = self._ordinary()

    def _enter(
        self, owners: dict[str, dict[int, int]], lengths: dict[str, int], index: int, alias: str
    ) -> None:
        parts = words(alias)
        key = "".join(parts)
        if len(key) < 2 or len(parts) > LONGEST_ALIAS_WORDS:
            return
        self.names[" ".join(parts)] = key
        own = key == alias_key(self.brands[index].name)
        owners[key][index] = max(owners[key].get(index, 0), 2 if own else 1)
        lengths[key] = max(lengths.get(key, 0), len(parts))

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
            for key, entry in self.entries.items()
            if self.brands[entry.brands[0]].source != "curated"
            and (len(key) <= 2 or spread[key] > ORDINARY_FROM)
        )

    def _by_popularity(self, found: dict[int, int]) -> tuple[int, ...]:
        return tuple(
            sorted(
                found,
                key=lambda index: (-found[index] * self.brands[index].popularity, index),
            )
        )

    def find(self, name: str) -> Brand | None:
        """Return the most popular brand that goes by `name`."""
        entry = self.entries.get(alias_key(name))
        return self.brands[entry.brands[0]] if entry else None
