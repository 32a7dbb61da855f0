"""One call to one model, paid and accounted for: ceiling, breaker, reservation, call, settlement."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

from myriad.kit.errors import MyriadError
from myriad.scale.ai.catalog import Catalog, ModelLimits, Rung
from myriad.scale.ai.errors import UnknownModelError
from myriad.scale.ai.ledger import CallOutcome, Ledger, entry_of
from myriad.scale.ai.outcome import (
    CallFailedError,
    CallLimitedError,
    CallRefusedError,
    CallTimedOutError,
    Reply,
)
from myriad.scale.ai.prices import ModelPrice, price_of
from myriad.scale.ai.providers import Providers
from myriad.scale.ai.request import AIRequest, Mode, Usage
from myriad.scale.ai.settings import AISettings
from myriad.scale.ai.tokens import estimate_input_tokens
from myriad.scale.limits import (
    Breaker,
    BudgetExhaustedError,
    BudgetPolicy,
    CircuitOpenError,
    Outcome,
    ProviderBudget,
    Reservation,
)
from myriad.scale.limits.allowance import CallTooLargeError
from myriad.scale.observe.logs import get_logger
from myriad.scale.tenancy import TenantId

_log = get_logger(__name__)
_LOW_SHARE = 5
_NO_MONEY = "the tenant's money for today is used up"
_REMAINING = (
    ("x-ratelimit-remaining-requests", "rpm"),
    ("anthropic-ratelimit-requests-remaining", "rpm"),
    ("x-ratelimit-remaining-tokens", "tpm"),
    ("anthropic-ratelimit-tokens-remaining", "tpm"),
)


class RungSkippedError(MyriadError):
    """A rung of the ladder did not answer; `reason` goes into the chain of reasons.

    `ends_paying` says that no other paid model is to be tried: the tenant's money is used up.
    `leaves_provider` says that this provider will refuse the next model as well.
    """

    code = "ai_rung_skipped"

    def __init__(
        self, reason: str, *, ends_paying: bool = False, leaves_provider: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.ends_paying = ends_paying
        self.leaves_provider = leaves_provider


@dataclass
class Run:
    """What one question has used up so far, over all its calls."""

    request: AIRequest
    ends_at: float
    spent_usd_micros: int = 0
    usage: Usage = field(default_factory=Usage)
    reasons: list[str] = field(default_factory=list)

    @classmethod
    def start(cls, request: AIRequest) -> Run:
        """Start the clock of a question."""
        return cls(request, time.monotonic() + request.deadline_seconds)

    @property
    def seconds_left(self) -> float:
        """Seconds until the deadline."""
        return self.ends_at - time.monotonic()


@dataclass(frozen=True, slots=True)
class Ticket:
    """A call that may go out now: what it may cost at most is reserved."""

    rung: Rung
    request: AIRequest
    price: ModelPrice
    reservation: Reservation
    mode: Mode
    estimated: Usage
    started_at: float


class Caller:
    """Admits calls, and settles them with what they did use."""

    def __init__(
        self,
        providers: Providers,
        breaker: Breaker,
        budget: ProviderBudget,
        ledger: Ledger,
        settings: AISettings,
    ) -> None:
        self.providers = providers
        self._breaker = breaker
        self._budget = budget
        self._ledger = ledger
        self._settings = settings
        self._pressed_until: dict[str, float] = {}

    async def call(
        self, run: Run, request: AIRequest, rung: Rung, catalog: Catalog, seconds: float
    ) -> tuple[Reply, Ticket]:
        """Ask one model once; raises RungSkippedError with the reason why it did not answer.

        The caller of this must `conclude` the ticket once it knows whether the reply is usable.
        """
        ticket = await self.admit(run, request, rung, catalog, "live")
        try:
            reply = await self.providers.call(rung.key, request, seconds)
        except CallFailedError as error:
            await self.fail(ticket, error)
            raise skipped(rung, error) from None
        except BaseException:
            await asyncio.shield(self.abandon(ticket, ticket.estimated))
            raise
        return reply, ticket

    async def admit(
        self, run: Run, request: AIRequest, rung: Rung, catalog: Catalog, mode: Mode
    ) -> Ticket:
        """Return the ticket of a call, or raise RungSkippedError with nothing taken."""
        try:
            price = price_of(rung.key, datetime.now(UTC).date(), batch=mode == "batch")
        except UnknownModelError as error:
            _log.error("ai_model_unpriced", model=str(rung.key))
            raise RungSkippedError(error.detail) from None
        await self.providers.prepare(rung.key)
        worst = worst_usage(request)
        micros = price.cost_usd_micros(worst)
        left = request.max_cost_usd_micros - run.spent_usd_micros
        if micros > left:
            raise RungSkippedError(
                f"{rung.key}: may cost {micros:,} micro-dollars of {left:,} allowed"
            )
        reservation = await self._reserve(request, rung, catalog.limits_of(rung.key), worst, micros)
        return Ticket(rung, request, price, reservation, mode, worst, time.monotonic())

    async def _reserve(
        self, request: AIRequest, rung: Rung, limits: ModelLimits, worst: Usage, micros: int
    ) -> Reservation:
        key = str(rung.key)
        policy = BudgetPolicy(
            requests_per_minute=limits.rpm,
            tokens_per_minute=limits.tpm,
            requests_per_day=limits.rpd,
            usd_micros_per_day=self._settings.tenant_daily_usd_micros,
        )
        try:
            await self._breaker.admit(circuit_of(rung))
            return await self._budget.reserve(key, request.tenant_id, worst.total, micros, policy)
        except CircuitOpenError:
            raise RungSkippedError(f"{key}: circuit open") from None
        except CallTooLargeError as error:
            raise RungSkippedError(f"{key}: {error.detail}") from None
        except BudgetExhaustedError as error:
            if error.limit == "money":
                raise RungSkippedError(_NO_MONEY, ends_paying=True) from None
            self._pressed_until[key] = time.monotonic() + min(error.retry_after_seconds, 60.0)
            raise RungSkippedError(f"{key}: our limit of {error.limit}") from None

    def is_pressed(self, rung: Rung) -> bool:
        """Whether this model's limit was met a moment ago, so that few large calls are better."""
        return time.monotonic() < self._pressed_until.get(str(rung.key), 0.0)

    async def conclude(
        self, run: Run, ticket: Ticket, reply: Reply, outcome: CallOutcome, limits: ModelLimits
    ) -> int:
        """Settle a call that was answered and return what it cost, in micro-dollars."""
        cost = ticket.price.cost_usd_micros(reply.usage)
        run.spent_usd_micros += cost
        run.usage += reply.usage
        await asyncio.shield(self._settle(ticket, reply, outcome, cost))
        if _is_low(reply.headers, limits):
            await self._budget.lower(str(ticket.rung.key), reply.headers)
        return cost

    async def _settle(self, ticket: Ticket, reply: Reply, outcome: CallOutcome, cost: int) -> None:
        await self._budget.settle(ticket.reservation, reply.usage.total, cost)
        if ticket.mode != "batch":
            await self._breaker.record(circuit_of(ticket.rung), Outcome.SUCCESS)
        await self._ledger.record(
            entry_of(
                ticket.request,
                ticket.rung,
                ticket.price,
                reply.usage,
                outcome=outcome,
                mode=ticket.mode,
                seconds=time.monotonic() - ticket.started_at,
            )
        )

    def worst_of(self, rung: Rung, requests: Sequence[AIRequest]) -> tuple[int, ModelPrice]:
        """Return what a batch may cost at most, and its price; raises RungSkippedError."""
        try:
            price = price_of(rung.key, datetime.now(UTC).date(), batch=True)
        except UnknownModelError as error:
            raise RungSkippedError(error.detail) from None
        costs = [price.cost_usd_micros(worst_usage(request)) for request in requests]
        for cost, request in zip(costs, requests, strict=True):
            if cost > request.max_cost_usd_micros:
                raise RungSkippedError(
                    f"{rung.key}: may cost {cost:,} micro-dollars of "
                    f"{request.max_cost_usd_micros:,} allowed"
                )
        return sum(costs), price

    async def reserve_batch(self, rung: Rung, tenant_id: TenantId, micros: int) -> Reservation:
        """Take a tenant's money for a batch; the provider's limits of a minute are not for it."""
        policy = BudgetPolicy(usd_micros_per_day=self._settings.tenant_daily_usd_micros)
        try:
            return await self._budget.reserve(f"{rung.key}#batch", tenant_id, 0, micros, policy)
        except BudgetExhaustedError:
            raise RungSkippedError(_NO_MONEY, ends_paying=True) from None

    async def cancel(self, reservation: Reservation) -> None:
        """Give back what a call or batch took that never went out."""
        await self._budget.cancel(reservation)

    async def settle_batch(self, reservation: Reservation, cost_usd_micros: int) -> None:
        """Replace what a batch took by what it did cost."""
        await self._budget.settle(reservation, 0, cost_usd_micros)

    async def record_batch(
        self, request: AIRequest, rung: Rung, price: ModelPrice, reply: Reply, entry_id: UUID
    ) -> None:
        """Put one answer of a batch on the ledger; a second time with its id does nothing."""
        outcome: CallOutcome = "cut" if reply.is_cut else "answered"
        entry = entry_of(request, rung, price, reply.usage, outcome=outcome, mode="batch")
        await self._ledger.record(replace(entry, id=entry_id))

    async def fail(self, ticket: Ticket, error: CallFailedError) -> None:
        """Settle a call that brought nothing: 429 to the limiter, faults to the breaker."""
        key, circuit = str(ticket.rung.key), circuit_of(ticket.rung)
        _log.warning("ai_call_failed", model=key, task=ticket.request.task, why=error.code)
        if isinstance(error, CallTimedOutError):
            await self._breaker.record(circuit, Outcome.TIMEOUT)
            # Whether a provider bills what it was not let finish is not known; the limits assume it.
            await self._budget.settle(
                ticket.reservation,
                ticket.estimated.total,
                ticket.price.cost_usd_micros(ticket.estimated),
            )
            nothing = Usage()
            await self._record_unpaid(ticket, nothing, "timeout")
            return
        if isinstance(error, CallLimitedError):
            await self._budget.lower(key, error.headers)
            self._pressed_until[key] = time.monotonic() + (error.retry_after_seconds or 1.0)
        answered = isinstance(error, CallLimitedError | CallRefusedError)
        await self._breaker.record(circuit, Outcome.SUCCESS if answered else Outcome.FAILURE)
        await self._budget.settle(ticket.reservation, 0, 0)

    async def abandon(self, ticket: Ticket, used: Usage) -> None:
        """Settle a call that we broke off, with what it will have used."""
        cost = ticket.price.cost_usd_micros(used)
        await self._budget.settle(ticket.reservation, used.total, cost)
        await self._breaker.record(circuit_of(ticket.rung), Outcome.SUCCESS)
        await self._record_unpaid(ticket, used, "broken")

    async def _record_unpaid(self, ticket: Ticket, usage: Usage, outcome: CallOutcome) -> None:
        await self._ledger.record(
            entry_of(
                ticket.request,
                ticket.rung,
                ticket.price,
                usage,
                outcome=outcome,
                mode=ticket.mode,
                seconds=time.monotonic() - ticket.started_at,
                is_estimated=True,
            )
        )


def worst_usage(request: AIRequest) -> Usage:
    """Return the most tokens that a call may use."""
    return Usage(estimate_input_tokens(request), request.max_output_tokens)


def circuit_of(rung: Rung) -> str:
    """Return the breaker's key of a model."""
    return f"ai:{rung.key}"


def skipped(rung: Rung, error: CallFailedError) -> RungSkippedError:
    """Return the reason that a failed call leaves in the chain."""
    return RungSkippedError(
        f"{rung.key}: {error.why}", leaves_provider=isinstance(error, CallRefusedError)
    )


def _is_low(headers: Mapping[str, str], limits: ModelLimits) -> bool:
    """Whether the provider says that less than a fifth of our minute is left."""
    for name, limit in _REMAINING:
        left = headers.get(name, "")
        if left.isdigit() and int(left) * _LOW_SHARE < getattr(limits, limit):
            return True
    return False
