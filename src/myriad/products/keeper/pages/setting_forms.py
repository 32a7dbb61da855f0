"""From what was typed into the settings to changes; a fault names the field it was typed into."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import time
from typing import Any
from uuid import UUID

from myriad.kit.errors import InvalidInputError
from myriad.kit.money import minor_digits, parse_minor
from myriad.products.keeper.preferences import PreferenceError, Preferences
from myriad.products.keeper.square.trades import code_words, trade_of
from myriad.products.keeper.views.preferences import VERTICALS, OpeningHours

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_STRETCH = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*(?:-|–|to)\s*(\d{1,2})(?:[:.](\d{2}))?")  # noqa: RUF001
_MOST_DIGITS = 15

Typed = Mapping[str, str]


class TypedError(PreferenceError):
    """What was typed cannot be used; `faults` maps each field to what is wrong with it."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(next(iter(faults.values())))
        self.faults = dict(faults)


def changes_of(part: str, typed: Typed, many: Sequence[str], now: Preferences) -> dict[str, Any]:
    """Return the changes that one form of the page asks for; raises TypedError.

    `part` is one of FORMS; `many` are the boxes that were ticked under the name `kind`.
    """
    return FORMS[part](typed, many, now)


def _goals(typed: Typed, _many: Sequence[str], now: Preferences) -> dict[str, Any]:
    return {
        "goals": {
            "takings_per_month": _money(typed, "takings_per_month", now.currency),
            "calls_per_week": _whole(typed, "calls_per_week"),
        }
    }


def _quiet(typed: Typed, _many: Sequence[str], _now: Preferences) -> dict[str, Any]:
    start, end = typed.get("start", "").strip(), typed.get("end", "").strip()
    if not start and not end:
        return {"quiet_hours": None}
    if not start or not end:
        missing = "end" if start else "start"
        raise TypedError({missing: "give both times, or neither for no quiet hours"})
    urgent = "urgent_may_pass" in typed
    return {"quiet_hours": {"start": start, "end": end, "urgent_may_pass": urgent}}


def _close(typed: Typed, _many: Sequence[str], now: Preferences) -> dict[str, Any]:
    day = typed.get("day", "").strip()
    if not day:
        raise TypedError({"day": "say which day"})
    kept = [item for item in _closed(now) if item["day"] != day]
    return {"closed_days": [*kept, {"day": day, "name": typed.get("name", "")}]}


def _reopen(typed: Typed, _many: Sequence[str], now: Preferences) -> dict[str, Any]:
    return {"closed_days": [item for item in _closed(now) if item["day"] != typed.get("day")]}


def _holidays(typed: Typed, _many: Sequence[str], _now: Preferences) -> dict[str, Any]:
    return {"public_holidays": "public_holidays" in typed}


def _hours(typed: Typed, _many: Sequence[str], _now: Preferences) -> dict[str, Any]:
    faults: dict[str, str] = {}
    hours: dict[str, list[dict[str, str]]] = {}
    for number, name in enumerate(WEEKDAYS, start=1):
        text = typed.get(f"day_{number}", "").strip()
        found = [_stretch(match) for match in _STRETCH.finditer(text)]
        is_read = found and not re.sub(r"[\s,;]|and", "", _STRETCH.sub("", text))
        if text and not (is_read and all(_is_clock(item) for item in found)):
            faults[f"day_{number}"] = f"{name}: write hours like 9:00-12:30, 14:00-18:00"
        elif found:
            hours[str(number)] = found
    if faults:
        raise TypedError(faults)
    return {"opening_hours": hours}


def _privacy(typed: Typed, _many: Sequence[str], _now: Preferences) -> dict[str, Any]:
    return {"staff_privacy": typed.get("staff_privacy", "")}


def _network(typed: Typed, _many: Sequence[str], _now: Preferences) -> dict[str, Any]:
    return {"network_opt_in": "network_opt_in" in typed}


def _control(typed: Typed, _many: Sequence[str], _now: Preferences) -> dict[str, Any]:
    return {"control_group": "control_group" in typed}


