"""What is asked of a model and what comes back: plain frozen data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from myriad.kit.errors import InvalidInputError
from myriad.scale.limits import Purse
from myriad.scale.tenancy import TenantId

Complexity = Literal["simple", "moderate", "complex"]
Mode = Literal["live", "stream", "batch"]

DAY_SECONDS = 86_400
_TASK = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){1,4}")


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """How long an answer to the same question counts: fresh, then good enough when all else fails.

    `read=False` asks anew (a rescan) and still stores; `write=False` leaves nothing behind. No
    answer is kept longer than the cache's row `answer` allows, eight days.
    """

    fresh_seconds: int = DAY_SECONDS
    stale_seconds: int = 7 * DAY_SECONDS
    read: bool = True
    write: bool = True


NO_CACHE = CachePolicy(read=False, write=False)


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. What entered `text` from outside went through `prompts.quote` first."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AIRequest:
    """One question.

    `task` is `product.noun.verb`; its first part is the product that pays. `schema`, a Pydantic
    model or a msgspec Struct, asks for a structured answer; `json_schema` does too and leaves its
    value unchecked. `data` holds the facts from which the offline provider's handler of the task
    answers; models never see it. `max_cost_usd_micros` is checked before each call; a `purse` bounds
    all calls of an undertaking. The answer to an `idempotency_key` is kept for a day.
    """

    tenant_id: TenantId
    task: str
    messages: tuple[Message, ...]
    instructions: str = ""
    prompt_version: str = ""
    complexity: Complexity = "simple"
    model_class: str | None = None
    schema: type[Any] | None = None
    json_schema: Mapping[str, Any] | None = None
    max_cost_usd_micros: int = 50_000
    purse: Purse | None = None
    max_output_tokens: int = 1_024
    deadline_seconds: float = 30.0
    idempotency_key: str | None = None
    cache: CachePolicy = CachePolicy()
    data: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _TASK.fullmatch(self.task):
            raise InvalidInputError(f"task {self.task!r} must read product.noun.verb")
        if not self.messages or self.messages[-1].role != "user":
            raise InvalidInputError("messages must end with one of the user")
        if self.max_cost_usd_micros < 0 or self.max_output_tokens < 1 or self.deadline_seconds <= 0:
            raise InvalidInputError(
                "max_cost_usd_micros must not be negative; max_output_tokens and deadline_seconds "
                "must be above zero"
            )

    @property
    def product(self) -> str:
        """The first part of the task."""
        return self.task.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call as its provider counted them; `input_tokens` includes the cached ones."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0

    @property
    def total(self) -> int:
        """All tokens in and out."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cache_read_tokens + other.cache_read_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AIAnswer:
    """One answer and where it came from.

    `value` is the parsed answer of a request with a schema. `degraded` says that something better
    was tried in vain; `reasons` tells what and why, in order. `is_cut` says that the answer ended
    at the limit of tokens. `cost_usd_micros` is what this answer cost now: 0 from the cache.
    """

    text: str
    provider: str
    model: str
    model_class: str
    value: Any = None
    usage: Usage = Usage()
    cost_usd_micros: int = 0
    price_version: str = ""
    is_cached: bool = False
    is_cut: bool = False
    degraded: bool = False
    reasons: tuple[str, ...] = ()
