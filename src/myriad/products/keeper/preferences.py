"""What an owner prefers: read by agents, notices and screens, changed by the owner alone.

preferences = await read_preferences(session)
await write_preferences(session, {"quiet_hours": {"start": "21:00", "end": "08:00"}}, caller)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, time
from itertools import pairwise
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from myriad.kit.errors import InvalidInputError
from myriad.products.keeper.repository.preferences import (
    lock_preferences,
    read_preferences,
    store_preferences,
)
from myriad.products.keeper.square.trades import trade_of
from myriad.products.keeper.views.preferences import (
    NOTICE_KINDS,
    ClosedDay,
    Goals,
    NoticeKind,
    OpeningHours,
    Preferences,
    QuietHours,
    ReplyTone,
    StaffPrivacy,
    Vertical,
)
from myriad.products.keeper.weekly_queue import enqueue_lending
from myriad.scale.data import Session
from myriad.scale.directory.audit import record_event
from myriad.scale.directory.principal import Principal
from myriad.scale.tenancy import current_tenant

__all__ = [
    "ClosedDay",
    "Goals",
    "OpeningHours",
    "PreferenceChanges",
    "PreferenceError",
    "Preferences",
    "QuietHours",
    "read_preferences",
    "write_preferences",
]

_MOST_CLOSED_DAYS = 400
_MOST_STRETCHES = 3
_MOST_TAKINGS = 10**13
_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)


class PreferenceError(InvalidInputError):
    """A setting cannot be what was asked for; names each field."""

    code = "keeper_setting"
    title = "Unusable setting"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GoalsChange(_Part):
    """Goals; null takes one back."""

    takings_per_month: int | None = Field(
        default=None, ge=1, le=_MOST_TAKINGS, description="in the account's smallest unit of money"
    )
    calls_per_week: int | None = Field(default=None, ge=1, le=1000)


class QuietHoursChange(_Part):
    """Local times; the end may lie on the next day."""

    start: time
    end: time
    urgent_may_pass: bool = True

    @model_validator(mode="after")
    def _last_a_while(self) -> Self:
        if self.start == self.end:
            raise ValueError("quiet hours end at another time than they start")
        return self


class ClosedDayChange(_Part):
    """One day on which the business stays closed."""

    day: date = Field(ge=_FIRST_DAY, le=_LAST_DAY)
    name: str = Field(default="", max_length=100)


class StretchChange(_Part):
    """Open from `opens` to `closes` on one weekday."""

    opens: time
    closes: time

    @model_validator(mode="after")
    def _go_forward(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError("closing comes after opening on the same day")
        return self


Weekday = Annotated[str, Field(pattern="^[1-7]$", description="ISO weekday, 1 is Monday")]
Stretches = Annotated[list[StretchChange], Field(max_length=_MOST_STRETCHES)]


class PreferenceChanges(_Part):
    """What is to change; a field that is left out stays as it is."""

    vertical: Vertical | None = Field(
        default=None, description="the trade; null follows Square's merchant category code"
    )
    goals: GoalsChange = GoalsChange()
    quiet_hours: QuietHoursChange | None = None
    closed_days: list[ClosedDayChange] = Field(default=[], max_length=_MOST_CLOSED_DAYS)
    public_holidays: bool = True
    opening_hours: dict[Weekday, Stretches] = Field(
        default={}, description="by weekday; empty while nothing is said, a missing day is of rest"
    )
    staff_privacy: StaffPrivacy = "own"
    network_opt_in: bool = False
    control_group: bool = True
    reply_tone: ReplyTone = "warm"
    notify_emails: dict[UUID, list[NoticeKind]] = Field(
        default={}, description="kinds of e-mail by member; others keep what they have"
    )

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        days = [item.day for item in self.closed_days]
        if len(set(days)) < len(days):
            raise ValueError("closed_days names a day twice")
        for weekday, stretches in self.opening_hours.items():
            ordered = sorted(stretches, key=lambda stretch: stretch.opens)
            if any(one.closes > two.opens for one, two in pairwise(ordered)):
                raise ValueError(f"opening_hours of weekday {weekday} overlap")
        return self


async def write_preferences(
    session: Session, changes: Mapping[str, Any] | PreferenceChanges, actor: Principal | None
) -> Preferences:
    """Change what the owner prefers, in part, and note who did; return all of it.

    Raises PreferenceError with the fields that cannot be, NoAccountError.
    """
    wanted = changes if isinstance(changes, PreferenceChanges) else check_changes(changes)
    await read_preferences(session)
    await lock_preferences(session)
    before = await read_preferences(session)
    after = _changed(before, wanted)
    if after != before:
        await store_preferences(session, after)
        _note(session, before, after, actor)
    if after.network_opt_in and not before.network_opt_in:
        await enqueue_lending(session)
    return after


def check_changes(changes: Mapping[str, Any]) -> PreferenceChanges:
    """Return the changes as they were meant, or raise PreferenceError."""
    try:
        return PreferenceChanges.model_validate(dict(changes))
    except ValidationError as error:
        faults = [
            ("/" + "/".join(str(part) for part in fault["loc"]), _plain(fault["msg"]))
            for fault in error.errors()
        ]
        named = "; ".join(f"{pointer[1:] or 'settings'}: {text}" for pointer, text in faults[:5])
        raise PreferenceError(f"nothing was changed: {named}", errors=faults) from None


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ")


def _changed(before: Preferences, wanted: PreferenceChanges) -> Preferences:
    chosen = {name: getattr(wanted, name) for name in wanted.model_fields_set}
    make: dict[str, Callable[[Any], Any]] = {
        "goals": lambda value: _goals(before.goals, value),
        "quiet_hours": lambda value: QuietHours(**value.model_dump()) if value else None,
        "closed_days": _closed_days,
        "opening_hours": _opening_hours,
        "notify_emails": lambda value: {
            **before.notify_emails,
            **{
                user: tuple(kind for kind in NOTICE_KINDS if kind in kinds)
                for user, kinds in value.items()
            },
        },
    }
    made = {name: make[name](value) for name, value in chosen.items() if name in make}
    if "vertical" in chosen:
        made.update(_trade(before, wanted.vertical))
    return replace(before, **{**chosen, **made})


def _trade(before: Preferences, wanted: Vertical | None) -> dict[str, str]:
    """Return the trade and who chose it; without a wish that of Square's code, or the default."""
    if wanted is not None:
        return {"vertical": wanted, "vertical_source": "owner"}
    said = trade_of(before.category_code)
    return {"vertical": said or "spa", "vertical_source": "square" if said else "default"}


