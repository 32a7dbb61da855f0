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

__all__ = [
    "AimdLimiter",
    "AimdPolicy",
    "Breaker",
    "BreakerPolicy",
    "BudgetExhaustedError",
    "BudgetPolicy",
    "CircuitOpenError",
    "Outcome",
    "ProviderBudget",
    "Purse",
    "PurseEmptyError",
    "Reservation",
]
