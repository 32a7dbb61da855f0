"""An old kamioi.db as a real one is: a mapping for each purchase, and dirt of every known kind.

The same number and seed give the same file. About one row in two hundred is bad: floats that are no
cents, amounts and flags of another type, dates that are none, times without a zone, '' beside NULL,
purchases of people who are not there, rows that stand twice, strings with control characters.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, name TEXT, is_active INTEGER,
    round_up_multiplier INTEGER, created_at TEXT);
CREATE TABLE transactions (id INTEGER PRIMARY KEY, user_id INTEGER, merchant_name TEXT, amount REAL,
    date TEXT, category TEXT, status TEXT, ticker TEXT, shares REAL, created_at TEXT);
CREATE TABLE llm_mappings (id INTEGER PRIMARY KEY, transaction_id INTEGER, user_id TEXT,
    merchant_name TEXT, ticker TEXT, confidence REAL, status TEXT, admin_approved INTEGER,
    created_at TEXT);
CREATE TABLE portfolios (id INTEGER PRIMARY KEY, user_id INTEGER, ticker TEXT, shares REAL,
    cost_basis REAL, updated_at TEXT);
"""
INDEXES = """
CREATE INDEX idx_transactions_user_id_date ON transactions (user_id, date DESC);
CREATE INDEX idx_transactions_status ON transactions (status);
CREATE INDEX idx_llm_mappings_status_created ON llm_mappings (status, created_at DESC);
CREATE INDEX idx_llm_mappings_merchant_ticker ON llm_mappings (merchant_name, ticker);
"""
TICKERS = ("KO", "SBUX", "WMT", "AMZN", "MCD", "AAPL", "")
_SHOPS = (
    "COSTA COFFEE",
    "STARBUCKS STORE",
    "WM SUPERCENTER",
    "AMZN MKTP US*",
    "MCDONALD'S F",
    "SHELL OIL",
)
_FIRST = datetime(2024, 1, 1, tzinfo=UTC)
_ONE_IN = 200
_EACH_USER = 50


def generate(path: Path, *, purchases: int, seed: int = 1) -> None:
    """Write a file with so many purchases, as many mappings, and a user for each fifty."""
    dice = random.Random(seed)  # noqa: S311 - made-up rows, no secret.
    users = max(purchases // _EACH_USER, 2)
    with sqlite3.connect(path) as old:
        old.executescript(SCHEMA)
        old.executemany("INSERT INTO users VALUES (?, ?, ?, ?, ?, ?)", _users(dice, users))
        old.executemany(
            "INSERT INTO transactions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            _purchases(dice, purchases, users),
        )
        old.execute(
            "INSERT INTO llm_mappings SELECT id, id, CAST(user_id AS TEXT), merchant_name, ticker, "
            "(id % 100) / 100.0, CASE id % 3 WHEN 0 THEN 'approved' ELSE 'pending' END, id % 3 = 0, "
            "created_at FROM transactions"
        )
        old.executemany("INSERT INTO portfolios VALUES (?, ?, ?, ?, ?, ?)", _holdings(dice, users))
        old.executescript(INDEXES)
    old.close()


def _moment(dice: random.Random) -> str:
    at = _FIRST + timedelta(minutes=dice.randrange(90 * 1440))
    return at.replace(tzinfo=None).isoformat(" ")


def _users(dice: random.Random, count: int) -> Iterator[tuple[Any, ...]]:
    for number in range(1, count + 1):
        row = [
            number,
            f"u{number}@example.com",
            f"User {number}",
            number % 9 and 1,
            1,
            _moment(dice),
        ]
        if number % 40 == 7:
            row[2], row[4], row[5] = dice.choice([("", None, ""), (None, 2, None)])
        elif number % 97 == 13:
            row[3] = dice.choice([2, None, "yes"])
        elif number % 61 == 3:
            row[1] = f"u{number - 1}@example.com"
        yield tuple(row)


_FAULTS: tuple[tuple[int, Any], ...] = (
    (1, 10**9),
    (1, None),
    (2, "CAF\x00E"),
    (2, b"\xff\xfe"),
    (2, None),
    (3, 10.005),
    (3, "12,50"),
    (3, None),
    (4, ""),
    (4, "2024-13-01"),
    (4, "soon"),
    (5, ""),
    (6, "done"),
    (9, ""),
)


def _purchases(dice: random.Random, count: int, users: int) -> Iterator[tuple[Any, ...]]:
    last: list[Any] = []
    for number in range(1, count + 1):
        if last and number % 311 == 0:
            # The same purchase once more, under another number.
            yield (number, *last[1:])
            continue
        shop = dice.randrange(len(_SHOPS))
        at = _moment(dice)
        amount = dice.randrange(100, 20_000) / 100 * (1 if number % 25 else -1)
        row: list[Any] = [number, dice.randrange(1, users + 1)]
        row += [f"{_SHOPS[shop]} {dice.randrange(40):04}", amount, at[:10] if number % 2 else at]
        row += [dice.choice(("food", "", None)), "pending" if number % 30 == 0 else "completed"]
        row += [TICKERS[shop], round(amount / 60, 9), at]
        if number % _ONE_IN == 0:
            place, value = _FAULTS[number // _ONE_IN % len(_FAULTS)]
            row[place] = value
        last = row
        yield tuple(row)


def _holdings(dice: random.Random, users: int) -> Iterator[tuple[Any, ...]]:
    for number in range(1, users + 1):
        shares = round(dice.random() * 3, 9)
        row: list[Any] = [number, number, dice.choice(TICKERS[:-1]), shares, round(shares * 70, 2)]
        if number % 50 == 11:
            row[1] = 10**9
        yield (*row, _moment(dice))
