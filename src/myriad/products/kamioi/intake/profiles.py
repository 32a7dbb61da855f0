"""How each bank writes its CSV: which columns, which sign, which order of the day's parts.

Taken from the headers of the banks' own exports. `spending` says what a purchase's amount is in the
column `amount`: "negative" or "positive"; where debit and credit have columns of their own the
question does not arise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from myriad.products.kamioi.intake.values import DayOrder

Spending = Literal["negative", "positive"]


@dataclass(frozen=True, slots=True)
class Profile:
    """The columns of one bank's export, in lower case; `marks` must all be in its header."""

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
    spending: Spending | None = None
    days: DayOrder | None = "mdy"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the header must have."""
        given = (self.day, self.raw, self.amount, self.debit, self.credit, *self.marks)
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
        day="date", raw="description", debit="debit", credit="credit",
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
)  # fmt: skip

# Headers of banks without a profile; the sign is asked for, since nothing in the file says it.
_DAYS = ("date", "posted date", "booking date", "transaction date", "posting date")
_RAWS = ("description", "payee", "merchant", "name", "details", "narrative", "memo")
_AMOUNTS = ("amount", "value", "transaction amount")
_DEBITS = ("debit", "money out", "paid out", "withdrawal", "withdrawals")
_CREDITS = ("credit", "money in", "paid in", "deposit", "deposits")


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
    )  # fmt: skip


def named_columns(text: str) -> Profile:
    """Return the profile that somebody writes as `date=When,amount=Sum,description=What`."""
    pairs = (part.partition("=") for part in text.split(","))
    given = {key.strip().lower(): value.strip().lower() for key, _, value in pairs}
    return Profile(
        "generic",
        "",
        (),
        day=given.get("date", ""),
        raw=given.get("description", ""),
        amount=given.get("amount", ""),
        debit=given.get("debit", ""),
        credit=given.get("credit", ""),
        days=None,
    )
