"""How many requests a minute each plan allows, by class of route: one frozen table.

A request counts under its tenant, and under the person or key that sent it, so that one loud key
leaves room for the others. Those whom a tenant serves count under themselves and all together,
apart from who runs it: ten thousand of them do not shut out its staff. Who is not signed in counts
under the address, widely, for many people may share one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from myriad.scale.limits.rates import Rate

READ, WRITE, HEAVY, STREAM = "read", "write", "heavy", "stream"
CLASSES = (READ, WRITE, HEAVY, STREAM)
STANDARD = "standard"
ADDRESS_PER_MINUTE = 6_000
CREDENTIAL_PER_MINUTE = 600
# Of what the tenant's own people may: a member alone a fifth, all members together twenty times.
_MEMBER_SHARE, _MEMBERS_TIMES = 5, 20


@dataclass(frozen=True, slots=True)
class RatePlan:
    """Requests a minute of one plan: of the tenant together, and of each person or key."""

    per_tenant: Mapping[str, int]
    per_caller: Mapping[str, int]

    def per_member(self, klass: str) -> int:
        """Return what one of those whom the tenant serves may."""
        return max(1, self.per_tenant[klass] // _MEMBER_SHARE)

    def of_members(self, klass: str) -> int:
        """Return what all of them may together."""
        return self.per_tenant[klass] * _MEMBERS_TIMES


def _plan(read: int, write: int, heavy: int, stream: int) -> RatePlan:
    per_tenant = {READ: read, WRITE: write, HEAVY: heavy, STREAM: stream}
    per_caller = {klass: max(1, limit * 2 // 3) for klass, limit in per_tenant.items()}
    return RatePlan(MappingProxyType(per_tenant), MappingProxyType(per_caller))


RATE_PLANS: Mapping[str, RatePlan] = MappingProxyType(
    {
        "free": _plan(read=600, write=120, heavy=10, stream=60),
        STANDARD: _plan(read=3_000, write=600, heavy=60, stream=300),
        "premium": _plan(read=12_000, write=3_000, heavy=300, stream=1_200),
    }
)


def rates_of(
    plan: str,
    klass: str,
    tenant_id: UUID | None,
    caller_id: UUID,
    kind: str,
    *,
    is_member: bool = False,
) -> list[Rate]:
    """Return the rates under which a request of a caller counts; an unknown plan is the standard.

    `is_member` says that the tenant serves the caller, who does not run it.
    """
    allowed = RATE_PLANS.get(plan, RATE_PLANS[STANDARD])
    if is_member:
        return [
            Rate("member", f"member:{tenant_id}:{caller_id}:{klass}", allowed.per_member(klass)),
            Rate("members", f"members:{tenant_id}:{klass}", allowed.of_members(klass)),
        ]
    rates = [Rate(kind, f"{kind}:{caller_id}:{klass}", allowed.per_caller[klass])]
    if tenant_id is not None:
        rates.append(Rate("tenant", f"tenant:{tenant_id}:{klass}", allowed.per_tenant[klass]))
    return rates
