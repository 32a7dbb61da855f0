"""Limits toward others: how fast we may call a provider, and when to stop calling it at all."""

from myriad.scale.limits.aimd import AimdLimiter, AimdPolicy
from myriad.scale.limits.breaker import Breaker, BreakerPolicy, CircuitOpenError, Outcome

__all__ = [
    "AimdLimiter",
    "AimdPolicy",
    "Breaker",
    "BreakerPolicy",
    "CircuitOpenError",
    "Outcome",
]
