"""A process's own share of a budget, for while Redis does not answer.

What Redis last told is remembered, so that an outage does not begin with an empty count: with n
processes a call goes out while `told + n * (own + asked) <= limit`. Nobody then exceeds the limit,
however many of the n processes go on.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TypeVar

from myriad.scale.limits.allowance import (
    Boundaries,
    BudgetExhaustedError,
    BudgetPolicy,
    LimitName,
    boundaries_around,
)

WINDOW_SECONDS = 61
_MOST_KEPT = 10_000
_KeptT = TypeVar("_KeptT")


@dataclass
class Spent:
    """What was spent in one span of the calendar: as Redis told, and here since."""

    start: int = 0
    told: int = 0
    own: int = 0

    def turn(self, start: int) -> Spent:
        """Begin anew when the span is another one."""
        if start != self.start:
            self.start, self.told, self.own = start, 0, 0
        return self

    def exceeds(self, limit: int | None, asked: int, workers: int) -> bool:
        """Tell whether `asked` more would exceed this process's share."""
        return limit is not None and self.told + workers * (self.own + asked) > limit


@dataclass
class ModelUse:
    """Requests and tokens of one model in the rolling minute, and the day's requests."""

    told_second: int = 0
    told: tuple[int, int] = (0, 0)
    slices: dict[int, list[int]] = field(default_factory=dict)
    day: Spent = field(default_factory=Spent)
    paused_until: float = 0.0

    def forget_old(self, now: float) -> None:
        """Drop what left the rolling minute."""
        last = int(now) - WINDOW_SECONDS
        if self.told_second <= last:
            self.told = (0, 0)
        for second in [second for second in self.slices if second <= last]:
            del self.slices[second]

    def own(self, kind: int) -> int:
        """Return what this process spent in the rolling minute: 0 requests, 1 tokens."""
        return sum(amounts[kind] for amounts in self.slices.values())

    def exceeds(self, kind: int, limit: int | None, asked: int, workers: int) -> bool:
        """Tell whether `asked` more would exceed this process's share of the minute."""
        if limit is None:
            return False
        return self.told[kind] + workers * (self.own(kind) + asked) > limit


@dataclass
class Purse:
    """A tenant's money by day and month."""

    day: Spent = field(default_factory=Spent)
    month: Spent = field(default_factory=Spent)


