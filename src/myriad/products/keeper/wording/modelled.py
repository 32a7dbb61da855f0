"""Wording by a model, believed only as far as the facts reach; a template stands behind each.

Reviews are other people's words and go into a prompt as quoted data. What a model says is held
against the facts before anybody sees it: an aspect's words must stand in its text, a draft and a
claim may hold no number and no name that is nowhere given, and a claim keeps all of its numbers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import msgspec

from myriad.products.keeper.wording.checks import check_draft, check_phrase, numbers_in
from myriad.products.keeper.wording.port import (
    ASPECTS,
    Aspect,
    AspectName,
    Feeling,
    ReviewFacts,
    UnfoundedWordingError,
    Wording,
)
from myriad.products.keeper.wording.templates import TEMPLATES
from myriad.scale.ai import DATA_RULE, AIRequest, Message, NoAnswerError, load_prompt, quote
from myriad.scale.ai.gateway import Gateway
from myriad.scale.observe.logs import get_logger
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

_log = get_logger(__name__)
_PACKAGE = "myriad.products.keeper.wording"
_TEXTS_A_PROMPT = 20
_LONGEST_TEXT = 4_000
_LONGEST_WORDS = 120
_TOKENS_A_TEXT = 160


class SpokenOf(msgspec.Struct, frozen=True):
    """One aspect of one text, by the text's number."""

    text: int
    aspect: AspectName
    feeling: Feeling
    words: str


class SpokenOfAll(msgspec.Struct, frozen=True):
    """Every aspect of every text of a prompt."""

    found: list[SpokenOf]


def wording_of(runtime: Runtime, tenant_id: TenantId) -> Wording:
    """Return the wording of this installation: by a model where one is configured."""
    gateway = Gateway.of(runtime)
    return ModelWording(gateway, tenant_id) if gateway.providers.configured else TEMPLATES


class ModelWording:
    """Asks the gateway; whatever fails or is unfounded is worded by the template instead."""

    def __init__(self, gateway: Gateway, tenant_id: TenantId) -> None:
        self._gateway = gateway
        self._tenant_id = tenant_id

    async def aspects(self, texts: Sequence[str]) -> list[tuple[Aspect, ...]]:
        """Return what each text speaks of; by dictionary where the model's words are not its own."""
        starts = range(0, len(texts), _TEXTS_A_PROMPT)
        parts = [texts[start : start + _TEXTS_A_PROMPT] for start in starts]
        found = await asyncio.gather(*(self._aspects(part) for part in parts))
        return [aspects for part in found for aspects in part]

    async def _aspects(self, texts: Sequence[str]) -> list[tuple[Aspect, ...]]:
        prompt = load_prompt(_PACKAGE, "aspects", 1)
        numbered = "\n".join(
            f"{number} {quote(text[:_LONGEST_TEXT])}" for number, text in enumerate(texts, 1)
        )
        request = AIRequest(
            tenant_id=self._tenant_id,
            task="keeper.review.aspects",
            instructions=prompt.render(aspects=", ".join(ASPECTS), rule=DATA_RULE),
            messages=(Message("user", numbered),),
            prompt_version=prompt.version,
            schema=SpokenOfAll,
            max_output_tokens=_TOKENS_A_TEXT * len(texts),
            max_cost_usd_micros=60_000,
            deadline_seconds=60.0,
        )
        by_template = await TEMPLATES.aspects(texts)
        try:
            answer = await self._gateway.ask(request)
        except NoAnswerError:
            return by_template
        said: SpokenOfAll = answer.value
        return [
            check_aspects(text, [one for one in said.found if one.text == number]) or plain
            for number, (text, plain) in enumerate(zip(texts, by_template, strict=True), 1)
        ]

    async def draft_reply(self, facts: ReviewFacts) -> str:
        """Return an answer for a person to edit; the template's when the model's is unfounded."""
        prompt = load_prompt(_PACKAGE, "reply", 1)
        given = {**asdict(facts), "author": (facts.author or "").split(" ")[0] or None}
        request = AIRequest(
            tenant_id=self._tenant_id,
            task="keeper.review.reply",
            instructions=prompt.render(tone=facts.tone, rule=DATA_RULE),
            messages=(Message("user", quote(given)),),
            prompt_version=prompt.version,
            complexity="moderate",
            max_output_tokens=400,
            max_cost_usd_micros=20_000,
            deadline_seconds=8.0,
        )
        text = await self._text(request)
        if text is not None and _is_founded(check_draft, request.task, text, facts):
            return text
        return await TEMPLATES.draft_reply(facts)

    async def phrase(self, claim: str, evidence: Mapping[str, Any]) -> str:
        """Return the claim in better words with all of its numbers and no other; else as it is."""
        prompt = load_prompt(_PACKAGE, "phrase", 1)
        request = AIRequest(
            tenant_id=self._tenant_id,
            task="keeper.insight.phrase",
            instructions=prompt.render(rule=DATA_RULE),
            messages=(Message("user", quote({"claim": claim, "evidence": dict(evidence)})),),
            prompt_version=prompt.version,
            max_output_tokens=200,
            max_cost_usd_micros=5_000,
            deadline_seconds=8.0,
        )
        text = await self._text(request)
        if text is None or numbers_in(text) != numbers_in(claim):
            return await TEMPLATES.phrase(claim, evidence)
        if not _is_founded(check_phrase, request.task, text, claim, evidence):
            return await TEMPLATES.phrase(claim, evidence)
        return text

    async def _text(self, request: AIRequest) -> str | None:
        try:
            answer = await self._gateway.ask(request)
        except NoAnswerError:
            return None
        return None if answer.is_cut else answer.text.strip()


def check_aspects(text: str, said: Sequence[SpokenOf]) -> tuple[Aspect, ...]:
    """Return the aspects whose words stand in the text as they are, each aspect once."""
    found: dict[AspectName, Aspect] = {}
    for one in said:
        words = one.words.strip()
        if words and len(words) <= _LONGEST_WORDS and words in text:
            found.setdefault(one.aspect, Aspect(one.aspect, one.feeling, words))
    return tuple(found[name] for name in ASPECTS if name in found)


def _is_founded(check: Any, task: str, *facts: Any) -> bool:
    try:
        check(*facts)
    except UnfoundedWordingError:
        # The words stay out of the log; they may be a customer's.
        _log.warning("keeper_wording_unfounded", task=task)
        return False
    return True
