"""Stars and words that do not fit each other."""

from __future__ import annotations

from typing import Literal

from myriad.products.keeper.reviews.lexicon import valence_of
from myriad.products.keeper.reviews.words import fold, words_of

Mismatch = Literal["worse_than_stars", "better_than_stars"]

HIGH_STARS, LOW_STARS = 4, 2
# A complaint under four or five stars, and praise under one or two.
SURELY_NEGATIVE, SURELY_POSITIVE = 0.75, 0.05
# Praise must also be said in words: a text that says little has a low probability too.
PRAISE = -0.9
FEWEST_WORDS = 4


def find_mismatch(stars: int | None, p_negative: float | None, text: str) -> Mismatch | None:
    """Return how the words differ from the stars, or None; three stars fit any words.

    `worse_than_stars`: four or more stars and P(negative) of at least .75. `better_than_stars`: two
    stars or fewer, P(negative) of at most .05, and words of praise. Texts of fewer than four words
    prove nothing.
    """
    if stars is None or p_negative is None or len(words_of(fold(text))) < FEWEST_WORDS:
        return None
    if stars >= HIGH_STARS and p_negative >= SURELY_NEGATIVE:
        return "worse_than_stars"
    praises = p_negative <= SURELY_POSITIVE and valence_of(text).score <= PRAISE
    return "better_than_stars" if stars <= LOW_STARS and praises else None
