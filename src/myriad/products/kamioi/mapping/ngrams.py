"""Names that are written alike: character n-grams weighted by how rare they are.

An inverted index in memory, as sparse matrices: the cosine of two names over their n-grams of two
to four characters within words (Salton and Buckley 1988, tf-idf; the weights are 1 + ln tf). What
it finds is ordered anew by edit distance, since n-grams do not see order.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from math import log
from typing import Any

from myriad.kit.lazy import lazily

np: Any = lazily("numpy")
fuzz: Any = lazily("rapidfuzz.fuzz")

SIZES = (2, 3, 4)
CANDIDATES = 20
_RARE = 24


def grams(text: str) -> Counter[str]:
    """Return the n-grams of the words of `text`, each word between blanks."""
    found: list[str] = []
    for word in text.split():
        padded = f" {word} "
        for size in SIZES:
            starts = range(max(1, len(padded) - size + 1))
            found += [padded[start : start + size] for start in starts]
    return Counter(found)


class NgramIndex:
    """An index over names (lower case words apart by blanks); positions are those of `names`."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for position, name in enumerate(self.names):
            for gram, count in grams(name).items():
                postings[gram].append((position, 1.0 + float(np.log(count))))
        total = len(self.names)
        self._weights = {
            gram: float(np.log((1 + total) / (1 + len(found)))) + 1.0
            for gram, found in postings.items()
        }
        norms = np.zeros(total)
        self._postings: dict[str, tuple[Any, Any]] = {}
        for gram, found in postings.items():
            where = np.fromiter((position for position, _ in found), dtype=np.int32)
            weight = np.fromiter((tf for _, tf in found), dtype=np.float64) * self._weights[gram]
            norms[where] += weight * weight
            self._postings[gram] = where, weight
        self._norms = np.sqrt(np.maximum(norms, 1e-12))

    def candidates(
        self, text: str, count: int = CANDIDATES, rare: int = _RARE
    ) -> list[tuple[int, float]]:
        """Return (position, cosine 0..1) of the names most like `text`, best first.

        Only the `rare` rarest n-grams of `text` are followed: the others cost most and tell least.
        """
        counts = grams(text)
        known = sorted(
            (gram for gram in counts if gram in self._postings),
            key=self._weights.__getitem__,
            reverse=True,
        )
        if not known:
            return []
        return self._alike(counts, known, count, rare)

    def _alike(
        self, counts: Counter[str], known: list[str], count: int, rare: int
    ) -> list[tuple[int, float]]:
        asked = [(1.0 + log(counts[gram])) * self._weights[gram] for gram in known]
        # Not by sum(), which rounds otherwise from Python 3.12 on.
        norm = 0.0
        for weight in asked:
            norm += weight * weight
        followed = [self._postings[gram] for gram in known[:rare]]
        where = np.concatenate([found for found, _ in followed], dtype=np.intp)
        weights = np.concatenate([found for _, found in followed])
        weights *= np.repeat(asked[:rare], [len(found) for found, _ in followed])
        # Added up in one go, in the order of the n-grams; a mask is searched faster than numbers.
        scores = np.bincount(where, weights)
        touched = np.flatnonzero(scores > 0)
        cosine = scores[touched] / (self._norms[touched] * (norm**0.5))
        best = np.argpartition(-cosine, min(count, len(cosine)) - 1)[:count]
        best = best[np.argsort(-cosine[best], kind="stable")]
        return list(zip(touched[best].tolist(), cosine[best].tolist(), strict=True))
