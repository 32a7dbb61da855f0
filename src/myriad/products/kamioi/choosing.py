"""A model picks each string's brand from a closed list of its own, or none of them.

It cannot name a brand that is not on the list, and strings and names reach it as data only. Without
a model the answer is none: the likest name is no evidence by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from myriad.products.kamioi.money.arithmetic import apportion
from myriad.scale.ai import answers_offline
from myriad.scale.ai.gateway import Gateway
from myriad.scale.ai.items import MOST_ITEMS, UNKNOWN, ItemsAnswer, ItemsRequest
from myriad.scale.ai.offline import OFFLINE
from myriad.scale.ai.prompts import load_prompt
from myriad.scale.ai.request import AIRequest
from myriad.scale.tenancy import TenantId

_PACKAGE = "myriad.products.kamioi"
TASK = "kamioi.descriptor.choose"
MOST_CANDIDATES = 20
_CODES = {f"c{place}": f"the item's candidate c{place}" for place in range(1, MOST_CANDIDATES + 1)}


@dataclass(frozen=True, slots=True)
class Choice:
    """Which candidate (position in the list, None: none) and who chose, such as `cache`."""

    position: int | None
    source: str
    cost_usd_micros: int = 0

    @property
    def is_by_model(self) -> bool:
        """Whether a model, now or earlier, chose; the offline provider does not."""
        return not self.source.startswith(OFFLINE) and self.source != ""


@dataclass(frozen=True, slots=True)
class Batch:
    """One question over many strings: how many were answered before, calls, tokens, cost.

    `model` is who answered, `cache` when nobody needed to; `chosen` of the strings got a brand.
    """

    model: str
    strings: int
    cached: int
    chosen: int
    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd_micros: int
    is_degraded: bool


async def choose(
    gateway: Gateway, tenant_id: TenantId, asked: Sequence[tuple[str, Sequence[str]]]
) -> tuple[list[Choice], list[Batch]]:
    """Return a choice for each (string, candidates' names), a hundred to a batch, and the batches."""
    found, batches = list[Choice](), list[Batch]()
    for start in range(0, len(asked), MOST_ITEMS):
        part = asked[start : start + MOST_ITEMS]
        answer = await _ask(gateway, tenant_id, part)
        costs = costs_of(answer)
        choices = [
            _read(answer, place, len(names), costs.get(place, 0))
            for place, (_, names) in enumerate(part)
        ]
        found += choices
        batches.append(_batch(answer, choices))
    return found, batches


def prompt_sha256() -> str:
    """Return what names the wording under which models choose."""
    prompt = load_prompt(_PACKAGE, "choose_brand", 1)
    return hashlib.sha256(f"{prompt.version}\n{prompt.text}".encode()).hexdigest()


def _batch(answer: ItemsAnswer, choices: Sequence[Choice]) -> Batch:
    return Batch(
        model=_source(answer) or OFFLINE,
        strings=len(choices),
        cached=answer.cached,
        chosen=sum(one.position is not None for one in choices),
        calls=answer.calls,
        input_tokens=answer.usage.input_tokens,
        output_tokens=answer.usage.output_tokens,
        cost_usd_micros=answer.cost_usd_micros,
        is_degraded=answer.degraded,
    )


def _source(answer: ItemsAnswer) -> str:
    """Return who answered: a model rather than the cache, empty when only nobody did."""
    told = [one for one in answer.sources if not one.startswith(OFFLINE)]
    return next((one for one in told if one != "cache"), told[0] if told else "")


async def _ask(
    gateway: Gateway, tenant_id: TenantId, asked: Sequence[tuple[str, Sequence[str]]]
) -> ItemsAnswer:
    prompt = load_prompt(_PACKAGE, "choose_brand", 1)
    items = tuple(
        {
            "string": raw,
            "candidates": {
                f"c{place}": name for place, name in enumerate(names[:MOST_CANDIDATES], 1)
            },
        }
        for raw, names in asked
    )
    return await gateway.ask_items(
        ItemsRequest(
            tenant_id=tenant_id,
            task=TASK,
            instructions=prompt.text,
            prompt_version=prompt.version,
            items=items,
            codes=_CODES,
            complexity="simple",
        )
    )


def costs_of(answer: ItemsAnswer) -> dict[int, int]:
    """Return what each answer of a batch cost, by its place: together what the batch cost."""
    missing = set(answer.missing)
    answered = [place for place in range(len(answer.codes)) if place not in missing]
    shares = apportion(answer.cost_usd_micros, [1] * len(answered)) if answered else []
    return dict(zip(answered, shares, strict=True))


def _read(answer: ItemsAnswer, place: int, count: int, cost_usd_micros: int) -> Choice:
    code = answer.codes[place]
    source = _source(answer)
    if place in answer.missing or not source:
        return Choice(None, OFFLINE)
    position = int(code[1:]) - 1 if code else None
    # A code beyond the item's own list is no choice.
    is_listed = position is not None and position < count
    return Choice(position if is_listed else None, source, cost_usd_micros)


@answers_offline(TASK)
def _nobody(request: AIRequest) -> str:
    count = len(request.data["items"])
    return "\n".join(f"{number}={UNKNOWN}" for number in range(1, count + 1))
