"""What the simulated providers remember: faults to come, calls that were, and the bill."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from myriad.kit.errors import InvalidInputError

FaultKind = Literal[
    "limited",
    "refused",
    "unauthorized",
    "broken",
    "overloaded",
    "hanging",
    "garbage",
    "slow",
    "cut",
    "invalid",
    "partial",
    "dropped",
]
FAULT_KINDS: tuple[FaultKind, ...] = get_args(FaultKind)
_WINDOW_SECONDS = 60.0
_BYTES_A_TOKEN = 4
_NANOS = 1000

# Nano-dollars a token in and out, written down apart from the price table that Myriad uses, so
# that each checks the other.
BILL: dict[str, tuple[int, int]] = {
    "claude-haiku-4-5": (1_000, 5_000),
    "claude-sonnet-5": (2_000, 10_000),
    "claude-opus-5-5": (4_000, 20_000),
    "gpt-5-mini": (250, 2_000),
    "gpt-5.4": (2_500, 15_000),
    "gpt-5.5": (5_000, 30_000),
}


@dataclass
class Fault:
    """Something that goes wrong `times` times for `model` (`*`: any), each for `seconds`."""

    kind: FaultKind
    model: str = "*"
    times: int = 1
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in FAULT_KINDS:
            raise InvalidInputError(f"no fault {self.kind!r}; there are {', '.join(FAULT_KINDS)}")


@dataclass
class Account:
    """What one model was asked and what that costs."""

    requests: int = 0
    answered: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd_micros: int = 0
    most_in_a_minute: int = 0
    recent: deque[tuple[float, int]] = field(default_factory=deque)
    recent_tokens: int = 0


@dataclass
class World:
    """One pair of simulated providers.

    An answer takes `base_seconds` and `seconds_a_token`, or `seconds_an_item` for each numbered
    item that was asked. With `requests_a_minute` more than that are refused. `answers` are said
    instead of what would be made up, to questions that contain their key.
    """

    base_seconds: float = 0.0
    seconds_a_token: float = 0.0
    seconds_an_item: float = 0.0
    requests_a_minute: int = 0
    batch_polls: int = 1
    answers: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    accounts: dict[str, Account] = field(default_factory=dict)
    questions: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=200))
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic

    def account(self, model: str) -> Account:
        """Return the account of a model."""
        return self.accounts.setdefault(model, Account())

    def take_fault(self, model: str) -> Fault | None:
        """Return the next fault for a call to `model`, once less."""
        for fault in self.faults:
            if fault.model in ("*", model) and fault.times > 0:
                fault.times -= 1
                return fault
        return None

    def arrive(self, model: str, body: dict[str, Any]) -> bool:
        """Note a call; False when it is one too many for this minute."""
        account, now = self.account(model), self.clock()
        self.questions.append({"model": model, **body})
        account.requests += 1
        while account.recent and account.recent[0][0] <= now - _WINDOW_SECONDS:
            account.recent_tokens -= account.recent.popleft()[1]
        if self.requests_a_minute and len(account.recent) >= self.requests_a_minute:
            return False
        account.recent.append((now, 0))
        account.most_in_a_minute = max(account.most_in_a_minute, len(account.recent))
        return True

    def left(self, model: str) -> int:
        """Return how many requests the minute still has, as headers tell."""
        limit = self.requests_a_minute or 1_000_000
        return max(0, limit - len(self.account(model).recent))

    def bill(self, model: str, input_tokens: int, output_tokens: int, *, half: bool = False) -> int:
        """Put a finished answer on the bill and return its micro-dollars, rounded half up."""
        account = self.account(model)
        into, out = BILL.get(model, (0, 0))
        nanos = input_tokens * into + output_tokens * out
        micros = (nanos + _NANOS) // (2 * _NANOS) if half else (nanos + _NANOS // 2) // _NANOS
        account.answered += 1
        account.input_tokens += input_tokens
        account.output_tokens += output_tokens
        account.cost_usd_micros += micros
        return micros

    def spent(self) -> dict[str, Any]:
        """Return the bill by model, and its sum."""
        models = {
            name: {key: value for key, value in vars(account).items() if key != "recent"}
            for name, account in self.accounts.items()
        }
        total = sum(account.cost_usd_micros for account in self.accounts.values())
        return {"models": models, "cost_usd_micros": total}

    def reset(self) -> None:
        """Forget everything but the files and batches."""
        self.faults.clear()
        self.accounts.clear()
        self.questions.clear()
        self.answers.clear()
        self.base_seconds = self.seconds_a_token = self.seconds_an_item = 0.0
        self.requests_a_minute = 0


def count_tokens(text: str) -> int:
    """Return the tokens of a text by the simulator's rule: four bytes each, at least one."""
    return max(1, -(-len(text.encode()) // _BYTES_A_TOKEN))