def _goals(before: Goals, wanted: GoalsChange) -> Goals:
    return replace(before, **{name: getattr(wanted, name) for name in wanted.model_fields_set})


def _closed_days(wanted: list[ClosedDayChange]) -> tuple[ClosedDay, ...]:
    ordered = sorted(wanted, key=lambda item: item.day)
    return tuple(ClosedDay(item.day, item.name.strip()) for item in ordered)


def _opening_hours(wanted: dict[str, list[StretchChange]]) -> dict[int, tuple[OpeningHours, ...]]:
    return {
        int(weekday): tuple(
            OpeningHours(stretch.opens, stretch.closes)
            for stretch in sorted(stretches, key=lambda stretch: stretch.opens)
        )
        for weekday, stretches in sorted(wanted.items())
        if stretches
    }


_TOLD = ("vertical", "staff_privacy", "network_opt_in", "control_group", "reply_tone")


def _note(
    session: Session, before: Preferences, after: Preferences, actor: Principal | None
) -> None:
    names = [
        name for name in Preferences.__slots__ if getattr(before, name) != getattr(after, name)
    ]
    told = {
        name: {"before": getattr(before, name), "after": getattr(after, name)}
        for name in names
        if name in _TOLD
    }
    record_event(
        session, current_tenant(), "settings.changed", actor=actor, changed=names, values=told
    )
