"""Cron expressions: five fields in a time zone, with the rules of Vixie's cron as Debian has it.

minute hour day-of-month month day-of-week, with names (MON, JAN), ranges, steps and lists. When
both days are restricted, either may match. `cronsim` evaluates; this module says what is wrong
with an expression, and makes one rule of daylight saving for every way to write the same times:

- An hour field of `*` follows the clock: each hour that really passes fires, no hour twice.
- Otherwise the expression names wall times. One that daylight saving skips fires once, right after
  the gap; one that occurs twice fires the first time.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from myriad.kit.errors import InvalidInputError

EXAMPLE = "'30 7 * * MON-FRI' (07:30 on working days)"
_MONTHS = frozenset(
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
)
_DAYS = frozenset(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])
_FIELDS: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("minute", "0 to 59", frozenset()),
    ("hour", "0 to 23", frozenset()),
    ("day-of-month", "1 to 31", frozenset()),
    ("month", "1 to 12 or JAN to DEC", _MONTHS),
    ("day-of-week", "0 to 7 (0 and 7 are Sunday) or SUN to SAT", _DAYS),
)
_SHORTHANDS = {
    "@HOURLY": "0 * * * *",
    "@DAILY": "0 0 * * *",
    "@MIDNIGHT": "0 0 * * *",
    "@WEEKLY": "0 0 * * 0",
    "@MONTHLY": "0 0 1 * *",
    "@YEARLY": "0 0 1 1 *",
    "@ANNUALLY": "0 0 1 1 *",
}
_ANY_TIME = datetime(2024, 1, 1, tzinfo=UTC)
_LONGEST_EXPRESSION = 200


def check_cron(expression: str) -> None:
    """Raise InvalidInputError that says what is wrong, unless `expression` fires some time."""
    next_cron_fire(expression, ZoneInfo("UTC"), _ANY_TIME)


def next_cron_fire(expression: str, zone: ZoneInfo, after: datetime) -> datetime:
    """Return the first fire later than `after` (aware), in UTC.

    Raises InvalidInputError for an expression that cannot be read or never comes true.
    """
    fields = _fields_of(expression)
    try:
        for moment in CronSim(_as_wall_times(fields), after.astimezone(zone)):
            if moment.astimezone(UTC) > after:
                return moment.astimezone(UTC)
    except CronSimError:
        pass
    raise _refusal(expression, "no year has such a day")


def _fields_of(expression: str) -> list[str]:
    if len(expression) > _LONGEST_EXPRESSION:
        raise _refusal(expression[:20] + "...", f"it is over {_LONGEST_EXPRESSION} characters")
    text = expression.strip().upper()
    if text.startswith("@"):
        known = _SHORTHANDS.get(text)
        hint = f"write {known!r} instead" if known else "write the five fields"
        raise _refusal(expression, f"shorthands are not read; {hint}")
    fields = text.split()
    if len(fields) != len(_FIELDS):
        reason = f"it has {len(fields)} fields instead of five (there is none for seconds)"
        raise _refusal(expression, reason)
    for value, (name, allowed, names) in zip(fields, _FIELDS, strict=True):
        _check_field(expression, value, name, allowed, names)
    return fields


def _check_field(
    expression: str, value: str, name: str, allowed: str, names: frozenset[str]
) -> None:
    strange = [w for w in re.findall(r"[A-Z]+|[^A-Z0-9*,/-]", value) if w not in names]
    if "?" in strange:
        raise _refusal(expression, f"{name} {value!r}: '?' is not read, use '*'")
    if set(strange) & {"L", "W", "LW", "#"}:
        raise _refusal(expression, f"{name} {value!r}: L, W and # are not read, name the days")
    place = [field for field, _, _ in _FIELDS].index(name)
    alone = ["*"] * len(_FIELDS)
    alone[place] = value
    try:
        CronSim(" ".join(alone), _ANY_TIME)
    except CronSimError:
        strange = strange or [value]
    if strange:
        raise _refusal(expression, f"{name} {value!r} must be {allowed}, with - , / or *")


def _as_wall_times(fields: list[str]) -> str:
    """Return the expression so that stars in minute and hour do not change how clocks are read."""
    minute, hour, *days = fields
    if hour != "*":
        minute, hour = _spelled(minute, "0-59"), _spelled(hour, "0-23")
    return " ".join([minute, hour, *days])


def _spelled(field: str, everything: str) -> str:
    return ",".join(re.sub(r"^\*", everything, part) for part in field.split(","))


def _refusal(expression: str, reason: str) -> InvalidInputError:
    message = f"{expression!r} is no cron expression: {reason}; an example is {EXAMPLE}"
    return InvalidInputError(message, expression=expression)
