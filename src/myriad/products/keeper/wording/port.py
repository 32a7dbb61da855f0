"""The seam for language models: what Keeper asks of whoever words things.

A wording chooses and phrases; it never computes a number. Whatever it returns is checked by
`checks` before anybody sees it, so an implementation may be wrong but not believed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, get_args

from myriad.kit.errors import MyriadError
from myriad.products.keeper.views.preferences import ReplyTone

AspectName = Literal[
    "staff", "result", "price", "waiting", "cleanliness", "booking", "place", "product"
]
ASPECTS: tuple[AspectName, ...] = get_args(AspectName)

Tone = ReplyTone
Feeling = Literal["good", "bad", "mixed", "neutral"]


class UnfoundedWordingError(MyriadError):
    """A text says something that its facts do not hold, or promises what nobody may promise."""

    code = "keeper_unfounded_wording"
    title = "Unfounded wording"


@dataclass(frozen=True, slots=True)
class Aspect:
    """One thing that a text speaks of, how, and the words that say so, as they stand in it."""

    name: AspectName
    feeling: Feeling
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewFacts:
    """All that a draft may use.

    The matched visit is not among it: an answer is public, and that somebody is a customer is
    theirs to say.
    """

    stars: int | None
    text: str
    author: str | None
    business: str
    aspects: tuple[Aspect, ...] = ()
    tone: Tone = "warm"


class Wording(Protocol):
    """Whoever words things; each method may raise UnavailableError, never invent."""

    async def aspects(self, texts: Sequence[str]) -> list[tuple[Aspect, ...]]:
        """Return what each text speaks of, at most once for each aspect."""

    async def draft_reply(self, facts: ReviewFacts) -> str:
        """Return an answer for a person to edit and send; raises UnfoundedWordingError."""

    async def phrase(self, claim: str, evidence: Mapping[str, Any]) -> str:
        """Return the claim in better words; raises UnfoundedWordingError for a foreign number."""
