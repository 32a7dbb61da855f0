"""Comparing only what changed: what one full comparison leaves for the nights after it.

A pair of records that have not changed is scored by the same levels as before, so it need not be
found again: the pairs that were anywhere near are kept. A record that is new or has changed is
compared with everyone who shares a block. Texts are kept as digests of 64 bits, of which nobody can
be read. Where a block has grown so large that `blocking` would thin it, or values have become so
much rarer (or commoner, as a household shares them) that a pair far away might matter, there is no
shortcut.
"""

from __future__ import annotations

import hashlib
import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from myriad.products.keeper.matching.blocking import STRONG_BLOCK, WEAK_BLOCK, WEAK_KEYS
from myriad.products.keeper.matching.columns import (
    TEXT_FIELDS,
    Columns,
    Flags,
    Indexes,
    Scores,
    agreeing,
    columns,
)
from myriad.products.keeper.matching.fellegi_sunter import Model, score
from myriad.products.keeper.matching.fields import FIELDS
from myriad.products.keeper.matching.linkage import Compared
from myriad.products.keeper.matching.normalise import Record

Digests: TypeAlias = NDArray[np.uint64]

# A pair below this probability (13 bits under even odds) stays away from every decision ...
FAR = 1e-4
# ... while values have become rarer or commoner by fewer bits than that, over all fields.
MOST_DRIFT_BITS = 12.0
_ROUNDING_BITS = 0.01
_CERTAIN = 1 - 1e-12
_STRONG = (TEXT_FIELDS.index("email"), TEXT_FIELDS.index("phone"))
_BY_VALUE = tuple(TEXT_FIELDS.index(field.name) for field in FIELDS if field.by_value)
_ARRAYS = ("texts", "blocks", "card_records", "cards", "near", "odds_bits")


@dataclass(frozen=True, slots=True)
class Base:
    """n compared records: digests of their texts (n, fields) and weak blocks (n, keys), 0 unknown.

    `cards` (c) are digests of the cards of `card_records` (c); `near` (p, 2) the numbers of the
    pairs that are not far away from a decision, `odds_bits` (p) log2 of their odds.
    """

    texts: Digests
    blocks: Digests
    card_records: Indexes
    cards: Digests
    near: Indexes
    odds_bits: Scores

    @property
    def size(self) -> int:
        """The number of records."""
        return len(self.texts)

    def as_dict(self) -> dict[str, Any]:
        """The base as plain JSON values."""
        return {name: _packed(getattr(self, name)) for name in _ARRAYS}

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> Base:
        """Read what `as_dict` wrote."""
        return cls(*(_unpacked(facts[name]) for name in _ARRAYS))

    def only(self, kept: Flags) -> Base:
        """Return the records that are `kept` (n), and the pairs of two of them."""
        place = np.cumsum(kept) - 1
        cards, near = kept[self.card_records], kept[self.near].all(axis=1)
        return Base(
            self.texts[kept],
            self.blocks[kept],
            place[self.card_records[cards]],
            self.cards[cards],
            place[self.near[near]],
            self.odds_bits[near],
        )


def base_of(records: Sequence[Record], compared: Compared) -> Base | None:
    """Return what the next nights need of a full comparison; None where a block was thinned."""
    if compared.scored is None or compared.thinned:
        return None
    near = compared.scored.probability > FAR
    pairs = np.column_stack([compared.scored.left[near], compared.scored.right[near]])
    chance = np.minimum(compared.scored.probability[near], _CERTAIN)
    return _marked(records, pairs, np.log2(chance / (1 - chance)))


def _marked(records: Sequence[Record], near: Indexes, odds_bits: Scores) -> Base:
    texts = [[_digest(getattr(record, field)) for field in TEXT_FIELDS] for record in records]
    blocks = [[_digest(of(record)) for of in WEAK_KEYS.values()] for record in records]
    cards = [(place, _digest(card)) for place, r in enumerate(records) for card in r.cards]
    return Base(
        np.array(texts, dtype=np.uint64).reshape(len(records), len(TEXT_FIELDS)),
        np.array(blocks, dtype=np.uint64).reshape(len(records), len(WEAK_KEYS)),
        np.array([place for place, _ in cards], dtype=np.int64),
        np.array([card for _, card in cards], dtype=np.uint64),
        near.reshape(-1, 2).astype(np.int64),
        odds_bits,
    )


@dataclass(frozen=True, slots=True)
class Changed:
    """The pairs to score tonight: numbers below `kept.size` are kept records, the others new ones."""

    everyone: Base
    pairs: Indexes

    @property
    def records(self) -> list[int]:
        """The numbers of the records in any pair, in rising order."""
        return [int(number) for number in np.unique(self.pairs)]


