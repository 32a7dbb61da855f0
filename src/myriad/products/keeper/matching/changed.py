"""Comparing only what changed: what one full comparison leaves for the nights after it.

A pair of records that have not changed is scored as before, by the same levels and by the
frequencies that its model holds, so it need not be found again: the pairs that may be linked are
kept. A record that is new or has changed is compared with everyone who shares a block. Deciding
looks at whole groups of likely pairs, so those are decided again in which a record came, went,
changed or has other bookings. Texts are kept as digests of 64 bits, of which nobody can be read.
Where a block has grown so large that `blocking` would thin it, or values have become much commoner
than the model knows them, there is no shortcut.
"""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from myriad.products.keeper.matching.blocking import STRONG_BLOCK, WEAK_BLOCK, WEAK_KEYS
from myriad.products.keeper.matching.chains import LIKELY
from myriad.products.keeper.matching.columns import (
    TEXT_FIELDS,
    Columns,
    Digests,
    Flags,
    Indexes,
    agreeing,
    columns,
    digest_of,
)
from myriad.products.keeper.matching.fellegi_sunter import score
from myriad.products.keeper.matching.linkage import Compared
from myriad.products.keeper.matching.model import Model, Scored
from myriad.products.keeper.matching.normalise import Record

# A pair below even odds stays away from every decision; the rest is for rounding.
NEAR = LIKELY - 1e-3
_STRONG = (TEXT_FIELDS.index("email"), TEXT_FIELDS.index("phone"))
_ARRAYS = ("texts", "blocks", "card_records", "cards", "near")


@dataclass(frozen=True, slots=True)
class Base:
    """n compared records: digests of their texts (n, fields) and weak blocks (n, keys), 0 unknown.

    `cards` (c) are digests of the cards of `card_records` (c); `near` (p, 2) the numbers of the
    likely pairs.
    """

    texts: Digests
    blocks: Digests
    card_records: Indexes
    cards: Digests
    near: Indexes

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
        )

    def joined(self, added: Base) -> Base:
        """Return these records and then `added`, whose numbers follow."""
        return Base(
            np.concatenate([self.texts, added.texts]),
            np.concatenate([self.blocks, added.blocks]),
            np.concatenate([self.card_records, added.card_records + self.size]),
            np.concatenate([self.cards, added.cards]),
            np.concatenate([self.near, added.near + self.size]),
        )


def base_of(records: Sequence[Record], compared: Compared) -> Base | None:
    """Return what the next nights need of a full comparison; None where a block was thinned."""
    if compared.scored is None or compared.thinned:
        return None
    return _marked(records, _near(compared.scored))


def _near(scored: Scored) -> Indexes:
    near = scored.probability > NEAR
    return np.column_stack([scored.left[near], scored.right[near]])


def _marked(records: Sequence[Record], near: Indexes) -> Base:
    texts = [[digest_of(getattr(record, field)) for field in TEXT_FIELDS] for record in records]
    blocks = [[digest_of(of(record)) for of in WEAK_KEYS.values()] for record in records]
    cards = [(place, digest_of(card)) for place, r in enumerate(records) for card in r.cards]
    return Base(
        np.array(texts, dtype=np.uint64).reshape(len(records), len(TEXT_FIELDS)),
        np.array(blocks, dtype=np.uint64).reshape(len(records), len(WEAK_KEYS)),
        np.array([place for place, _ in cards], dtype=np.int64),
        np.array([card for _, card in cards], dtype=np.uint64),
        near.reshape(-1, 2).astype(np.int64),
    )


@dataclass(frozen=True, slots=True)
class Changed:
    """The pairs to score tonight: numbers below `stayed` are kept records, the others new ones.

    `stirred` are the numbers whose groups are decided again, None for all.
    """

    everyone: Base
    stayed: int
    pairs: Indexes
    stirred: frozenset[int] | None

    @property
    def records(self) -> list[int]:
        """The numbers of the records in any pair, in rising order."""
        return [int(number) for number in np.unique(self.pairs)]


