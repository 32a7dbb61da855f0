"""What a provider allows: the policy of a budget, what a call reserved of it, and the refusal."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal

from myriad.kit.clock import get_zone
from myriad.kit.errors import InvalidInputError, TooManyRequestsError
from myriad.scale.tenancy import TenantId

LimitName = Literal[
    "requests_per_minute", "tokens_per_minute", "requests_per_day", "money", "purse"
]
_NO_LIMIT = -1
_PURSE = re.compile(r"[A-Za-z0-9._:-]{1,120}")


class BudgetExhaustedError(TooManyRequestsError):
    """The budget does not allow this call now; `limit` says which part, and when to ask again."""

    code = "budget_exhausted"
    title = "Budget exhausted"

    def __init__(self, limit: LimitName, retry_after_seconds: float) -> None:
        detail = f"the budget of {limit.replace('_', ' ')} is used up; try again later"
        super().__init__(detail, retry_after_seconds, limit=limit)
        self.limit: LimitName = limit


class PurseEmptyError(BudgetExhaustedError):
    """The purse of an undertaking does not hold this call any more; waiting will not fill it."""

    code = "purse_empty"
    title = "Purse empty"

    def __init__(self, purse: str) -> None:
        super().__init__("purse", 0.0)
        self.purse = purse


class CallTooLargeError(InvalidInputError):
    """One call asks more than the whole budget; waiting will not help, a smaller call will."""

    code = "call_too_large"
    title = "Call too large"


@dataclass(frozen=True, slots=True)
class BudgetPolicy:
    """What one model of one provider may be asked; None means no limit.

    A minute is any 60 seconds, not a minute of the clock. A day turns at midnight in `day_zone`, a
    month likewise. Money is in micro-dollars and belongs to a tenant: `purse` names which of its
    purses pays, so that products or models may have their own or share one.
    """

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    requests_per_day: int | None = None
    usd_micros_per_day: int | None = None
    usd_micros_per_month: int | None = None
    day_zone: str = "UTC"
    purse: str = ""

    def as_arguments(self) -> list[int]:
        """Return the five limits in the script's order, -1 for none."""
        limits = (
            self.requests_per_minute,
            self.tokens_per_minute,
            self.requests_per_day,
            self.usd_micros_per_day,
            self.usd_micros_per_month,
        )
        return [_NO_LIMIT if limit is None else limit for limit in limits]

    def check(self, tokens: int, cost_usd_micros: int) -> None:
        """Raise CallTooLargeError when no empty budget would allow the call; no amount is negative."""
        if tokens < 0 or cost_usd_micros < 0:
            raise InvalidInputError("tokens and cost of a call are never negative")
        if self.tokens_per_minute is not None and tokens > self.tokens_per_minute:
            message = f"a call of {tokens:,} tokens exceeds {self.tokens_per_minute:,} a minute"
            raise CallTooLargeError(f"{message}; split it", tokens=tokens)


@dataclass(frozen=True, slots=True)
class Purse:
    """Money that a tenant sets apart for one undertaking, such as a session or a night's run.

    The cap is hard, in micro-dollars, and nothing renews it. `name` tells undertakings of a tenant
    apart, such as `shop.order:0198c2…`. Raises InvalidInputError for another name.
    """

    name: str
    cap_usd_micros: int

    def __post_init__(self) -> None:
        """Refuse what would not be one key of Redis."""
        if not _PURSE.fullmatch(self.name) or self.cap_usd_micros < 0:
            raise InvalidInputError(
                "a purse needs a name of 1 to 120 letters, digits and ._:- and a cap that is not "
                "negative"
            )


@dataclass(slots=True)
class Reservation:
    """What a call took of the budget until it is settled; `is_shared` is False without Redis.

    `purse` is the tenant's that turns with the calendar, `own_purse` that of the undertaking.
    """

    model_key: str
    tenant: TenantId
    purse: str
    tokens: int
    cost_usd_micros: int
    second: int
    day_start: int
    month_start: int
    is_shared: bool
    requests: int = 1
    is_settled: bool = field(default=False)
    own_purse: str = ""


@dataclass(frozen=True, slots=True)
class Boundaries:
    """Midnights and firsts of months around a moment, in epoch seconds."""

    days: tuple[int, ...]
    months: tuple[int, ...]

    @staticmethod
    def span(boundaries: tuple[int, ...], now: float) -> tuple[int, int]:
        """Return the start and end of the span that holds `now`."""
        later = [boundary for boundary in boundaries if boundary > now]
        earlier = [boundary for boundary in boundaries if boundary <= now]
        return earlier[-1], later[0]


def boundaries_around(now: float, zone: str) -> Boundaries:
    """Return yesterday's midnight to that after tomorrow, and last month's first to the one after next."""
    return _boundaries(int(now // 3600), zone)


@lru_cache(maxsize=256)
def _boundaries(hour: int, zone: str) -> Boundaries:
    place = get_zone(zone)
    local = datetime.fromtimestamp(hour * 3600, place)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    days = [midnight + timedelta(days=number) for number in (-1, 0, 1, 2)]
    month = local.year * 12 + local.month - 1
    firsts = [
        midnight.replace(year=(month + number) // 12, month=(month + number) % 12 + 1, day=1)
        for number in (-1, 0, 1, 2)
    ]
    return Boundaries(_epochs(days), _epochs(firsts))


def _epochs(moments: list[datetime]) -> tuple[int, ...]:
    return tuple(int(moment.timestamp()) for moment in moments)
