"""Answers that were given before, on the shelves of the cache, each in its tenant's own drawer."""

from __future__ import annotations

import msgspec

from myriad.scale.ai.request import AIAnswer
from myriad.scale.cache import Cache, declare


class StoredAnswer(msgspec.Struct, frozen=True, array_like=True):
    """An answer as it is kept; `stored_at` in epoch seconds. `question` is its digest."""

    question: str
    text: str
    provider: str
    model: str
    model_class: str
    price_version: str
    stored_at: float

    @classmethod
    def of(cls, question: str, answer: AIAnswer, now: float) -> StoredAnswer:
        """Return what is kept of an answer."""
        return cls(
            question,
            answer.text,
            answer.provider,
            answer.model,
            answer.model_class,
            answer.price_version,
            now,
        )


QUESTIONS = declare("ai.question", StoredAnswer, "answer")
ITEMS = declare("ai.item", StoredAnswer, "answer")
KEYED = declare("ai.keyed", StoredAnswer, "once")


class AnswerStore:
    """Answers by the question's digest, codes by item, and what was answered under a key.

    Without Redis nothing is kept: questions are asked anew rather than waited for.
    """

    def __init__(self, caches: Cache) -> None:
        self.questions = caches.shelf(QUESTIONS)
        self.items = caches.shelf(ITEMS)
        self.keyed = caches.shelf(KEYED)
