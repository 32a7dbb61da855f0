"""Which pairs are worth comparing: those that share at least one block.

A block is a set of records with the same key. Strong keys (e-mail, telephone, card) always give all
their pairs; weak keys give all pairs up to `WEAK_BLOCK` records and, above it, each record's nearest
neighbours in the order of names and birthdays (sorted neighbourhood, Hernandez and Stolfo 1995), so
that a block of two thousand Smiths costs time in proportion to its size. Whatever was thinned out is
told in the report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from myriad.products.keeper.matching.columns import Columns, Indexes, encode
from myriad.products.keeper.matching.normalise import Record

WEAK_BLOCK = 60
STRONG_BLOCK = 2_000
WINDOW = 12

_SOUND = str.maketrans(
    {
        **dict.fromkeys("bfpv", "1"),
        **dict.fromkeys("cgjkqsxz", "2"),
        **dict.fromkeys("dt", "3"),
        "l": "4",
        **dict.fromkeys("mn", "5"),
        "r": "6",
        **dict.fromkeys("aeiouyhw ", None),
    }
)


@dataclass(frozen=True, slots=True)
class Thinned:
    """A block that was too large for all its pairs; `records` is its size."""

    key: str
    records: int


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs of record numbers, left < right, each pair once and in ascending order."""

    left: Indexes
    right: Indexes
    thinned: tuple[Thinned, ...]


@lru_cache(maxsize=100_000)
def sound(word: str) -> str:
    """Return the first letter and the classes of the next consonants, after Russell's Soundex."""
    digits = word[1:].translate(_SOUND)
    kept = [d for i, d in enumerate(digits) if i == 0 or d != digits[i - 1]]
    return word[:1] + "".join(kept)[:3]


def _join(*parts: str) -> str:
    return "|".join(parts) if all(parts) else ""


def _names_by_sound(record: Record) -> str:
    return _join(*sorted((sound(record.given), sound(record.family))))


def _address_beginnings(record: Record) -> str:
    return _join(*sorted((record.address_line[:5], record.address_extra[:5])))


def _year(birthday: str) -> str:
    return "" if birthday[:4] == "0000" else birthday[:4]


WEAK_KEYS: dict[str, Callable[[Record], str]] = {
    "family name": lambda r: r.family,
    "names by sound": _names_by_sound,
    "birthday": lambda r: r.birthday,
    "day of birth and initial": lambda r: _join(r.birthday[4:], r.given[:1]),
    "month of birth and family name by sound": lambda r: _join(
        _year(r.birthday), r.birthday[4:6], sound(r.family)
    ),
    "year of birth and given name": lambda r: _join(_year(r.birthday), r.given),
    "year of birth and street number": lambda r: _join(_year(r.birthday), r.street_number),
    "postcode": lambda r: r.postcode,
    "suburb": lambda r: r.suburb,
    "street": lambda r: r.address_line,
    "second address line": lambda r: r.address_extra,
    "street and second line by first letters": _address_beginnings,
    "given name and suburb by sound": lambda r: _join(r.given, sound(r.suburb)),
    "given name and street number": lambda r: _join(r.given, r.street_number),
    "e-mail before the at sign": lambda r: r.email.partition("@")[0],
    "last digits of the telephone": lambda r: r.phone[-7:],
}


def candidates(records: Sequence[Record], columns: Columns) -> Candidates:
    """Return every pair that shares a block; the cost is in proportion to the pairs found."""
    order = _neighbour_order(records)
    found: list[Indexes] = []
    thinned: list[Thinned] = []
    for key, members, codes, limit in _blocks(records, columns):
        pairs, large = _pairs(members, codes, order, limit, columns.size)
        found.append(pairs)
        thinned.extend(Thinned(key, size) for size in large)
    merged = np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.int64)
    left, right = np.divmod(merged, max(columns.size, 1))
    return Candidates(left, right, tuple(thinned))


def _blocks(
    records: Sequence[Record], columns: Columns
) -> Iterator[tuple[str, Indexes, Indexes, int]]:
    everyone = np.arange(columns.size, dtype=np.int64)
    for field in ("email", "phone"):
        yield field, everyone, columns.text[field].codes, STRONG_BLOCK
    yield "card", columns.card_records, columns.card_codes, STRONG_BLOCK
    for key, of in WEAK_KEYS.items():
        yield key, everyone, encode([of(r) for r in records]).codes, WEAK_BLOCK


def _neighbour_order(records: Sequence[Record]) -> Indexes:
    """Return the place of each record when sorted by names and birthday."""
    by_name = sorted(
        range(len(records)),
        key=lambda i: (records[i].family, records[i].given, records[i].birthday, i),
    )
    place = np.empty(len(records), dtype=np.int64)
    place[by_name] = np.arange(len(records), dtype=np.int64)
    return place


def _pairs(
    members: Indexes, codes: Indexes, order: Indexes, limit: int, size: int
) -> tuple[Indexes, list[int]]:
    """Return the pairs of all blocks of one key as left * size + right, and the thinned sizes."""
    keep = codes >= 0
    members, codes = members[keep], codes[keep]
    by_block = np.lexsort((order[members], codes))
    members, codes = members[by_block], codes[by_block]
    sizes = np.bincount(codes) if len(codes) else np.zeros(0, dtype=np.int64)
    sizes = sizes[sizes > 0]
    ends = np.repeat(np.cumsum(sizes), sizes)
    reach = ends - 1 - np.arange(len(members), dtype=np.int64)
    reach = np.where(np.repeat(sizes, sizes) > limit, np.minimum(reach, WINDOW), reach)
    first = np.repeat(np.arange(len(members), dtype=np.int64), reach)
    starts = np.repeat(np.cumsum(reach) - reach, reach)
    second = first + 1 + np.arange(len(first), dtype=np.int64) - starts
    a, b = members[first], members[second]
    pairs = np.minimum(a, b) * size + np.maximum(a, b)
    return pairs[a != b], [int(s) for s in sizes[sizes > limit]]
