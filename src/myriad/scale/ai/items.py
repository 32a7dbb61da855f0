"""Many items to one prompt: a code for each, in few tokens, asking again only for what is missing.

A model gets numbered items and a list of codes, and answers `number=code` a line: the length of an
answer decides how long it takes. Items that were coded before come from the cache, so that only
what is new is asked. Up to 100 items go as four prompts of 25 at once; as one prompt while the
model's requests a minute are short.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from myriad.kit.errors import InvalidInputError
from myriad.scale.ai.answers import AnswerStore, StoredAnswer
from myriad.scale.ai.errors import NoAnswerError
from myriad.scale.ai.offline import OFFLINE
from myriad.scale.ai.prompts import DATA_RULE, quote
from myriad.scale.ai.request import (
    NO_CACHE,
    AIAnswer,
    AIRequest,
    CachePolicy,
    Complexity,
    Message,
    Usage,
)
from myriad.scale.cache import How
from myriad.scale.limits import Purse
from myriad.scale.tenancy import TenantId

if TYPE_CHECKING:
    from myriad.scale.ai.gateway import Gateway

MOST_ITEMS = 100
SPLIT_ITEMS = 25
UNKNOWN = "?"
_ROUNDS = 2
_TOKENS_A_LINE = 12
_LINE = re.compile(r"^\s*(\d{1,3})\s*=\s*(\S+)\s*$")
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,24}")
_FORM = (
    "For every numbered item answer one line `number=code` with a code from the list, or "
    f"`number={UNKNOWN}` when none fits. No other words, no repetition of the item."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsRequest:
    """Items that each get one of `codes` (code to its meaning).

    `max_cost_usd_micros` bounds all prompts together. Offline the task's handler gets
    `data["items"]` and `data["codes"]` and returns `number=code` lines.
    """

    tenant_id: TenantId
    task: str
    instructions: str
    items: tuple[Any, ...]
    codes: Mapping[str, str]
    prompt_version: str = ""
    complexity: Complexity = "simple"
    model_class: str | None = None
    max_cost_usd_micros: int = 50_000
    purse: Purse | None = None
    deadline_seconds: float = 60.0
    cache: CachePolicy = field(default_factory=CachePolicy)

    def __post_init__(self) -> None:
        wrong = [code for code in self.codes if not _CODE.fullmatch(code)]
        if not self.codes or wrong:
            raise InvalidInputError(
                "codes need 1 to 24 letters, digits, dots, dashes or underscores each"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsAnswer:
    """A code for each item, in order; None where the model found none or no answer came.

    `missing` are the positions without any answer. `sources` says who answered, such as
    `anthropic:claude-haiku-4-5`, `cache` or `offline:offline`.
    """

    codes: tuple[str | None, ...]
    missing: tuple[int, ...]
    calls: int
    cached: int
    cost_usd_micros: int
    usage: Usage
    degraded: bool
    reasons: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass
class _State:
    codes: list[str | None]
    calls: int = 0
    cached: int = 0
    cost: int = 0
    usage: Usage = field(default_factory=Usage)
    reasons: dict[str, None] = field(default_factory=dict)
    sources: dict[str, None] = field(default_factory=dict)
    degraded: bool = False

    def missing(self) -> list[int]:
        return [position for position, code in enumerate(self.codes) if code is None]


async def answer_items(gateway: Gateway, store: AnswerStore, request: ItemsRequest) -> ItemsAnswer:
    """Return a code for each item of the request."""
    state = _State([None] * len(request.items))
    names = [_name(request, item) for item in request.items]
    ends_at = time.monotonic() + request.deadline_seconds
    generation = await _recall(store, request, names, state)
    for _ in range(_ROUNDS):
        missing = state.missing()
        if not missing or time.monotonic() >= ends_at:
            break
        answered = await _round(gateway, request, state, missing, ends_at)
        await _keep(store, request, generation, names, state, answered)
    left = state.missing()
    return ItemsAnswer(
        codes=tuple(None if code == UNKNOWN else code for code in state.codes),
        missing=tuple(left),
        calls=state.calls,
        cached=state.cached,
        cost_usd_micros=state.cost,
        usage=state.usage,
        degraded=state.degraded or bool(left),
        reasons=tuple(state.reasons),
        sources=tuple(state.sources),
    )


async def _recall(
    store: AnswerStore, request: ItemsRequest, names: Sequence[str], state: _State
) -> str:
    """Take the codes that are kept; return the generation in which they were looked up."""
    if not (request.cache.read or request.cache.write):
        return ""
    now, found = time.time(), await store.items.find(request.tenant_id, names)
    for position, kept in enumerate(found.values):
        is_fresh = kept is not None and now - kept.stored_at < request.cache.fresh_seconds
        if kept is not None and is_fresh and request.cache.read:
            state.codes[position] = kept.text
            state.cached += 1
            state.sources["cache"] = None
    store.items.count(How.SHARED, state.cached)
    store.items.count(How.MISS, len(names) - state.cached)
    return found.generation


async def _round(
    gateway: Gateway, request: ItemsRequest, state: _State, missing: list[int], ends_at: float
) -> list[tuple[list[int], AIAnswer]]:
    """Ask for what is missing; return the positions of each prompt with its answer."""
    size = _size(gateway, request)
    chunks = [missing[start : start + size] for start in range(0, len(missing), size)]
    # Prompts of one go share the money that is left, so that together they cannot exceed it.
    share = (request.max_cost_usd_micros - state.cost) // len(chunks)
    seconds = ends_at - time.monotonic()
    asked = [_question(request, chunk, share, seconds) for chunk in chunks]
    answers = await asyncio.gather(
        *(gateway.ask(question) for question in asked), return_exceptions=True
    )
    answered = []
    for chunk, answer in zip(chunks, answers, strict=True):
        if isinstance(answer, NoAnswerError):
            state.reasons |= dict.fromkeys(answer.reasons)
            state.degraded = True
        elif isinstance(answer, BaseException):
            raise answer
        else:
            _take(state, chunk, answer, request.codes)
            answered.append((chunk, answer))
    return answered


def _size(gateway: Gateway, request: ItemsRequest) -> int:
    catalog = gateway.catalog()
    model_class = catalog.class_of(request.complexity, request.model_class)
    rungs = gateway.ladder.rungs(catalog, model_class)
    is_free = bool(rungs) and not gateway.caller.is_pressed(rungs[0])
    return SPLIT_ITEMS if is_free else MOST_ITEMS


def _question(
    request: ItemsRequest, chunk: Sequence[int], micros: int, seconds: float
) -> AIRequest:
    items = [request.items[position] for position in chunk]
    codes = "\n".join(f"{code}: {meaning}" for code, meaning in request.codes.items())
    numbered = "\n".join(f"{number} {quote(item)}" for number, item in enumerate(items, 1))
    return AIRequest(
        tenant_id=request.tenant_id,
        task=request.task,
        instructions=f"{request.instructions}\n\n{DATA_RULE}\n\nCodes:\n{codes}\n\n{_FORM}",
        messages=(Message("user", numbered),),
        prompt_version=request.prompt_version,
        complexity=request.complexity,
        model_class=request.model_class,
        max_cost_usd_micros=max(0, micros),
        purse=request.purse,
        max_output_tokens=_TOKENS_A_LINE * len(items) + 32,
        deadline_seconds=max(0.1, seconds),
        cache=NO_CACHE,
        data={"items": items, "codes": dict(request.codes)},
    )


def _take(state: _State, chunk: Sequence[int], answer: AIAnswer, codes: Mapping[str, str]) -> None:
    state.calls += 1
    state.cost += answer.cost_usd_micros
    state.usage += answer.usage
    state.degraded = state.degraded or answer.degraded
    state.reasons |= dict.fromkeys(answer.reasons)
    state.sources[f"{answer.provider}:{answer.model}"] = None
    for number, code in read_lines(answer.text, len(chunk), codes).items():
        state.codes[chunk[number - 1]] = code


def read_lines(text: str, count: int, codes: Mapping[str, str]) -> dict[int, str]:
    """Return number to code of every usable line of an answer.

    A line is left out when its number is not of 1 to `count`, its code not among `codes`, or
    when the number comes twice with different codes: then nobody knows which was meant.
    """
    found: dict[int, str] = {}
    doubtful: set[int] = set()
    for line in text.splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        number, code = int(match.group(1)), match.group(2)
        if not 1 <= number <= count or (code != UNKNOWN and code not in codes):
            continue
        if found.setdefault(number, code) != code:
            doubtful.add(number)
    return {number: code for number, code in found.items() if number not in doubtful}


async def _keep(
    store: AnswerStore,
    request: ItemsRequest,
    generation: str,
    names: Sequence[str],
    state: _State,
    answered: Sequence[tuple[Sequence[int], AIAnswer]],
) -> None:
    now = time.time()
    kept = [
        (names[position], _stored(names[position], code, answer, now))
        for chunk, answer in answered
        if request.cache.write and answer.provider != OFFLINE and not answer.degraded
        for position in chunk
        if (code := state.codes[position]) is not None
    ]
    await store.items.keep(request.tenant_id, generation, kept, request.cache.fresh_seconds)


def _stored(name: str, code: str, answer: AIAnswer, now: float) -> StoredAnswer:
    return StoredAnswer(
        name, code, answer.provider, answer.model, answer.model_class, answer.price_version, now
    )


def _name(request: ItemsRequest, item: Any) -> str:
    """Return what an item's code is kept under: the item and all that decides its code."""
    canonical = json.dumps(
        [
            request.task,
            request.prompt_version,
            request.model_class or request.complexity,
            request.instructions,
            dict(request.codes),
            item,
        ],
        sort_keys=True,
        default=str,
        ensure_ascii=False,
    )
    return hashlib.sha256(canonical.encode()).hexdigest()
