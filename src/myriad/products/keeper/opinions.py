"""What the sentiment model makes of reviews, however it is trained."""

from __future__ import annotations

from collections.abc import Sequence


def chance_negative(texts: Sequence[str]) -> list[float | None]:
    """Return P(two stars or fewer | text) of each text, None where there are no words."""
    return [None for _ in texts]
