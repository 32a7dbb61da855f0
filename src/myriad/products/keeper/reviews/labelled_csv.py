"""Texts with stars from a file, for training: each text once, a fair sample of a large file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from myriad.products.keeper.reviews.reviews_csv import RefusedRow, open_reviews

MOST_TEXTS = 20_000


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """What a file has to train on. `seen` counts distinct texts with stars; a sample of them is kept.

    `unusable` counts rows that are no review, `without` those that lack the text or the stars.
    """

    texts: tuple[str, ...]
    stars: tuple[int, ...]
    seen: int
    unusable: int
    without: int
    repeated: int


def read_labelled(
    path: Path, mapping: Mapping[str, str] | None = None, most: int = MOST_TEXTS, seed: int = 0
) -> LabelledFile:
    """Read up to `most` texts with stars, every one as likely to be kept (Vitter 1985, R).

    A text that stands in the file again is left out: it could be trained on and tested on. Raises
    ReviewFileError.
    """
    random = np.random.default_rng(seed)
    kept: list[tuple[str, int]] = []
    known: set[bytes] = set()
    unusable = without = repeated = 0
    for row in open_reviews(path, "UTC", mapping, required=("text", "stars")).rows():
        if isinstance(row, RefusedRow):
            unusable += 1
        elif row.stars is None or not row.text.strip():
            without += 1
        elif (digest := hashlib.blake2b(row.text.encode(), digest_size=12).digest()) in known:
            repeated += 1
        else:
            known.add(digest)
            _keep(kept, (row.text, row.stars), len(known), most, random)
    texts, stars = zip(*kept, strict=True) if kept else ((), ())
    return LabelledFile(tuple(texts), tuple(stars), len(known), unusable, without, repeated)


def _keep(
    kept: list[tuple[str, int]],
    row: tuple[str, int],
    seen: int,
    most: int,
    random: np.random.Generator,
) -> None:
    if len(kept) < most:
        kept.append(row)
    elif (place := int(random.integers(seen))) < most:
        kept[place] = row
