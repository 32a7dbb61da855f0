"""The model's part: it asks in its own words and proposes facts. It never computes.

What it says is held against what it was given; see `speech`. What comes from outside, the company's
name among it, goes in as quoted data.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID

from myriad.products.upswitch.conversation.keys import KEYS
from myriad.products.upswitch.conversation.speech import Context, Speech, Spoken, given_to
from myriad.scale.ai import (
    DATA_RULE,
    NO_CACHE,
    AIRequest,
    InvalidOutputError,
    Message,
    NoAnswerError,
    StreamBrokenError,
    load_prompt,
    quote,
)
from myriad.scale.ai.calling import NO_PURSE
from myriad.scale.ai.gateway import Gateway
from myriad.scale.limits import Purse
from myriad.scale.observe.logs import get_logger
from myriad.scale.tenancy import TenantId

TASK = "upswitch.session.turn"
MOST_A_TURN_USD_MICROS = 15_000
DEADLINE_SECONDS = 12.0
_PACKAGE = "myriad.products.upswitch.conversation"
_MOST_TOKENS = 500
_LANGUAGES = {"en": "English", "nl": "Dutch", "fr": "French"}
Hear = Callable[[str], Awaitable[bool]]
_log = get_logger(__name__)


async def speak(
    gateway: Gateway, tenant_id: TenantId, context: Context, purse: Purse, hear: Hear
) -> Spoken:
    """Let a model speak, word by word to `hear`; whatever fails leaves the script to go on.

    `hear` gets all that may be shown so far and says whether to go on. A word with a number that
    nobody gave is never shown: it ends the model's turn.
    """
    speech = Speech(context)
    try:
        async with gateway.stream(_request(tenant_id, context, purse)) as stream:
            async for piece in stream:
                if not speech.take(piece) or not await hear(speech.shown):
                    break
            answer = stream.answer
    except (NoAnswerError, InvalidOutputError, StreamBrokenError) as error:
        _log.info("upswitch_model_silent", error=type(error).__name__)
        reasons = error.reasons if isinstance(error, NoAnswerError) else ()
        return Spoken(is_capped=any(NO_PURSE in reason for reason in reasons))
    if answer is None:
        return speech.ended_early()
    return replace(
        speech.ended(), cost_usd_micros=answer.cost_usd_micros, tokens=answer.usage.total
    )


def purse_of(session_id: UUID, cap_usd_micros: int) -> Purse:
    """Return the purse that pays the models of one session."""
    return Purse(f"upswitch.session:{session_id}", cap_usd_micros)


def _request(tenant_id: TenantId, context: Context, purse: Purse) -> AIRequest:
    prompt = load_prompt(_PACKAGE, "turn", 2)
    return AIRequest(
        tenant_id=tenant_id,
        task=TASK,
        instructions=prompt.render(
            rule=DATA_RULE,
            language=_LANGUAGES.get(context.view.locale, "English"),
            keys=_documented(),
        ),
        messages=(Message("user", quote(given_to(context))),),
        prompt_version=prompt.version,
        max_cost_usd_micros=MOST_A_TURN_USD_MICROS,
        purse=purse,
        max_output_tokens=_MOST_TOKENS,
        deadline_seconds=DEADLINE_SECONDS,
        cache=NO_CACHE,
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
