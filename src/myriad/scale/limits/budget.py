"""What providers of models may be asked, shared by every process: reserve, call, settle.

One Lua call checks and takes requests and tokens of the rolling minute, the day's requests, the
tenant's money and that of an undertaking's own purse, all or nothing; the Redis server's clock
decides. A call reserves what it may cost at most and settles with what it did cost. The provider's
own headers lower what is left. While Redis does not answer, each process has its share (see
`budget_local`), and tells Redis afterwards.

The minute is counted in slices of a second and holds for any 60 seconds, so that a provider sees
no overrun however it counts its own minutes; a generic cell rate would admit up to twice the
limit over the edge of one.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from myriad.scale.limits.allowance import (
    BudgetExhaustedError,
    BudgetPolicy,
    CallTooLargeError,
    LimitName,
    Purse,
    PurseEmptyError,
    Reservation,
    boundaries_around,
)
from myriad.scale.limits.budget_headers import Told, read_headers
from myriad.scale.limits.budget_local import LocalShares
from myriad.scale.observe.logs import get_logger
from myriad.scale.observe.metrics import Counter
from myriad.scale.tenancy import TenantId

__all__ = [
    "BudgetExhaustedError",
    "BudgetPolicy",
    "CallTooLargeError",
    "LimitName",
    "ProviderBudget",
    "Purse",
    "PurseEmptyError",
    "Reservation",
]

_log = get_logger(__name__)
_SCRIPT = Path(__file__).with_name("budget.lua").read_text(encoding="utf-8")
_PREFIX = "budget:v1:"
_AWAY_SECONDS = 5.0
_LOST = (RedisError, OSError, TimeoutError)
_UNLIMITED = BudgetPolicy()
_NOT_TOLD = -1
Recall = Callable[[TenantId, str], Awaitable[int]]
_refusals = Counter(
    "myriad_limits_budget_refusals", "Calls that a provider budget did not admit", ["limit"]
)


@dataclass(frozen=True, slots=True)
class _Call:
    """What a call asks for, and which purses pay."""

    model_key: str
    tenant: TenantId
    tokens: int
    usd_micros: int
    policy: BudgetPolicy
    purse: Purse | None

    @property
    def tenants_purse(self) -> str:
        return f"{self.tenant}:{self.policy.purse}"

    @property
    def own_purse(self) -> str:
        return f"{self.tenant}:{self.purse.name}" if self.purse is not None else ""


class ProviderBudget:
    """Admits calls to models within the providers' limits and the tenants' money.

    `redis` should be the server that never evicts; None for a process that has none. `workers` is
    how many processes share the budget, for the shares while Redis is away. `recall` says what a
    purse of an undertaking has spent, for when Redis has forgotten it. `clock` (epoch seconds) is
    for tests.
    """

    def __init__(
        self,
        redis: Redis | None,
        *,
        workers: int = 1,
        recall: Recall | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._recall = recall
        self._script = redis.register_script(_SCRIPT) if redis is not None else None
        self._clock = clock
        self._shares = LocalShares(max(1, workers))
        self._away_until = 0.0

    async def reserve(
        self,
        model_key: str,
        tenant: TenantId,
        tokens: int,
        cost_usd_micros: int,
        policy: BudgetPolicy,
        purse: Purse | None = None,
    ) -> Reservation:
        """Take one request, `tokens` and the money, or raise BudgetExhaustedError and take nothing.

        With `purse` the money comes out of it as well. Raises PurseEmptyError when it holds too
        little, CallTooLargeError when even an empty budget would not allow the call.
        """
        policy.check(tokens, cost_usd_micros)
        call = _Call(model_key, tenant, tokens, cost_usd_micros, policy, purse)
        try:
            told = await self._reserve_shared(call)
            marks = told if told is not None else await self._reserve_alone(call)
        except BudgetExhaustedError as refused:
            _refusals.labels(refused.limit).inc()
            raise
        return Reservation(
            model_key,
            tenant,
            policy.purse,
            tokens,
            cost_usd_micros,
            *marks,
            told is not None,
            own_purse="" if purse is None else purse.name,
        )

    async def settle(self, reservation: Reservation, tokens: int, cost_usd_micros: int) -> None:
        """Replace what was reserved by what the call used; a second time does nothing."""
        await self._correct(reservation, 0, tokens, cost_usd_micros)

    async def cancel(self, reservation: Reservation) -> None:
        """Give everything back: the call never went out."""
        await self._correct(reservation, -reservation.requests, 0, 0)

    async def lower(self, model_key: str, headers: Mapping[str, str]) -> None:
        """Take the provider's word for what is left of the minute, and when it asks to wait.

        `headers` are those of its answer, of 429 above all; without any that count nothing happens.
        """
        told = read_headers(headers, datetime.fromtimestamp(self._now(), UTC))
        if told.says_nothing:
            return
        if told.pause_seconds > 0:
            use = self._shares.model(model_key)
            use.paused_until = max(use.paused_until, self._now() + told.pause_seconds)
        await self._call("lower", _keys(model_key, "", ""), _facts_of(told))

    async def _reserve_shared(self, call: _Call) -> tuple[int, int, int] | None:
        """Return second, day and month of what Redis has taken; None while it does not answer."""
        await self._pay_debts(call)
        answer = await self._ask_for(call, _NOT_TOLD)
        if answer is not None and answer[0] == b"unknown":
            answer = await self._ask_for(call, await self._spent_before(call))
        if answer is None:
            return None
        if answer[0] == b"purse":
            assert call.purse is not None
            raise PurseEmptyError(call.purse.name)
        if answer[0]:
            raise BudgetExhaustedError(cast(LimitName, answer[0].decode()), float(answer[1]))
        *told, own = [int(number) for number in answer[1].split()]
        self._shares.remember(call.model_key, call.tenants_purse, told)
        if call.own_purse:
            self._shares.own(call.own_purse).told = own
        return told[0], told[1], told[2]

    async def _ask_for(self, call: _Call, spent_before: int) -> list[bytes] | None:
        cap = 0 if call.purse is None else call.purse.cap_usd_micros
        facts: list[str | float] = [
            1,
            call.tokens,
            call.usd_micros,
            *call.policy.as_arguments(),
            *self._boundaries(call.policy),
            cap,
            spent_before,
            call.usd_micros,
        ]
        return await self._call("reserve", _keys_of(call), facts)

    async def _reserve_alone(self, call: _Call) -> tuple[int, int, int]:
        """Take of this process's share; what a purse has spent is asked for once."""
        if call.purse is not None:
            if not self._shares.knows(call.own_purse):
                self._shares.own(call.own_purse).told = await self._spent_before(call)
            cap = call.purse.cap_usd_micros
            if not self._shares.take_own(call.own_purse, call.usd_micros, cap):
                raise PurseEmptyError(call.purse.name)
        try:
            return self._shares.reserve(
                call.model_key,
                call.tenants_purse,
                call.tokens,
                call.usd_micros,
                call.policy,
                self._now(),
            )
        except BudgetExhaustedError:
            if call.own_purse:
                self._shares.own(call.own_purse).own -= call.usd_micros
            raise

    async def _spent_before(self, call: _Call) -> int:
        if self._recall is None or call.purse is None:
            return 0
        return await self._recall(call.tenant, call.purse.name)

    async def _pay_debts(self, call: _Call) -> None:
        if not self._is_there():
            return
        debts = self._shares.take_debts(call.model_key, call.tenants_purse, self._now())
        own = self._shares.take_own_debt(call.own_purse)
        if any(debts) or own:
            facts: list[str | float] = [
                *debts,
                *_UNLIMITED.as_arguments(),
                *self._boundaries(call.policy),
                _NOT_TOLD,
                _NOT_TOLD,
                own,
            ]
            await self._call("carry", _keys_of(call), facts)

    async def _correct(
        self, reservation: Reservation, requests: int, tokens: int, micros: int
    ) -> None:
        if reservation.is_settled:
            return
        reservation.is_settled = True
        purse = f"{reservation.tenant}:{reservation.purse}"
        own = f"{reservation.tenant}:{reservation.own_purse}" if reservation.own_purse else ""
        changes = requests, tokens - reservation.tokens, micros - reservation.cost_usd_micros
        if not any(changes):
            return
        if not reservation.is_shared:
            self._shares.adjust(reservation.model_key, purse, reservation.second, *changes)
            if own:
                self._shares.own(own).own += changes[2]
            return
        facts = [reservation.second, *changes, reservation.day_start, reservation.month_start]
        await self._call("adjust", _keys(reservation.model_key, purse, own), facts)

    async def _call(
        self, command: str, keys: Sequence[str], facts: Sequence[str | float]
    ) -> list[bytes] | None:
        if not self._is_there():
            return None
        assert self._script is not None
        moment = "" if self._clock is None else repr(self._clock())
        try:
            answer: list[bytes] = await self._script(
                keys=list(keys), args=[command, moment, *facts]
            )
        except _LOST as error:
            self._away_until = time.monotonic() + _AWAY_SECONDS
            _log.warning("limits_budget_away", error=repr(error))
            return None
        return answer

    def _boundaries(self, policy: BudgetPolicy) -> list[str]:
        around = boundaries_around(self._now(), policy.day_zone)
        return [",".join(map(str, days)) for days in (around.days, around.months)]

    def _is_there(self) -> bool:
        return self._script is not None and time.monotonic() >= self._away_until

    def _now(self) -> float:
        return time.time() if self._clock is None else self._clock()


def _facts_of(told: Told) -> list[float]:
    return [told.requests_left, told.tokens_left, told.until_full_seconds, told.pause_seconds]


def _keys(model_key: str, purse: str, own: str) -> list[str]:
    keys = [
        f"{_PREFIX}minute:{model_key}",
        f"{_PREFIX}day:{model_key}",
        f"{_PREFIX}purse:day:{purse}",
        f"{_PREFIX}purse:month:{purse}",
    ]
    return [*keys, f"{_PREFIX}purse:own:{own}"] if own else keys


def _keys_of(call: _Call) -> list[str]:
    return _keys(call.model_key, call.tenants_purse, call.own_purse)
