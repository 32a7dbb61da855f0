"""Brands out of files: the name-suggestion index, and what is curated put over it."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from myriad.products.kamioi.errors import FactFileError
from myriad.products.kamioi.facts.curated import Curated, CuratedBrand
from myriad.products.kamioi.mapping.brands import EVERYWHERE, Brand, alias_key, slug
from myriad.products.kamioi.mapping.normalising import words

NSI_COLUMNS = ("category", "display_name", "brand", "wikidata", "locations", "aliases")
_NAMES = ("display_name", "brand", "brand_en", "name", "short_name", "alt_name", "official_name")
Refuse = Callable[[int, str, str], None]


@dataclass(slots=True)
class _Growing:
    names: Counter[str] = field(default_factory=Counter)
    aliases: set[str] = field(default_factory=set)
    categories: set[str] = field(default_factory=set)
    countries: set[str] = field(default_factory=set)
    qid: str | None = None


def read_rows(path: Path, columns: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line, row) of a CSV file; raises FactFileError without the columns that are needed."""
    try:
        file = path.open(encoding="utf-8-sig", newline="")
    except OSError as error:
        raise FactFileError(f"{path}: {error.strerror}; give the path of a CSV file") from None
    with file:
        reader = csv.DictReader(line.replace("\0", "") for line in file)
        missing = set(columns) - set(reader.fieldnames or ())
        if missing:
            raise FactFileError(f"{path.name} has no column {', '.join(sorted(missing))}")
        for row in reader:
            yield reader.line_num, {key: value or "" for key, value in row.items() if key}


def read_nsi(
    path: Path,
    refuse: Refuse,
    replacements: Mapping[str, str] | None = None,
    with_aliases: bool = True,
) -> list[Brand]:
    """Return the brands of `nsi_brands.csv`, one for each Wikidata id.

    Several rows of one brand become one; `replacements` sends an id that was merged to the one that
    stands for it now. A row without a name is given to `refuse(line, reason, row)`.
    """
    grown: dict[str, _Growing] = {}
    for line, row in read_rows(path, NSI_COLUMNS):
        name = row["brand"] or row["display_name"]
        if not alias_key(name):
            refuse(line, "the brand has no name", json.dumps(row, ensure_ascii=False))
            continue
        qid = row["wikidata"] or None
        qid = (replacements or {}).get(qid, qid) if qid else None
        _grow(grown.setdefault(qid or slug(name), _Growing(qid=qid)), row, name, with_aliases)
    return [_brand(key, one) for key, one in grown.items()]


def _grow(one: _Growing, row: dict[str, str], name: str, with_aliases: bool) -> None:
    one.names[name] += 1
    for column in _NAMES:
        one.aliases.update(part.strip() for part in row.get(column, "").split(";") if part.strip())
    if with_aliases:
        one.aliases.update(alias for alias in row["aliases"].split("|") if alias)
    one.categories.add(row["category"].removeprefix("brands/"))
    places = (place.partition("-")[0] for place in row["locations"].split("|") if place)
    one.countries.update(place for place in places if place)


def _brand(key: str, one: _Growing) -> Brand:
    # One id may stand under names in several scripts; statements are written in Latin letters.
    name = max(one.names, key=lambda given: (given.isascii(), one.names[given], given))
    return Brand(
        key=key,
        name=name,
        qid=one.qid,
        categories=frozenset(one.categories),
        countries=frozenset(one.countries or {EVERYWHERE}),
        popularity=sum(one.names.values()) + (3 if EVERYWHERE in one.countries else 0),
        source="nsi",
        aliases=tuple(sorted(one.aliases)),
    )


def read_replacements(path: Path) -> dict[str, str]:
    """Return which Wikidata id stands for one that was merged away (`nsi_replacements.json`)."""
    try:
        tree = json.loads(path.read_text("utf-8"))["replacements"]
        return {old: new["wikidata"] for old, new in tree.items() if new.get("wikidata")}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FactFileError(f"{path.name} is no list of replacements: {error}") from None


def with_curated(brands: Iterable[Brand], curated: Curated) -> list[Brand]:
    """Return `brands` with what is curated: names put right, aliases added, brands folded in."""
    found = list(brands)
    by_name: dict[str, list[Brand]] = {}
    for brand in found:
        by_name.setdefault(alias_key(brand.name), []).append(brand)
    gone: set[str] = set()
    made: list[Brand] = []
    for one in curated.brands:
        # Of several of that name the most popular is meant; the others are other firms elsewhere.
        same = sorted(by_name.get(alias_key(one.name), []), key=lambda brand: -brand.popularity)[:1]
        folded = [brand for name in _folds(one) for brand in by_name.get(alias_key(name), [])]
        parts = [brand for brand in (*same, *folded) if brand.key not in gone]
        gone.update(brand.key for brand in parts)
        base = parts[0] if parts else None
        made.append(
            Brand(
                key=base.key if base else slug(one.name),
                name=one.name,
                qid=base.qid if base else None,
                categories=frozenset(one.category.split("|")).union(*(p.categories for p in parts)),
                countries=one.countries.union(*(p.countries for p in parts)),
                popularity=10 + sum(part.popularity for part in parts),
                aliases=tuple(
                    sorted({*one.aliases, *one.folds, *(a for p in parts for a in p.aliases)})
                ),
            )
        )
    return [*made, *(brand for brand in found if brand.key not in gone)]


def _folds(one: CuratedBrand) -> list[str]:
    """Return the names under which other files' brands count as this one.

    A further name of several words is nobody else's; one word may be ("Acme").
    """
    return [*one.folds, *(name for name in one.aliases if len(words(name)) > 1)]
