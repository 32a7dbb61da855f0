"""Wording without a model: the same facts always give the same text.

Drafts thank or apologise by the class of stars, speak of at most two aspects that the author spoke
of, and invite an unhappy author to get in touch; they never offer anything and ask for nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from myriad.products.keeper.wording.aspects import find_aspects
from myriad.products.keeper.wording.checks import check_draft, check_phrase
from myriad.products.keeper.wording.port import Aspect, AspectName, ReviewFacts, Tone

Class = Literal["unhappy", "mixed", "happy"]
_UNHAPPY_STARS, _HAPPY_STARS = 2, 4
_MOST_ASPECTS = 2
_NAME = re.compile(r"^[^\W\d_][\w'\u2019-]{1,29}$")

_GREETING: dict[Tone, str] = {
    "warm": "Hi {name},",
    "short": "Hi {name},",
    "formal": "Dear {name},",
}
_NAMELESS: dict[Tone, str] = {"warm": "Hi there,", "short": "Hi,", "formal": "Dear guest,"}
_OPENING: dict[tuple[Class, Tone], tuple[str, ...]] = {
    ("happy", "warm"): (
        "thank you so much for these kind words!",
        "what a lovely thing to read, thank you!",
    ),
    ("happy", "short"): ("thank you for your review.", "thanks for taking the time to write."),
    ("happy", "formal"): ("thank you very much for your kind review.",),
    ("mixed", "warm"): ("thank you for telling us so openly how it was for you.",),
    ("mixed", "short"): ("thank you for your honest review.",),
    ("mixed", "formal"): ("thank you for your candid assessment.",),
    ("unhappy", "warm"): ("we are truly sorry that we let you down.",),
    ("unhappy", "short"): ("we are sorry about this experience.",),
    ("unhappy", "formal"): ("please accept our sincere apologies for this experience.",),
}
_GOOD: dict[AspectName, str] = {
    "staff": "Our team will be so glad to hear what you say about them.",
    "result": "It means a lot to us that you liked the result.",
    "price": "We are glad that it felt worth it.",
    "waiting": "Keeping to the time matters to us, and we are glad that it showed.",
    "cleanliness": "We put a lot of care into a clean place, so thank you for noticing.",
    "booking": "Good to know that booking was easy for you.",
    "place": "We are happy that you felt at ease here.",
    "product": "We are glad that you liked what we use.",
}
_BAD: dict[AspectName, str] = {
    "staff": "That is not how anybody should be treated here, and we will speak about it as a team.",
    "result": "The result should have been right, and we want to understand what went wrong.",
    "price": "What something costs should be clear beforehand, and we will look at how we say it.",
    "waiting": "Your time matters, and we will look at why this took so long.",
    "cleanliness": "A clean place is the least that you can expect, and we are looking into it now.",
    "booking": "Booking should be simple, and we will find out what went wrong.",
    "place": "We will see what we can do about the rooms.",
    "product": "We will look again at what we use.",
}
_CLOSING: dict[Class, str] = {
    "happy": "We look forward to seeing you again.",
    "mixed": "Your words help us to do better.",
    "unhappy": "Please get in touch with us directly, so that we can hear the whole story and put "
    "it right.",
}


class TemplateWording:
    """The wording that needs no key and no network."""

    async def aspects(self, texts: Sequence[str]) -> list[tuple[Aspect, ...]]:
        """Return what each text speaks of, by dictionary."""
        return [find_aspects(text) for text in texts]

    async def draft_reply(self, facts: ReviewFacts) -> str:
        """Return an answer by class of stars, aspects and tone."""
        draft = compose(facts)
        check_draft(draft, facts)
        return draft

    async def phrase(self, claim: str, evidence: Mapping[str, Any]) -> str:
        """Return the claim as it is; it was worded by its own template."""
        check_phrase(claim, claim, evidence)
        return claim


TEMPLATES = TemplateWording()


def compose(facts: ReviewFacts) -> str:
    """Return the draft before it is checked."""
    kind = classify(facts)
    choices = _OPENING[kind, facts.tone]
    opening = choices[_pick(facts, len(choices))]
    body = " ".join([opening, *_about(facts, kind), _CLOSING[kind]])
    return f"{_greeting(facts)}\n\n{body[0].upper()}{body[1:]}\n\n{facts.business}"


def classify(facts: ReviewFacts) -> Class:
    """Return whether the author was happy, by stars, else by what was said."""
    if facts.stars is None:
        feelings = {aspect.feeling for aspect in facts.aspects}
        return "happy" if feelings == {"good"} else "unhappy" if feelings == {"bad"} else "mixed"
    if facts.stars <= _UNHAPPY_STARS:
        return "unhappy"
    return "happy" if facts.stars >= _HAPPY_STARS else "mixed"


def _about(facts: ReviewFacts, kind: Class) -> list[str]:
    good = [_GOOD[item.name] for item in facts.aspects if item.feeling == "good"]
    bad = [_BAD[item.name] for item in facts.aspects if item.feeling == "bad"]
    chosen = good + bad if kind == "happy" else bad if kind == "unhappy" else good[:1] + bad[:1]
    return chosen[: 1 if facts.tone == "short" else _MOST_ASPECTS]


def _greeting(facts: ReviewFacts) -> str:
    given = (facts.author or "").split()[:1]
    if given and _NAME.match(given[0]) and given[0].casefold() not in ("a", "google", "anonymous"):
        return _GREETING[facts.tone].format(name=_spelt(given[0]))
    return _NAMELESS[facts.tone]


def _spelt(name: str) -> str:
    """Return a name as it is greeted; whoever types in one case alone did not mean it."""
    if name.islower() or (name.isupper() and len(name) > 2):
        return "-".join(part.capitalize() for part in name.split("-"))
    return name


def _pick(facts: ReviewFacts, choices: int) -> int:
    digest = hashlib.blake2b(f"{facts.author}|{facts.text}".encode(), digest_size=2).digest()
    return int.from_bytes(digest) % choices
