"""The model's part: it asks in its own words and proposes facts. It never computes.

What it says is held against what it was given: words of a proposal must stand in the message, the
number is read from those words by our own code, and a sentence with a number that is nowhere given
is replaced by the script's. What comes from outside, the company's name among it, goes in as
quoted data.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from myriad.kit.clock import utc_now
from myriad.products.upswitch.conversation.answers import (
    AnswerError,
    check_period,
    read_answer,
    read_numbers,
    shown,
)
from myriad.products.upswitch.conversation.keys import KEYS
from myriad.products.upswitch.conversation.normalising import base_period
from myriad.products.upswitch.conversation.prefill import agree
from myriad.products.upswitch.conversation.questions import Question, default_period
from myriad.products.upswitch.views.sessions import FactView, MessageView, SessionView
from myriad.scale.ai import (
    DATA_RULE,
    NO_CACHE,
    AIRequest,
    InvalidOutputError,
    Message,
    NoAnswerError,
    load_prompt,
    quote,
)
from myriad.scale.ai.gateway import Gateway
from myriad.scale.observe.logs import get_logger
from myriad.scale.tenancy import TenantId

TASK = "upswitch.session.turn"
MOST_A_TURN_USD_MICROS = 15_000
DEADLINE_SECONDS = 12.0
_PACKAGE = "myriad.products.upswitch.conversation"
_CONFIDENCE = 0.6
_MOST_TOKENS = 500
_MOST_PROPOSALS = 8
_LONGEST_SAYING = 900
_REMEMBERED = 6
_LANGUAGES = {"en": "English", "nl": "Dutch", "fr": "French"}
_log = get_logger(__name__)


class Proposed(msgspec.Struct, frozen=True):
    """A fact as a model has understood it: `words` are the owner's own."""

    key: str
    value: float | str
    words: str
    period: str = ""


class Said(msgspec.Struct, frozen=True):
    """What a model answers: words for the owner, and facts for the owner to confirm."""

    say: str
    proposals: list[Proposed] = []


@dataclass(frozen=True, slots=True)
class Context:
    """What a model is told of one turn."""

    view: SessionView
    messages: Sequence[MessageView]
    text: str
    question: Question | None


@dataclass(frozen=True, slots=True)
class Spoken:
    """What came of asking: None of `say` where the script's words are better or all there is.

    `cost_usd_micros` is None when nobody knows what was spent.
    """

    say: str | None = None
    proposals: tuple[FactView, ...] = ()
    cost_usd_micros: int | None = None
    tokens: int = 0


async def speak(gateway: Gateway, tenant_id: TenantId, context: Context) -> Spoken:
    """Ask a model for its words and proposals; whatever fails leaves the script to go on."""
    prompt = load_prompt(_PACKAGE, "turn", 1)
    request = AIRequest(
        tenant_id=tenant_id,
        task=TASK,
        instructions=prompt.render(
            rule=DATA_RULE,
            language=_LANGUAGES.get(context.view.locale, "English"),
            keys=_documented(),
        ),
        messages=(Message("user", quote(_given(context))),),
        prompt_version=prompt.version,
        schema=Said,
        max_cost_usd_micros=MOST_A_TURN_USD_MICROS,
        max_output_tokens=_MOST_TOKENS,
        deadline_seconds=DEADLINE_SECONDS,
        cache=NO_CACHE,
    )
    try:
        answer = await gateway.ask(request)
    except (NoAnswerError, InvalidOutputError) as error:
        _log.info("upswitch_model_silent", error=type(error).__name__)
        return Spoken()
    said: Said = answer.value
    return Spoken(
        say=check_saying(said.say, context),
        proposals=check_proposals(said.proposals, context),
        cost_usd_micros=answer.cost_usd_micros,
        tokens=answer.usage.total,
    )


