"""What a provider's answer says about what is left: the headers of OpenAI, Anthropic and HTTP.

OpenAI: `x-ratelimit-remaining-{requests,tokens}` and `x-ratelimit-reset-…` as a duration such as
`6m0s`. Anthropic: `anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}-{remaining,
reset}`, the reset an RFC 3339 moment. Both: `retry-after` in seconds or as an HTTP date (RFC 9110,
section 10.2.3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_LONGEST_SECONDS = 3600.0
_WINDOW_SECONDS = 60.0
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_NOT_TOLD = -1
_REQUESTS_LEFT = (
    "x-ratelimit-remaining-requests",
    "anthropic-ratelimit-requests-remaining",
)
_TOKENS_LEFT = (
    "x-ratelimit-remaining-tokens",
    "anthropic-ratelimit-tokens-remaining",
    "anthropic-ratelimit-input-tokens-remaining",
    "anthropic-ratelimit-output-tokens-remaining",
)


@dataclass(frozen=True, slots=True)
class Told:
    """What is left by the provider's own count; -1 and 0.0 where it does not say."""

    requests_left: int
    tokens_left: int
    until_full_seconds: float
    pause_seconds: float

    @property
    def says_nothing(self) -> bool:
        """Whether the headers bear on no limit."""
        return self.until_full_seconds <= 0 and self.pause_seconds <= 0


def read_headers(headers: Mapping[str, str], now: datetime) -> Told:
    """Return what the headers tell; names in any case, nonsense is taken as not told."""
    told = {name.lower(): value.strip() for name, value in headers.items()}
    requests = _least(told, _REQUESTS_LEFT)
    tokens = _least(told, _TOKENS_LEFT)
    resets = [
        _seconds(value, now)
        for name, value in told.items()
        if "ratelimit" in name and "reset" in name
    ]
    until_full = min(max(resets, default=0.0) or _WINDOW_SECONDS, _WINDOW_SECONDS)
    is_told = requests != _NOT_TOLD or tokens != _NOT_TOLD
    pause = _seconds(told.get("retry-after", ""), now)
    return Told(requests, tokens, until_full if is_told else 0.0, pause)


def _least(told: Mapping[str, str], names: tuple[str, ...]) -> int:
    counts = [int(told[name]) for name in names if told.get(name, "").isdecimal()]
    return min(counts, default=_NOT_TOLD)


def _seconds(value: str, now: datetime) -> float:
    return min(max(_duration(value, now), 0.0), _LONGEST_SECONDS)


def _duration(value: str, now: datetime) -> float:
    if re.fullmatch(r"\d+(\.\d+)?", value):
        return float(value)
    parts = _PART.findall(value)
    if parts and "".join(number + unit for number, unit in parts) == value:
        return sum(float(number) * _UNITS[unit] for number, unit in parts)
    moment = _moment(value)
    return 0.0 if moment is None else (moment - now).total_seconds()


def _moment(value: str) -> datetime | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(value)
        except (ValueError, TypeError):
            continue
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None