class LocalShares:
    """The shares of one process among `workers`."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._models: OrderedDict[str, ModelUse] = OrderedDict()
        self._purses: OrderedDict[str, Purse] = OrderedDict()
        self._own: OrderedDict[str, Spent] = OrderedDict()

    def model(self, key: str) -> ModelUse:
        """Return what is known of a model's use."""
        return _kept(self._models, key, ModelUse)

    def purse(self, key: str) -> Purse:
        """Return what is known of a purse."""
        return _kept(self._purses, key, Purse)

    def knows(self, key: str) -> bool:
        """Whether an undertaking's purse was told of, here or by Redis."""
        return key in self._own

    def own(self, key: str) -> Spent:
        """Return what is known of an undertaking's purse, which no calendar turns."""
        return _kept(self._own, key, Spent)

    def take_own(self, key: str, micros: int, cap: int) -> bool:
        """Take of this process's share of an undertaking's purse; False when it holds too little."""
        own = self.own(key)
        if own.exceeds(cap, micros, self._workers):
            return False
        own.own += micros
        return True

    def take_own_debt(self, key: str) -> int:
        """Return what an undertaking spent that Redis does not know of, and forget it."""
        if not self.knows(key):
            return 0
        own = self.own(key)
        debt, own.own = own.own, 0
        return debt

    def remember(self, model_key: str, purse_key: str, told: list[int]) -> None:
        """Take what Redis told: second, day, month, requests, tokens, day's requests, money twice."""
        second, day, month, requests, tokens, of_day, money_of_day, money_of_month = told
        use, purse = self.model(model_key), self.purse(purse_key)
        use.told_second, use.told = second, (requests, tokens)
        use.day.turn(day).told = of_day
        purse.day.turn(day).told = money_of_day
        purse.month.turn(month).told = money_of_month

    def reserve(
        self,
        model_key: str,
        purse_key: str,
        tokens: int,
        micros: int,
        policy: BudgetPolicy,
        now: float,
    ) -> tuple[int, int, int]:
        """Take of the share and return second, day and month; or raise BudgetExhaustedError."""
        marks = self._turn(model_key, purse_key, policy, now)
        use, purse = self.model(model_key), self.purse(purse_key)
        self._check(use, purse, tokens, micros, policy, now)
        amounts = use.slices.setdefault(int(now), [0, 0])
        amounts[0] += 1
        amounts[1] += tokens
        use.day.own += 1
        purse.day.own += micros
        purse.month.own += micros
        return int(now), marks[0], marks[1]

    def _turn(
        self, model_key: str, purse_key: str, policy: BudgetPolicy, now: float
    ) -> tuple[int, int]:
        around = boundaries_around(now, policy.day_zone)
        day, _ = Boundaries.span(around.days, now)
        month, _ = Boundaries.span(around.months, now)
        use, purse = self.model(model_key), self.purse(purse_key)
        use.forget_old(now)
        use.day.turn(day)
        purse.day.turn(day)
        purse.month.turn(month)
        return day, month

    def _check(
        self,
        use: ModelUse,
        purse: Purse,
        tokens: int,
        micros: int,
        policy: BudgetPolicy,
        now: float,
    ) -> None:
        workers, around = self._workers, boundaries_around(now, policy.day_zone)
        until_day = Boundaries.span(around.days, now)[1] - now
        until_month = Boundaries.span(around.months, now)[1] - now
        per_minute = float(WINDOW_SECONDS)
        checks: list[tuple[bool, LimitName, float]] = [
            (use.paused_until > now, "requests_per_minute", use.paused_until - now),
            (
                use.exceeds(0, policy.requests_per_minute, 1, workers),
                "requests_per_minute",
                per_minute,
            ),
            (
                use.exceeds(1, policy.tokens_per_minute, tokens, workers),
                "tokens_per_minute",
                per_minute,
            ),
            (use.day.exceeds(policy.requests_per_day, 1, workers), "requests_per_day", until_day),
            (purse.day.exceeds(policy.usd_micros_per_day, micros, workers), "money", until_day),
            (
                purse.month.exceeds(policy.usd_micros_per_month, micros, workers),
                "money",
                until_month,
            ),
        ]
        refused = [(seconds, name) for is_over, name, seconds in checks if is_over]
        if refused:
            seconds, name = max(refused)
            raise BudgetExhaustedError(name, seconds)

    def adjust(
        self, model_key: str, purse_key: str, second: int, requests: int, tokens: int, micros: int
    ) -> None:
        """Correct what a reservation took by the difference to what the call used."""
        use, purse = self.model(model_key), self.purse(purse_key)
        amounts = use.slices.get(second)
        if amounts is not None:
            amounts[0] += requests
            amounts[1] += tokens
        use.day.own = max(0, use.day.own + requests)
        purse.day.own = max(0, purse.day.own + micros)
        purse.month.own = max(0, purse.month.own + micros)

    def take_debts(self, model_key: str, purse_key: str, now: float) -> tuple[int, int, int]:
        """Return requests, tokens and money that Redis does not know of yet, and forget them."""
        if model_key not in self._models and purse_key not in self._purses:
            return 0, 0, 0
        use, purse = self.model(model_key), self.purse(purse_key)
        use.forget_old(now)
        debts = use.day.own, use.own(1), purse.month.own
        use.slices.clear()
        use.day.own = purse.day.own = purse.month.own = 0
        return debts


def _kept(held: OrderedDict[str, _KeptT], key: str, kind: type[_KeptT]) -> _KeptT:
    found = held.get(key)
    if found is None:
        found = held[key] = kind()
        if len(held) > _MOST_KEPT:
            held.popitem(last=False)
    held.move_to_end(key)
    return found
