"""Comparison levels: how alike two records are in one field, in steps that a person can name.

Level 0 always means that a side is unknown and says nothing. Similarities are Jaro-Winkler (Winkler
1990) for names and the restricted Damerau-Levenshtein distance (a keystroke added, lost, changed or
exchanged with its neighbour) for the rest, both through rapidfuzz.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.process import cpdist

from myriad.products.keeper.matching.columns import (
    Column,
    Columns,
    Flags,
    Indexes,
    Levels,
    Scores,
    on_distinct,
)
from myriad.products.keeper.matching.nicknames import nickname_pairs

Measure: TypeAlias = Callable[[Column, Indexes, Indexes], Scores]
Scorer: TypeAlias = Callable[..., float]

UNKNOWN = 0
EXACT = 1
# From here on names and address lines are numbered alike.
SWAPPED = 5
HALF_SWAPPED = 6
SIMILAR = 7
DIFFERENT = 8


def compare(columns: Columns, left: Indexes, right: Indexes) -> dict[str, Levels]:
    """Return the level (n) of every compared field for n pairs of record numbers."""
    levels = {
        field: _measure(columns.text[field], left, right, of) for field, of in _MEASURES.items()
    }
    for first, second in (("family", "given"), ("address_line", "address_extra")):
        whole, half = _crossed(columns.text[second], columns.text[first], left, right)
        half &= _unlike(levels[first]) & _unlike(levels[second])
        # A swap is told once: by the first field of the two, and the other one is silent.
        levels[first][half] = HALF_SWAPPED
        levels[first][whole] = SWAPPED
        levels[second][whole | half] = UNKNOWN
    levels["card"] = _cards(columns, left, right)
    return levels


def _known(column: Column, left: Indexes, right: Indexes) -> tuple[Levels, Flags]:
    """Return the levels begun (unknown, exact or nothing yet, -1) and which are still open."""
    a, b = column.codes[left], column.codes[right]
    level = np.where(a == b, EXACT, -1).astype(np.int8)
    level[(a < 0) | (b < 0)] = UNKNOWN
    return level, level < 0


def _measure(column: Column, left: Indexes, right: Indexes, of: Measure) -> Levels:
    """Fill the open levels with what `of` says about the two different texts."""
    level, open_ = _known(column, left, right)
    answer = on_distinct(column, column.codes[left[open_]], column.codes[right[open_]], of)
    level[open_] = answer.astype(np.int8)
    return level


def _scored(scorer: Scorer, column: Column, a: Indexes, b: Indexes) -> Scores:
    answer = cpdist(column.values[a], column.values[b], scorer=scorer)
    return np.asarray(answer, dtype=np.float64)


def _distance(column: Column, a: Indexes, b: Indexes) -> Scores:
    return _scored(OSA.distance, column, a, b)


def _jaro_winkler(column: Column, a: Indexes, b: Indexes) -> Scores:
    return _scored(JaroWinkler.similarity, column, a, b)


def _lengths(column: Column) -> Indexes:
    return np.fromiter((len(v) for v in column.values), np.int64, len(column.values))


def _one_slip(column: Column, a: Indexes, b: Indexes) -> Flags:
    """One keystroke or only spaces apart, in words long enough for that to mean something."""
    lengths = _lengths(column)
    close = (_distance(column, a, b) <= 1) & (np.minimum(lengths[a], lengths[b]) > 2)
    bare = column.feature(lambda value: value.replace(" ", ""))
    slip: Flags = close | (bare[a] == bare[b])
    return slip


def _initial(column: Column, a: Indexes, b: Indexes) -> Flags:
    lengths, first = _lengths(column), column.feature(lambda value: value[:1])
    begins: Flags = (np.minimum(lengths[a], lengths[b]) == 1) & (first[a] == first[b])
    return begins


def _share_a_word(column: Column, a: Indexes, b: Indexes) -> Flags:
    words = [{w for w in value.split() if len(w) > 2} for value in column.values]
    many = np.fromiter((len(w) > 1 for w in words), np.bool_, len(words))
    shared: Flags = many[a] | many[b]
    for pair in np.flatnonzero(shared):
        shared[pair] = not words[a[pair]].isdisjoint(words[b[pair]])
    return shared


def _nicknames(column: Column, a: Indexes, b: Indexes) -> Flags:
    number = {value: code for code, value in enumerate(column.values)}
    size = len(column.values)
    keys = [number[x] * size + number[y] for x, y in nickname_pairs() if {x, y} <= number.keys()]
    found: Flags = np.isin(a * size + b, np.array(keys, dtype=np.int64))
    return found


def _given(column: Column, a: Indexes, b: Indexes) -> Scores:
    near = _jaro_winkler(column, a, b)
    part = _initial(column, a, b) | _share_a_word(column, a, b)
    return np.select(
        [_nicknames(column, a, b), _one_slip(column, a, b), near >= 0.88, part, near >= 0.75],
        [2.0, 3.0, 4.0, 5.0, SIMILAR],
        DIFFERENT,
    )


def _family(column: Column, a: Indexes, b: Indexes) -> Scores:
    near = _jaro_winkler(column, a, b)
    part = _share_a_word(column, a, b)
    return np.select(
        [_one_slip(column, a, b), near >= 0.88, part, near >= 0.75],
        [2.0, 3.0, 4.0, SIMILAR],
        DIFFERENT,
    )


def _email(column: Column, a: Indexes, b: Indexes) -> Scores:
    mailbox = column.feature(lambda value: value.partition("@")[0])
    return np.select([_distance(column, a, b) <= 1, mailbox[a] == mailbox[b]], [2.0, 3.0], 4.0)


def _number(column: Column, a: Indexes, b: Indexes) -> Scores:
    return np.where(_distance(column, a, b) <= 1, 2.0, 3.0)


def _birthday(column: Column, a: Indexes, b: Indexes) -> Scores:
    year, month, day = (_numbers(column, *span) for span in ((0, 4), (4, 6), (6, 8)))
    one_yearless = (year[a] == 0) != (year[b] == 0)
    same_year, same_month, same_day = (part[a] == part[b] for part in (year, month, day))
    exchanged = same_year & (month[a] == day[b]) & (day[a] == month[b])
    agreeing = same_year.astype(int) + same_month + same_day
    slip = (_distance(column, a, b) <= 1) | exchanged
    return np.select(
        [
            one_yearless & same_month & same_day,
            ~one_yearless & slip,
            ~one_yearless & (agreeing >= 2),
        ],
        [2.0, 3.0, 4.0],
        5.0,
    )


def _numbers(column: Column, start: int, stop: int) -> Indexes:
    return np.fromiter((int(v[start:stop]) for v in column.values), np.int64, len(column.values))


def _line(column: Column, a: Indexes, b: Indexes) -> Scores:
    alike = _scored(OSA.normalized_similarity, column, a, b)
    bare = column.feature(lambda value: value.replace(" ", ""))
    return np.select(
        [(alike >= 0.85) | (bare[a] == bare[b]), alike >= 0.65], [2.0, SIMILAR], DIFFERENT
    )


def _state(column: Column, a: Indexes, b: Indexes) -> Scores:
    return np.full(len(a), 2.0)


_MEASURES: dict[str, Measure] = {
    "given": _given,
    "family": _family,
    "email": _email,
    "phone": _number,
    "birthday": _birthday,
    "street_number": _number,
    "address_line": _line,
    "address_extra": _line,
    "suburb": _line,
    "postcode": _number,
    "state": _state,
}


def _unlike(level: Levels) -> Flags:
    unlike: Flags = (level == UNKNOWN) | (level >= SIMILAR)
    return unlike


def _crossed(first: Column, second: Column, left: Indexes, right: Indexes) -> tuple[Flags, Flags]:
    """Say which pairs carry in one field what the other has in its neighbour: (wholly, by half).

    Wholly is both ways round, or one when the other is unknown on a side; by half is one way round
    only. Texts that also agree straight (two records of James James) are neither.
    """
    a1, a2 = first.codes[left], second.codes[left]
    b1, b2 = first.codes[right], second.codes[right]
    straight = ((a1 == b1) & (a1 >= 0)) | ((a2 == b2) & (a2 >= 0))
    one, one_known = _across(first, second, a1, b2)
    two, two_known = _across(first, second, b1, a2)
    any_way = (one | two) & ~straight
    whole: Flags = (one | ~one_known) & (two | ~two_known) & any_way
    return whole, any_way & ~whole


def _across(
    first: Column, second: Column, of_first: Indexes, of_second: Indexes
) -> tuple[Flags, Flags]:
    """Compare texts of one column with texts of the other: (near the same, both known)."""
    known: Flags = (of_first >= 0) & (of_second >= 0)
    near = np.zeros(len(known), dtype=np.bool_)
    a = first.values[of_first[known]]
    b = second.values[of_second[known]]
    near[known] = np.asarray(cpdist(a, b, scorer=JaroWinkler.similarity)) >= 0.88
    return near, known


def _cards(columns: Columns, left: Indexes, right: Indexes) -> Levels:
    """Shared card 1, both have cards but none in common 2."""
    level = np.where(columns.has_card[left] & columns.has_card[right], 2, UNKNOWN).astype(np.int8)
    both = np.flatnonzero(level)
    sets: dict[int, set[int]] = {}
    for record, card in zip(columns.card_records, columns.card_codes, strict=True):
        sets.setdefault(int(record), set()).add(int(card))
    for pair in both:
        if not sets[int(left[pair])].isdisjoint(sets[int(right[pair])]):
            level[pair] = EXACT
    return level