def find_changed(before: Base, kept: Flags, new: Sequence[Record]) -> Changed | None:
    """Return the pairs that matter when only `kept` (n) of `before` are as they were.

    `new` are the records that were added or have changed. None where everything must be compared.
    """
    stayed, added = before.only(kept), _marked(new, np.zeros((0, 2), dtype=np.int64), np.zeros(0))
    everyone = Base(
        np.concatenate([stayed.texts, added.texts]),
        np.concatenate([stayed.blocks, added.blocks]),
        np.concatenate([stayed.card_records, added.card_records + stayed.size]),
        np.concatenate([stayed.cards, added.cards]),
        stayed.near,
        stayed.odds_bits,
    )
    drift = _drift_bits(before, everyone)
    if _is_crowded(everyone) or drift > MOST_DRIFT_BITS:
        return None
    # No other pair that stayed can have become likely.
    near = stayed.near[stayed.odds_bits > -drift - _ROUNDING_BITS]
    found = [_partners(everyone, number) for number in range(stayed.size, everyone.size)]
    return Changed(everyone, np.concatenate([near, *found]))


def compare_changed(
    changed: Changed, records: Sequence[Record], place: Mapping[int, int], model: Model
) -> Compared:
    """Score the pairs; `place` says where in `records` each number of `changed.records` stands."""
    table = _of_whole_list(columns(records), changed.everyone)
    pairs = np.array([(place[a], place[b]) for a, b in changed.pairs.tolist()], dtype=np.int64)
    if not len(pairs):
        return Compared(table, None, ())
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    return Compared(table, score(model, table, pairs[:, 0], pairs[:, 1]), ())


def _partners(everyone: Base, number: int) -> Indexes:
    """Return the pairs (p, 2) of a record and those that share a block with it."""
    strong = list(_STRONG)
    shared = _agree(everyone.blocks, number) | _agree(everyone.texts[:, strong], number)
    own = everyone.cards[everyone.card_records == number]
    shared[everyone.card_records[np.isin(everyone.cards, own)]] = True
    shared[number] = False
    others = np.flatnonzero(shared)
    return np.column_stack([others, np.full(others.size, number)])


def _agree(digests: Digests, number: int) -> Flags:
    own = digests[number]
    shared: Flags = ((digests == own) & (own != 0)).any(axis=1)
    return shared


def _is_crowded(everyone: Base) -> bool:
    """Whether a block is so large that not all of its pairs would be compared."""
    weak = max((_most(column) for column in everyone.blocks.T), default=0)
    strong = max(_most(everyone.texts[:, field]) for field in _STRONG)
    return weak > WEAK_BLOCK or max(strong, _most(everyone.cards)) > STRONG_BLOCK


def _most(digests: Digests) -> int:
    return int(_tally(digests)[1].max(initial=0))


def _tally(digests: Digests) -> tuple[Digests, Indexes]:
    """Return the distinct known digests, sorted, and how many records have each."""
    values, counts = np.unique(digests, return_counts=True)
    known = values != 0
    return values[known], counts[known].astype(np.int64)


def _drift_bits(before: Base, now: Base) -> float:
    """Return how much more or less agreements on values may tell than before, over all fields."""
    drift = 0.0
    for field in _BY_VALUE:
        then, thence = _tally(before.texts[:, field]), _tally(now.texts[:, field])
        _, first, second = np.intersect1d(then[0], thence[0], return_indices=True)
        # Nobody agrees on what a single record has.
        shared = thence[1][second] > 1
        others = [
            np.maximum(held[shared] - 1.0, 0.5) for held in (then[1][first], thence[1][second])
        ]
        drift += float(np.abs(np.log2(others[0] / others[1])).max(initial=0.0))
        drift += abs(float(np.log2(_usual(thence[1]) / _usual(then[1]))))
    return drift


def _usual(counts: Indexes) -> float:
    return max(2.0 * agreeing(counts) / max(int(counts.sum()), 1), 0.5)


def _of_whole_list(table: Columns, everyone: Base) -> Columns:
    """Let the columns of some records count the values of all."""
    text = {}
    for place, (field, column) in enumerate(table.text.items()):
        values, counts = _tally(everyone.texts[:, place])
        own = np.array([_digest(value) for value in column.values], dtype=np.uint64)
        whole = agreeing(counts), float(counts.sum())
        text[field] = replace(column, counts=counts[np.searchsorted(values, own)], whole=whole)
    return replace(table, text=text)


@lru_cache(maxsize=50_000)
def _digest(text: str) -> int:
    """Return 64 bits of a text's digest, never 0; 0 for an empty one."""
    if not text:
        return 0
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") or 1


def _packed(array: NDArray[Any]) -> dict[str, Any]:
    body = zlib.compress(np.ascontiguousarray(array).tobytes(), 1)
    return {"type": array.dtype.str, "shape": array.shape, "body": b64encode(body).decode()}


def _unpacked(facts: Mapping[str, Any]) -> NDArray[Any]:
    body = zlib.decompress(b64decode(facts["body"]))
    return np.frombuffer(body, dtype=np.dtype(facts["type"])).reshape(facts["shape"])
