"""One call to one model, paid and accounted for: ceiling, breaker, reservation, call, settlement."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

from myriad.scale.ai.catalog import Catalog, ModelLimits, Rung
from myriad.scale.ai.errors import LedgerAwayError, UnknownModelError
from myriad.scale.ai.ledger import CallOutcome, Ledger, entry_of
from myriad.scale.ai.outcome import (
    CallFailedError,
    CallLimitedError,
    CallRefusedError,
    CallTimedOutError,
    Reply,
)
from myriad.scale.ai.prices import price_of
from myriad.scale.ai.providers import Providers
from myriad.scale.ai.request import AIRequest, Mode, Usage
from myriad.scale.ai.settings import AISettings
from myriad.scale.ai.tickets import (
    LEAST_SECONDS,
    Run,
    RungSkippedError,
    Ticket,
    circuit_of,
    is_low,
    skipped,
    worst_usage,
)
from myriad.scale.limits import (
    Breaker,
    BudgetExhaustedError,
    BudgetPolicy,
    CircuitOpenError,
    Outcome,
    ProviderBudget,
    PurseEmptyError,
    Reservation,
)
from myriad.scale.limits.allowance import CallTooLargeError
from myriad.scale.observe.logs import get_logger

_log = get_logger(__name__)
NO_MONEY = "the tenant's money for today is used up"
NO_PURSE = "too little is left in the purse"


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
        self.budget = budget
        self.ledger = ledger
        self.settings = settings
        self._pressed_until: dict[str, float] = {}

    async def call(
        self, run: Run, request: AIRequest, rung: Rung, catalog: Catalog, seconds: float
    ) -> tuple[Reply, Ticket]:
        """Ask one model once; raises RungSkippedError with the reason why it did not answer.

        The caller of this must `conclude` the ticket once it knows whether the reply is usable.
        """
        ticket = await self.admit(run, request, rung, catalog, "live")
        try:
            # The first call of a process may have waited for the libraries.
            reply = await self.providers.call(rung.key, request, min(seconds, run.seconds_left))
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
        if not await self.providers.prepare(rung.key, run.seconds_left - LEAST_SECONDS):
            raise RungSkippedError(f"{rung.key}: its library is still being loaded")
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
            usd_micros_per_day=self.settings.tenant_daily_usd_micros,
        )
        try:
            await self._breaker.admit(circuit_of(rung))
            return await self.budget.reserve(
                key, request.tenant_id, worst.total, micros, policy, request.purse
            )
        except CircuitOpenError:
            raise RungSkippedError(f"{key}: circuit open") from None
        except CallTooLargeError as error:
            raise RungSkippedError(f"{key}: {error.detail}") from None
        except PurseEmptyError as error:
            # A cheaper model may still fit into what the purse holds.
            raise RungSkippedError(f"{key}: {NO_PURSE} {error.purse}") from None
        except LedgerAwayError as error:
            raise RungSkippedError(error.detail, ends_paying=True) from None
        except BudgetExhaustedError as error:
            if error.limit == "money":
                raise RungSkippedError(NO_MONEY, ends_paying=True) from None
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
        if is_low(reply.headers, limits):
            await self.budget.lower(str(ticket.rung.key), reply.headers)
        return cost

    async def _settle(self, ticket: Ticket, reply: Reply, outcome: CallOutcome, cost: int) -> None:
        await self.budget.settle(ticket.reservation, reply.usage.total, cost)
        if ticket.mode != "batch":
            await self._breaker.record(circuit_of(ticket.rung), Outcome.SUCCESS)
        await self.ledger.record(
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

    async def cancel(self, reservation: Reservation) -> None:
        """Give back what a call or batch took that never went out."""
        await self.budget.cancel(reservation)

    async def fail(self, ticket: Ticket, error: CallFailedError) -> None:
        """Settle a call that brought nothing: 429 to the limiter, faults to the breaker."""
        key, circuit = str(ticket.rung.key), circuit_of(ticket.rung)
        _log.warning("ai_call_failed", model=key, task=ticket.request.task, why=error.code)
        if isinstance(error, CallTimedOutError):
            await self._breaker.record(circuit, Outcome.TIMEOUT)
            # Whether a provider bills what it was not let finish is not known; the limits assume it.
            cost = ticket.price.cost_usd_micros(ticket.estimated)
            await self.budget.settle(ticket.reservation, ticket.estimated.total, cost)
            await self._record_unpaid(ticket, Usage(), "timeout", cost)
            return
        if isinstance(error, CallLimitedError):
            await self.budget.lower(key, error.headers)
            self._pressed_until[key] = time.monotonic() + (error.retry_after_seconds or 1.0)
        answered = isinstance(error, CallLimitedError | CallRefusedError)
        await self._breaker.record(circuit, Outcome.SUCCESS if answered else Outcome.FAILURE)
        await self.budget.settle(ticket.reservation, 0, 0)

    async def abandon(self, ticket: Ticket, used: Usage) -> None:
        """Settle a call that we broke off, with what it will have used."""
        cost = ticket.price.cost_usd_micros(used)
        await self.budget.settle(ticket.reservation, used.total, cost)
        await self._breaker.record(circuit_of(ticket.rung), Outcome.SUCCESS)
        await self._record_unpaid(ticket, used, "broken", cost)

    async def _record_unpaid(
        self, ticket: Ticket, usage: Usage, outcome: CallOutcome, charged_usd_micros: int
    ) -> None:
        await self.ledger.record(
            entry_of(
                ticket.request,
                ticket.rung,
                ticket.price,
                usage,
                outcome=outcome,
                mode=ticket.mode,
                seconds=time.monotonic() - ticket.started_at,
                is_estimated=True,
                charged_usd_micros=charged_usd_micros,
            )
        )