def _business(typed: Typed, _many: Sequence[str], _now: Preferences) -> dict[str, Any]:
    return {
        "vertical": typed.get("vertical") or None,
        "reply_tone": typed.get("reply_tone", ""),
    }


def trades(now: Preferences) -> list[tuple[str, str]]:
    """Return the trades to choose from; the first follows Square."""
    said = trade_of(now.category_code)
    follow = f"As Square says ({said})" if said else "As Square says (nothing yet)"
    return [("", follow), *((name, name.capitalize()) for name in VERTICALS)]


def trade_source(now: Preferences) -> str:
    """Return where the trade comes from, in a sentence."""
    code = code_words(now.category_code) if now.category_code else ""
    if now.vertical_source == "owner":
        return "You chose it." + (f" Square's merchant category code is {code}." if code else "")
    if code:
        return f"It comes from Square's merchant category code of your location: {code}."
    return "Square has not said yet, so Keeper takes you for a spa."


def _notices(typed: Typed, many: Sequence[str], _now: Preferences) -> dict[str, Any]:
    return {"notify_emails": {typed.get("user_id", ""): list(many)}}


FORMS: dict[str, Callable[[Typed, Sequence[str], Preferences], dict[str, Any]]] = {
    "goals": _goals,
    "quiet": _quiet,
    "close": _close,
    "reopen": _reopen,
    "holidays": _holidays,
    "hours": _hours,
    "privacy": _privacy,
    "network": _network,
    "control": _control,
    "business": _business,
    "notices": _notices,
}


def faults_of(part: str, error: PreferenceError) -> dict[str, str]:
    """Return each field of the form with its fault, from an error of the form or of the rules."""
    if isinstance(error, TypedError):
        return error.faults
    return {_field(part, pointer): text for pointer, text in error.errors}


def _field(part: str, pointer: str) -> str:
    steps = pointer.strip("/").split("/")
    if part == "hours" and len(steps) > 1:
        return f"day_{steps[1]}"
    if part == "quiet" and len(steps) == 1:
        return "end"
    if part == "close":
        return "name" if steps[-1] == "name" else "day"
    return steps[-1]


def shown_hours(stretches: Sequence[OpeningHours]) -> str:
    """Return the hours of a weekday as they are typed."""
    return ", ".join(f"{_clock(item.opens)}-{_clock(item.closes)}" for item in stretches)


def shown_takings(now: Preferences) -> str:
    """Return the goal of takings as it is typed, in the currency's main unit."""
    minor, digits = now.goals.takings_per_month, minor_digits(now.currency)
    if minor is None:
        return ""
    whole, rest = divmod(minor, 10**digits)
    return f"{whole}.{rest:0{digits}d}" if rest else str(whole)


def kinds_of(now: Preferences, user_id: UUID, kinds: Sequence[str]) -> set[str]:
    """Return which kinds of e-mail a member gets."""
    return {kind for kind in kinds if now.wants_email(user_id, kind)}


def _closed(now: Preferences) -> list[dict[str, str]]:
    return [{"day": item.day.isoformat(), "name": item.name} for item in now.closed_days]


def _stretch(match: re.Match[str]) -> dict[str, str]:
    opens, opens_minute, closes, closes_minute = match.groups()
    return {
        "opens": f"{int(opens):02d}:{opens_minute or '00'}",
        "closes": f"{int(closes):02d}:{closes_minute or '00'}",
    }


def _is_clock(stretch: Mapping[str, str]) -> bool:
    return all("00:00" <= value <= "23:59" and value[3:] < "60" for value in stretch.values())


def _money(typed: Typed, name: str, currency: str) -> int | None:
    with suppress(InvalidInputError):
        minor = parse_minor(typed.get(name, "").replace(" ", ""), currency)
        if minor is None or minor > 0:
            return minor
    raise TypedError({name: f"give an amount above zero in {currency}, such as 12500"})


def _whole(typed: Typed, name: str) -> int | None:
    text = typed.get(name, "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > _MOST_DIGITS:
        raise TypedError({name: "give a whole number, or nothing"})
    return int(text)


def _clock(value: time) -> str:
    return value.strftime("%H:%M")
