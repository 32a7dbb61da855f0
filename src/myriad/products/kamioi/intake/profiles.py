"""How each bank writes its CSV: which columns, which sign, which order of the day's parts.

Taken from the headers of the banks' own exports. `spending` says what a purchase's amount is in the
column `amount`: "negative" or "positive"; where debit and credit have columns of their own, or one
says which it is (`sign`), the question does not arise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from myriad.products.kamioi.intake.values import DayOrder

Spending = Literal["negative", "positive"]
# What a column of signs says, in the languages of the banks whose exports have one.
OUT = frozenset(("debit", "d", "dr", "dbit", "out", "-", "af", "soll", "s"))
IN = frozenset(("credit", "c", "cr", "crdt", "in", "+", "bij", "haben", "h"))
_HEAD_CURRENCY = re.compile(r"\s*\(([a-z]{3})\)$")


@dataclass(frozen=True, slots=True)
class Profile:
    """The columns of one bank's export, in lower case; `marks` must all be in its header.

    `raw_else` is where the text stands when `raw` is empty, `state` says which rows have not moved
    money yet or never did.
    """

    name: str
    institution: str
    marks: tuple[str, ...]
    day: str
    raw: str
    amount: str = ""
    debit: str = ""
    credit: str = ""
    shown: str = ""
    kind: str = ""
    sign: str = ""
    currency: str = ""
    state: str = ""
    raw_else: str = ""
    spending: Spending | None = None
    days: DayOrder | None = "mdy"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the header must have."""
        given = (self.day, self.raw, self.amount, self.debit, self.credit, self.sign, *self.marks)
        return tuple(dict.fromkeys(name for name in given if name))


PROFILES = (
    Profile(
        "chase-card", "Chase", ("transaction date", "post date", "type"),
        day="post date", shown="transaction date", raw="description", amount="amount",
        kind="type", spending="negative",
    ),
    Profile(
        "chase-checking", "Chase", ("details", "posting date", "balance"),
        day="posting date", raw="description", amount="amount", kind="type", spending="negative",
    ),
    Profile(
        "capital-one", "Capital One", ("card no.", "posted date"),
        day="posted date", shown="transaction date", raw="description",
        debit="debit", credit="credit",
    ),
    Profile(
        "citi", "Citi", ("status",),
        day="date", raw="description", debit="debit", credit="credit", state="status",
    ),
    Profile(
        "boa-card", "Bank of America", ("reference number", "payee", "address"),
        day="posted date", raw="payee", amount="amount", spending="negative",
    ),
    Profile(
        "boa-checking", "Bank of America", ("running bal.",),
        day="date", raw="description", amount="amount", spending="negative",
    ),
    Profile(
        "amex", "American Express", ("card member", "account #"),
        day="date", raw="description", amount="amount", spending="positive",
    ),
    Profile(
        "revolut", "Revolut", ("product", "started date", "state"),
        day="completed date", shown="started date", raw="description", amount="amount",
        kind="type", currency="currency", state="state", spending="negative", days="ymd",
    ),
    Profile(
        "monzo", "Monzo", ("transaction id", "local amount"),
        day="date", raw="description", raw_else="name", amount="amount", kind="type",
        currency="currency", spending="negative", days="dmy",
    ),
    Profile(
        "starling", "Starling", ("counter party", "reference"),
        day="date", raw="counter party", raw_else="reference", amount="amount", kind="type",
        spending="negative", days="dmy",
    ),
    Profile(
        "ing-nl", "ING", ("naam / omschrijving", "tegenrekening"),
        day="datum", raw="naam / omschrijving", amount="bedrag", kind="code", sign="af bij",
        days="ymd",
    ),
    Profile(
        "ing-nl-en", "ING", ("name / description", "counterparty"),
        day="date", raw="name / description", amount="amount", kind="code", sign="debit/credit",
        days="ymd",
    ),
    Profile(
        "n26", "N26", ("partner name", "partner iban"),
        day="booking date", raw="partner name", raw_else="payment reference", amount="amount",
        spending="negative", days="ymd",
    ),
    Profile(
        "n26-old", "N26", ("payee", "transaction type", "payment reference"),
        day="date", raw="payee", raw_else="payment reference", amount="amount",
        spending="negative", days="ymd",
    ),
)  # fmt: skip

# Headers of banks without a profile; the sign is asked for, since nothing in the file says it.
_DAYS = ("date", "posted date", "booking date", "transaction date", "posting date")
_RAWS = ("description", "payee", "merchant", "name", "details", "narrative", "memo")
_AMOUNTS = ("amount", "value", "transaction amount")
_DEBITS = ("debit", "money out", "paid out", "withdrawal", "withdrawals")
_CREDITS = ("credit", "money in", "paid in", "deposit", "deposits")
_SIGNS = ("debit/credit", "credit/debit", "dr/cr", "cr/dr", "credit debit indicator")


def header_of(cells: Sequence[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the names of columns, and the currency of those that say it, as in `Amount (EUR)`."""
    names, currencies = [], {}
    for cell in cells:
        name = cell.strip().lower()
        if found := _HEAD_CURRENCY.search(name):
            name = name[: found.start()]
            currencies[name] = found.group(1).upper()
        names.append(name)
    return tuple(names), currencies


def find_profile(header: tuple[str, ...]) -> Profile | None:
    """Return the bank whose export has this header, or the generic reading of it, or None."""
    for profile in PROFILES:
        if set(profile.columns) <= set(header):
            return profile
    return _generic(header)


def _generic(header: tuple[str, ...]) -> Profile | None:
    def first(names: tuple[str, ...]) -> str:
        return next((name for name in names if name in header), "")

    day, raw, amount = first(_DAYS), first(_RAWS), first(_AMOUNTS)
    debit, credit = first(_DEBITS), first(_CREDITS)
    if not day or not raw or not (amount or (debit and credit)):
        return None
    both = bool(debit and credit)
    return Profile(
        "generic", "", (), day=day, raw=raw, amount="" if both else amount,
        debit=debit if both else "", credit=credit if both else "", days=None,
        sign="" if both else first(_SIGNS), currency=first(("currency",)),
    )  # fmt: skip


def named_columns(text: str) -> Profile:
    """Return the profile that somebody writes as `date=When,amount=Sum,description=What`.

    `sign` and `currency` may be named as well; `debit` and `credit` take the place of `amount`.
    """
    pairs = (part.partition("=") for part in text.split(","))
    given = {key.strip().lower(): header_of([value])[0][0] for key, _, value in pairs}
    return Profile(
        "generic",
        "",
        (),
        day=given.get("date", ""),
        raw=given.get("description", ""),
        amount=given.get("amount", ""),
        debit=given.get("debit", ""),
        credit=given.get("credit", ""),
        sign=given.get("sign", ""),
        currency=given.get("currency", ""),
        days=None,
    )