def _documented() -> str:
    """Return the keys as the prompt lists them; nothing from outside is among it."""
    lines = []
    for key in KEYS.values():
        if key.group != "assumptions":
            kind = f"one of: {', '.join(key.choices)}" if key.choices else key.kind
            year = ", of one year" if key.is_yearly else ""
            lines.append(f"- {key.name}: {key.meaning} ({kind}{year})")
    return "\n".join(lines)


def _given(context: Context) -> dict[str, Any]:
    question = context.question
    said = [message for message in context.messages if message.content != context.text]
    return {
        "company": context.view.company_name,
        "last_financial_year": _year_of(context),
        "known": [
            {
                "label": KEYS[fact.key].label,
                "value": shown(KEYS[fact.key], fact.value),
                "period": fact.period,
                "confirmed": fact.confirmed,
            }
            for fact in context.view.facts
            if fact.key in KEYS
        ],
        "said_before": [
            {"role": message.role, "text": message.content} for message in said[-_REMEMBERED:]
        ],
        "message": context.text,
        "next_question": None
        if question is None
        else {
            "text": question.text,
            "why": question.why,
            "choices": list(question.choices),
        },
    }


def _year_of(context: Context) -> str:
    return base_period(context.view.facts) or default_period(utc_now().date())


def check_saying(say: str, context: Context) -> str | None:
    """Return the words when every number in them was given, else None."""
    words = " ".join(say.split())
    if not words or len(words) > _LONGEST_SAYING:
        return None
    given = str(_given(context))
    if not _numbers(words) <= _numbers(given) | set(re.findall(r"\d+", given)):
        # The words stay out of the log; they may repeat what the owner wrote.
        _log.warning("upswitch_saying_unfounded", task=TASK)
        return None
    return words


def _numbers(text: str) -> set[str]:
    """Return the numbers of a text by their digits, however they are grouped."""
    found = re.findall(r"\d(?:[\d.,'\u2019\s\u00a0\u202f]*\d)?", text)
    return {re.sub(r"\D", "", each) for each in found}


def check_proposals(proposed: Sequence[Proposed], context: Context) -> tuple[FactView, ...]:
    """Return the proposals that the owner's own words bear out, each key and year once."""
    found: dict[tuple[str, str], FactView] = {}
    for one in proposed[:_MOST_PROPOSALS]:
        fact = _founded(one, context)
        if fact is not None and not _is_known(fact, context.view.facts):
            found.setdefault((fact.key, fact.period), fact)
    return tuple(found.values())


def _founded(one: Proposed, context: Context) -> FactView | None:
    key = KEYS.get(one.key)
    words = " ".join(one.words.split())
    if key is None or key.group == "assumptions" or not words:
        return None
    if words.casefold() not in " ".join(context.text.split()).casefold():
        return None
    try:
        value = read_answer(key, words, facts=context.view.facts)
        period = check_period(key, one.period or _year_of(context))
    except AnswerError:
        return None
    if not _is_as_written(one.value, words, value):
        return None
    return FactView(
        key=key.name,
        value=value,
        unit=key.unit,
        period=period,
        source="llm",
        confidence=_CONFIDENCE,
        evidence=f"“{words}”",
        confirmed=False,
    )


def _is_as_written(proposed: float | str, words: str, value: object) -> bool:
    """Whether a model proposes what its words say: the number as written, or what it amounts to."""
    if isinstance(value, str):
        return str(proposed).casefold() == value.casefold()
    if isinstance(proposed, str):
        numbers = read_numbers(proposed)
        if len(numbers) != 1:
            return False
        proposed = numbers[0].value
    written = {number.value for number in read_numbers(words)}
    written |= {number.value for number in read_numbers(words, is_amount=False)}
    return proposed in written or proposed == value


def _is_known(fact: FactView, facts: Sequence[FactView]) -> bool:
    """Whether what holds says the same already."""
    same = [
        other
        for other in facts
        if other.confirmed and (other.key, other.period) == (fact.key, fact.period)
    ]
    return any(agree(fact, other) for other in same)
