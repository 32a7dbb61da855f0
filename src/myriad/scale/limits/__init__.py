"""Limits: toward providers (rate, budget, breaker) and toward our own tenants (rates, entitlements)."""

from myriad.scale.limits.aimd import AimdLimiter, AimdPolicy
from myriad.scale.limits.allowance import (
    BudgetExhaustedError,
    BudgetPolicy,
    Purse,
    PurseEmptyError,
    Reservation,
)
from myriad.scale.limits.breaker import Breaker, BreakerPolicy, CircuitOpenError, Outcome
from myriad.scale.limits.budget import ProviderBudget
from myriad.scale.limits.vendor import (
    Asking,
    FailedAttemptError,
    LimitedAttemptError,
    Patience,
    Vendor,
    connection_options,
    retry_after_seconds,
)

__all__ = [
    "AimdLimiter",
    "AimdPolicy",
    "Asking",
    "Breaker",
    "BreakerPolicy",
    "BudgetExhaustedError",
    "BudgetPolicy",
    "CircuitOpenError",
    "FailedAttemptError",
    "LimitedAttemptError",
    "Outcome",
    "Patience",
    "ProviderBudget",
    "Purse",
    "PurseEmptyError",
    "Reservation",
    "Vendor",
    "connection_options",
    "retry_after_seconds",
]