def find_changed(
    before: Base,
    kept: Flags,
    new: Sequence[Record],
    model: Model | None = None,
    stirred: Flags | None = None,
) -> Changed | None:
    """Return the pairs that matter when only `kept` (n) of `before` are as they were.

    `new` are the records that were added or have changed. With `stirred` (n), those whose bookings
    changed, only groups of likely pairs in which anything changed are looked at, else all. None
    where everything must be compared.
    """
    added = _marked(new, np.zeros((0, 2), dtype=np.int64))
    stayed = before.only(kept)
    everyone = stayed.joined(added)
    if _is_crowded(everyone) or (model is not None and _is_worn(everyone, model)):
        return None
    newcomers = range(stayed.size, everyone.size)
    found = [_partners(everyone, number) for number in newcomers]
    near, seeds = stayed.near, None
    if stirred is not None:
        place = np.cumsum(kept) - 1
        groups = _groups(before.near.tolist())
        moved = np.flatnonzero(stirred | ~kept).tolist()
        torn = _members(groups, moved).union(moved)
        seeds = frozenset(int(place[n]) for n in torn if kept[n]).union(newcomers)
        partners = np.unique(np.concatenate(found)).tolist() if found else []
        wanted = _members(_groups(near.tolist()), [*seeds, *partners])
        near = near[[a in wanted for a in near[:, 0].tolist()]]
    return Changed(everyone, stayed.size, np.concatenate([near, *found]), seeds)


def _groups(pairs: Iterable[Sequence[int]]) -> dict[int, set[int]]:
    """Return by number all that are connected with it by pairs, itself among them."""
    groups: dict[int, set[int]] = {}
    for left, right in pairs:
        one, other = groups.get(left, {left}), groups.get(right, {right})
        if one is not other:
            one |= other
            groups.update(dict.fromkeys(other, one))
        groups[left] = one
    return groups


def _members(groups: Mapping[int, set[int]], numbers: Iterable[int]) -> set[int]:
    """Return everybody in the groups of `numbers`."""
    found: set[int] = set()
    for number in numbers:
        found |= groups.get(number, set())
    return found


@dataclass(frozen=True, slots=True)
class Again:
    """What is decided again: the compared pairs, and the numbers of the records concerned.

    `touched` is None when all is decided. `base` is what later nights may go by; those that go on
    by the old one must decide the groups of `loose` records again, which it does not know.
    """

    compared: Compared
    touched: frozenset[int] | None
    base: Base
    loose: frozenset[int]


def compare_changed(
    changed: Changed, records: Sequence[Record], place: Mapping[int, int], model: Model
) -> Again:
    """Score the pairs; `place` says where in `records` each number of `changed.records` stands."""
    table = _of_whole_list(columns(records), changed.everyone)
    newcomers = frozenset(range(changed.stayed, changed.everyone.size))
    pairs = np.array([(place[a], place[b]) for a, b in changed.pairs.tolist()], dtype=np.int64)
    if not len(pairs):
        return Again(Compared(table, None, ()), changed.stirred, changed.everyone, newcomers)
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    scored = score(model, table, pairs[:, 0], pairs[:, 1])
    number = np.empty(len(records), dtype=np.int64)
    number[list(place.values())] = list(place)
    base = _grown(changed, number[_near(scored)])
    groups = _groups(number[_near(scored)].tolist())
    loose = frozenset(_members(groups, newcomers)) | newcomers
    if changed.stirred is None:
        return Again(Compared(table, scored, ()), None, base, loose)
    touched = _members(groups, changed.stirred).union(changed.stirred)
    concerned = np.isin(number, list(touched))
    scored = scored.only(concerned[scored.left] & concerned[scored.right])
    return Again(Compared(table, scored, ()), frozenset(touched), base, loose)


def _grown(changed: Changed, near: Indexes) -> Base:
    """Return everyone with the likely pairs among those who stayed and the newly found ones."""
    new = near[(near >= changed.stayed).any(axis=1)]
    return replace(changed.everyone, near=np.concatenate([changed.everyone.near, new]))


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


def _is_worn(everyone: Base, model: Model) -> bool:
    """Whether a value has become much commoner than when the model was fitted."""
    return any(
        known.is_worn(*_tally(everyone.texts[:, TEXT_FIELDS.index(field)]))
        for field, known in model.frequencies.items()
    )


def _of_whole_list(table: Columns, everyone: Base) -> Columns:
    """Let the columns of some records count the values of all."""
    text = {}
    for place, (field, column) in enumerate(table.text.items()):
        values, counts = _tally(everyone.texts[:, place])
        own = np.array([digest_of(value) for value in column.values], dtype=np.uint64)
        whole = agreeing(counts), float(counts.sum())
        text[field] = replace(column, counts=counts[np.searchsorted(values, own)], whole=whole)
    return replace(table, text=text)


def _packed(array: NDArray[Any]) -> dict[str, Any]:
    body = zlib.compress(np.ascontiguousarray(array).tobytes(), 1)
    return {"type": array.dtype.str, "shape": array.shape, "body": b64encode(body).decode()}


def _unpacked(facts: Mapping[str, Any]) -> NDArray[Any]:
    body = zlib.decompress(b64decode(facts["body"]))
    return np.frombuffer(body, dtype=np.dtype(facts["type"])).reshape(facts["shape"])
