"""Records as columns: every distinct text once, and for every record the number of its text.

Comparing two persons then is comparing two small integers, and each pair of texts is measured once
however many pairs of persons share it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from myriad.products.keeper.matching.normalise import Record

Indexes: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]
Scores: TypeAlias = NDArray[np.float64]
Levels: TypeAlias = NDArray[np.int8]
Texts: TypeAlias = NDArray[np.object_]
Digests: TypeAlias = NDArray[np.uint64]

TEXT_FIELDS = (
    "given",
    "family",
    "generation",
    "email",
    "phone",
    "birthday",
    "street_number",
    "address_line",
    "address_extra",
    "suburb",
    "postcode",
    "state",
)


@dataclass(frozen=True, slots=True)
class Column:
    """One text field of n records.

    `codes` (n) points into `values` (k, sorted) and is -1 where the text is unknown; `counts` (k)
    says how many records have each value. Where these records are a part of a list, `counts` are
    those of the whole list, and `whole` is its (agreeing pairs, records that know the field).
    """

    values: Texts
    codes: Indexes
    counts: Indexes
    whole: tuple[float, float] | None = None

    def feature(self, of: Callable[[str], str]) -> Indexes:
        """Return a number (k) per value, equal for values of which `of` says the same; "" is -1."""
        return encode([of(value) for value in self.values]).codes

    @property
    def known(self) -> int:
        """The number of records in which the field is known."""
        return int(self.whole[1] if self.whole else self.counts.sum())

    @property
    def agreeing(self) -> float:
        """The number of pairs of records with the same value."""
        return self.whole[0] if self.whole else agreeing(self.counts)


def agreeing(counts: Indexes) -> float:
    """The number of pairs of records with the same value, from the number of records of each."""
    held = counts.astype(np.float64)
    return float((held * (held - 1.0)).sum() / 2.0)


@dataclass(frozen=True, slots=True)
class Columns:
    """All records of one account, by field; cards are (record, fingerprint) incidences."""

    ids: tuple[str, ...]
    text: dict[str, Column]
    card_records: Indexes
    card_codes: Indexes
    has_card: Flags

    @property
    def size(self) -> int:
        """The number of records."""
        return len(self.ids)


@lru_cache(maxsize=50_000)
def digest_of(text: str) -> int:
    """Return 64 bits of a text's digest, never 0; 0 for an empty one."""
    if not text:
        return 0
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") or 1


def encode(texts: Sequence[str]) -> Column:
    """Number the distinct texts in sorted order; the empty text is -1."""
    values = sorted(set(texts) - {""})
    number = {value: code for code, value in enumerate(values)}
    codes = np.fromiter((number.get(t, -1) for t in texts), dtype=np.int64, count=len(texts))
    counts = np.bincount(codes[codes >= 0], minlength=len(values)).astype(np.int64)
    held = np.empty(len(values), dtype=np.object_)
    held[:] = values
    return Column(held, codes, counts)


def columns(records: Sequence[Record]) -> Columns:
    """Turn records into columns; the order of the records is kept."""
    text = {field: encode([getattr(r, field) for r in records]) for field in TEXT_FIELDS}
    incidences = [(i, card) for i, r in enumerate(records) for card in r.cards]
    cards = encode([card for _, card in incidences])
    return Columns(
        ids=tuple(r.id for r in records),
        text=text,
        card_records=np.array([i for i, _ in incidences], dtype=np.int64),
        card_codes=cards.codes,
        has_card=np.array([bool(r.cards) for r in records], dtype=np.bool_),
    )


def on_distinct(
    column: Column,
    left: Indexes,
    right: Indexes,
    measure: Callable[[Column, Indexes, Indexes], Scores],
) -> Scores:
    """Measure each distinct unordered pair of texts once and hand the answer to all its pairs.

    `left` and `right` (n) are codes of `column`, none of them -1. The smaller code stands first, so
    that a pair of persons has the same score from both sides.
    """
    if len(left) == 0:
        return np.zeros(0)
    low, high = np.minimum(left, right), np.maximum(left, right)
    keys, inverse = np.unique(low * len(column.values) + high, return_inverse=True)
    first, second = np.divmod(keys, len(column.values))
    answer: Scores = measure(column, first, second)[inverse]
    return answer
