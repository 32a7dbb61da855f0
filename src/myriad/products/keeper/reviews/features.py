"""Texts as TF-IDF vectors of word pairs and of characters inside words.

Terms are words and pairs of neighbouring words, and runs of three to five characters within a word
and its borders, which see through typing errors and endings. Weights are (1 + ln tf) * idf with
idf = ln((1 + n) / (1 + df)) + 1, each of the two kinds scaled to length one (Salton & Buckley
1988). Terms are counted once; which of them a model uses is learnt from its training texts alone.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from myriad.kit.lazy import lazily
from myriad.products.keeper.reviews.words import fold, words_of

if TYPE_CHECKING:
    from scipy import sparse
else:
    sparse = lazily("scipy.sparse")


CHARACTERS = range(3, 6)
LONGEST_TEXT = 5_000
LEAST_TEXTS = {"w": 2, "c": 3}
MOST_TERMS = 100_000


def terms_of(text: str) -> Counter[str]:
    """Count the terms of a text: "w" and words, "c" and characters."""
    words = words_of(fold(text[:LONGEST_TEXT]))
    found = Counter("w" + word for word in words)
    found.update(f"w{left} {right}" for left, right in pairwise(words))
    for word in words:
        padded = f" {word} "
        found.update(
            "c" + padded[start : start + size]
            for size in CHARACTERS
            for start in range(max(len(padded) - size + 1, 0))
        )
    return found


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each term stands in each text; rows are texts, columns are `terms`."""

    terms: tuple[str, ...]
    matrix: sparse.csr_array

    def rows(self, chosen: NDArray[np.intp]) -> Counts:
        """Return the counts of some of the texts."""
        return Counts(self.terms, self.matrix[chosen])


def count_terms(texts: Iterable[str], terms: Sequence[str] | None = None) -> Counts:
    """Count the terms of texts: all of them, or only those that are given."""
    places = {term: place for place, term in enumerate(terms or ())}
    indices, data, ends = array("i"), array("f"), array("q", [0])
    for text in texts:
        for term, times in terms_of(text).items():
            place = places.get(term) if terms is not None else places.setdefault(term, len(places))
            if place is not None:
                indices.append(place)
                data.append(times)
        ends.append(len(indices))
    shape = (len(ends) - 1, len(places))
    parts = (np.array(data, np.float32), np.array(indices, np.int32), np.array(ends, np.int64))
    return Counts(tuple(places), sparse.csr_array(parts, shape=shape))


@dataclass(frozen=True, slots=True)
class Weighting:
    """Which columns of the counts a model uses, and the idf of each."""

    columns: NDArray[np.intp]
    idf: NDArray[np.float32]
    is_word: NDArray[np.bool_]

    def vectors(self, counts: Counts) -> sparse.csr_array:
        """Return the TF-IDF vectors of texts, one row each."""
        used = sparse.csr_array(counts.matrix[:, self.columns])
        used.data = (1.0 + np.log(used.data)) * self.idf[used.indices]
        rows = np.repeat(np.arange(used.shape[0]), np.diff(used.indptr))
        kind = 2 * rows + self.is_word[used.indices]
        squares = np.bincount(kind, weights=used.data**2, minlength=2 * used.shape[0])
        used.data = used.data / np.sqrt(squares[kind])
        return used


def learn_weighting(counts: Counts) -> Weighting:
    """Choose the terms that enough of these texts have, and weigh them."""
    texts = counts.matrix.shape[0]
    having = np.bincount(counts.matrix.indices, minlength=len(counts.terms))
    is_word = np.array([term[0] == "w" for term in counts.terms], dtype=bool)
    least = np.where(is_word, LEAST_TEXTS["w"], LEAST_TEXTS["c"])
    columns = np.flatnonzero(having >= least)
    if columns.size > MOST_TERMS:
        commonest = np.argsort(-having[columns], kind="stable")[:MOST_TERMS]
        columns = np.sort(columns[commonest])
    idf = np.log((1 + texts) / (1 + having[columns])) + 1
    return Weighting(columns, idf.astype(np.float32), is_word[columns])
