"""Reviews of a made-up spa, in words that the lexicon does not decide alone."""

from __future__ import annotations

import random

_OPENINGS = ("Booked on Tuesday.", "Second visit.", "Came with my sister.", "A gift card.")
_GOOD = ("the oil smelled of cedar", "tea afterwards", "candles everywhere", "ninety long minutes")
_BAD = (
    "the towel was damp",
    "left after ten minutes",
    "phone rang throughout",
    "door kept banging",
)
_MIDDLING = ("parking was behind the house", "paid at the desk", "room four", "music from a harp")


def made_reviews(count: int, seed: int = 0, share_low: float = 0.3) -> tuple[list[str], list[int]]:
    """Return texts and stars: low stars go with the bad words three times of four."""
    chance = random.Random(seed)
    texts, stars = [], []
    for number in range(count):
        is_low = chance.random() < share_low
        told = _BAD if (chance.random() < 0.75) == is_low else _GOOD
        parts = [chance.choice(_OPENINGS), chance.choice(told), *chance.sample(_MIDDLING, 2)]
        texts.append(f"{' and '.join(parts)}, visit {number}")
        stars.append(chance.choice((1, 2)) if is_low else chance.choice((3, 4, 5)))
    return texts, stars
