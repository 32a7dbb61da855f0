"""Facts of the demo: two companies and a fund that do not exist, and closes that nobody paid.

What a company did to its shares is told of the invented ones alone, for such a fact holds for every
programme of an installation. Closes are drawn for every share that a brand can lead to; each row
names its source, so that real closes of a day are never overwritten and never mistaken.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256

from myriad.products.kamioi.broker.market import is_trading_day
from myriad.products.kamioi.mapping.brands import Brand

SOURCE = "simulated"
EXCHANGE = "SIM"
COFFEE_TEXT, GROCER_TEXT = "JUNIPER BEAN CO #{n}", "FERNWAY GROCERS {n}"
# How many days after the first the invented companies act, or on the next day of trading.
SPLIT_AFTER_DAYS, DIVIDEND_AFTER_DAYS = 21, 27
_LOWEST, _SPREAD, _SWING, _NOISE, _DRIFT = 18.0, 310.0, 0.07, 0.012, 0.0006
_CYCLE_DAYS = 83.0
_EPOCH = date(2020, 1, 1)


@dataclass(frozen=True, slots=True)
class InventedCompany:
    """A company that does not exist; its number is longer than any of the SEC's."""

    cik: int
    name: str
    ticker: str
    brand: Brand


@dataclass(frozen=True, slots=True)
class InventedAction:
    """What an invented company does to its shares on an ex-date."""

    cik: int
    kind: str
    ex_date: date
    ratio: tuple[int, int] | None = None
    cash_per_share: Decimal | None = None


COFFEE = InventedCompany(
    99_999_999_001,
    "Juniper Bean Company (simulated)",
    "SIM.JB",
    Brand("simulated-juniper-bean", "Juniper Bean", source=SOURCE, categories=frozenset({"cafe"})),
)
GROCER = InventedCompany(
    99_999_999_002,
    "Fernway Grocers, Inc. (simulated)",
    "SIM.FW",
    Brand(
        "simulated-fernway", "Fernway Grocers", source=SOURCE, categories=frozenset({"supermarket"})
    ),
)
COMPANIES = (COFFEE, GROCER)
FUND_NAME, FUND_TICKER = "Broad Market Fund (simulated)", "SIM.ALL"


def actions(since: date) -> tuple[InventedAction, ...]:
    """Return what the invented companies do in a demo that began on `since`."""
    split = _next_trading_day(since + timedelta(days=SPLIT_AFTER_DAYS))
    dividend = _next_trading_day(since + timedelta(days=DIVIDEND_AFTER_DAYS))
    return (
        InventedAction(COFFEE.cik, "split", split, ratio=(3, 1)),
        InventedAction(GROCER.cik, "cash_dividend", dividend, cash_per_share=Decimal("0.85")),
    )


def _next_trading_day(day: date) -> date:
    while not is_trading_day(day):
        day += timedelta(days=1)
    return day


def close_of(ticker: str, day: date, split: tuple[date, int] | None = None) -> Decimal:
    """Return the simulated close in dollars and cents, the same for the same ticker and day.

    `split` is (ex-date, shares for one): from it on the close is so many times lower.
    """
    seed = int.from_bytes(sha256(ticker.encode()).digest()[:8])
    base = _LOWEST + _SPREAD * (seed % 10_007) / 10_007
    age = (day - _EPOCH).days
    wave = math.sin(2 * math.pi * (age + seed % 97) / _CYCLE_DAYS)
    noise = int.from_bytes(sha256(f"{ticker}:{day}".encode()).digest()[:4]) / 2**31 - 1
    close = base * (1 + _SWING * wave + _NOISE * noise + _DRIFT * (age % 365))
    parts = split[1] if split is not None and day >= split[0] else 1
    return Decimal(f"{max(close / parts, 1.0):.2f}")


def trading_days(first: date, last: date) -> Iterator[date]:
    """Yield the days from `first` to `last` on which New York trades."""
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if is_trading_day(day):
            yield day


def split_of(ticker: str, since: date) -> tuple[date, int] | None:
    """Return (ex-date, shares for one) of an invented company's split, None for all others."""
    for company in COMPANIES:
        for action in actions(since):
            if company.ticker == ticker and action.cik == company.cik and action.ratio:
                return action.ex_date, int(Fraction(*action.ratio))
    return None


class Closes(Mapping[str, Decimal]):
    """The simulated closes of today by ticker, for a simulated broker; it knows every ticker."""

    def __init__(self, since: date) -> None:
        self._since = since

    def __getitem__(self, ticker: str) -> Decimal:
        """Return the close of today."""
        today = datetime.now(UTC).date()
        return close_of(ticker, today, split_of(ticker, self._since))

    def __iter__(self) -> Iterator[str]:
        """Yield the tickers that are its own; all others are drawn when they are asked for."""
        return iter([company.ticker for company in COMPANIES] + [FUND_TICKER])

    def __len__(self) -> int:
        """How many tickers are its own."""
        return len(COMPANIES) + 1

    def __contains__(self, ticker: object) -> bool:
        """Whether there is a close: always."""
        return True
