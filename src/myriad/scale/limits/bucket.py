"""The arithmetic of a token bucket whose rate rises slowly and is halved at a refusal.

Additive-increase, multiplicative-decrease finds a limit that nobody publishes (Chiu and Jain,
1989); here the increase is a share of the rate, so that small and large limits recover alike.
The Lua script of `aimd` does the same arithmetic; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AimdPolicy:
    """How a rate (requests a second) starts, grows and shrinks.

    `growth_per_minute` is the share by which the rate rises, `cut` the share that is left after a
    refusal; refusals within `cut_interval_seconds` of a cut count as one.
    """

    start_rate: float = 10.0
    floor_rate: float = 0.2
    ceiling_rate: float = 100.0
    burst: float = 20.0
    growth_per_minute: float = 0.10
    cut: float = 0.5
    cut_interval_seconds: float = 1.0


@dataclass
class Bucket:
    """Tokens and rate at a moment; tokens below zero are places in the queue."""

    rate: float
    tokens: float
    at: float
    cut_at: float = -1e9
    paused_until: float = 0.0

    @classmethod
    def new(cls, policy: AimdPolicy, now: float) -> Bucket:
        """Return a full bucket."""
        return cls(policy.start_rate, policy.burst, now)

    def advance(self, policy: AimdPolicy, now: float) -> None:
        """Let time pass until `now`: tokens flow in, the rate grows."""
        elapsed = max(0.0, now - self.at)
        self.tokens = min(policy.burst, self.tokens + elapsed * self.rate)
        grown = self.rate * (1.0 + policy.growth_per_minute) ** (elapsed / 60.0)
        self.rate = min(policy.ceiling_rate, grown)
        self.at = max(self.at, now)

    def take(self, now: float) -> float:
        """Take a token and return how many seconds the caller must wait before using it."""
        self.tokens -= 1.0
        queued = max(0.0, -self.tokens / self.rate)
        return max(queued, self.paused_until - now, 0.0)

    def refuse(self, policy: AimdPolicy, now: float, pause_seconds: float) -> None:
        """Note a refusal: halve the rate, empty the bucket, and pause as long as asked."""
        self.advance(policy, now)
        self.paused_until = max(self.paused_until, now + pause_seconds)
        if now - self.cut_at >= policy.cut_interval_seconds:
            self.rate = max(policy.floor_rate, self.rate * policy.cut)
            self.tokens = min(self.tokens, 0.0)
            self.cut_at = now
