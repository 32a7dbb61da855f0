"""Plaid's accounts and transactions in our words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from myriad.kit.money import minor_digits
from myriad.products.kamioi.intake.lines import BadLine, BadLineError, Line, check_line
from myriad.products.kamioi.intake.values import read_amount
from myriad.products.kamioi.mapping.eligibility import kind_of
from myriad.products.kamioi.mapping.normalising import clean

Json = dict[str, Any]
_LONGEST_SHOWN = 2000
# Subtypes of Plaid's type `depository` (its page "Account type schema"); all others are savings.
_PULLED_FROM = ("checking", "cash management")
_SPENT_FROM = ("prepaid", "paypal", "ebt")


def read_transactions(
    transactions: Sequence[Json], today: date
) -> Iterator[tuple[str, Line] | BadLine]:
    """Yield each as (account id, line), or as a bad line with its reason."""
    for number, told in enumerate(transactions, start=1):
        try:
            yield str(told["account_id"]), check_line(_line(number, told), today)
        except (KeyError, TypeError, ValueError, AttributeError):
            yield BadLine(number, "it lacks what every transaction has", _shown(told))
        except BadLineError as fault:
            yield BadLine(number, str(fault), _shown(told))


def _shown(told: Json) -> str:
    return repr(told)[:_LONGEST_SHOWN]


def _line(number: int, told: Json) -> Line:
    currency = told.get("iso_currency_code")
    if not currency:
        raise BadLineError("its currency is none of ISO 4217")
    category = told.get("personal_finance_category") or {}
    detailed = category.get("detailed") or category.get("primary")
    amount = read_amount(format(told["amount"], "f"), currency)
    authorized = told.get("authorized_date")
    return Line(
        number=number,
        external_id=str(told["transaction_id"]),
        day=date.fromisoformat(told["date"]),
        amount_minor=amount,
        currency=currency,
        raw=clean(told.get("original_description") or told.get("name") or ""),
        kind=kind_of(amount, detailed),
        is_pending=bool(told["pending"]),
        pending_external_id=told.get("pending_transaction_id"),
        shown_on=date.fromisoformat(authorized) if authorized else None,
        category=detailed,
        channel=told.get("payment_channel"),
        merchant_entity_id=told.get("merchant_entity_id"),
    )


def read_account(told: Json) -> Json | None:
    """Return the columns of a bank account from Plaid's `accounts`.

    None for a loan, an investment and whatever else nobody pays purchases from: an item tells of all
    accounts behind its login, and money is pulled from the first that is called `checking`.
    """
    kind = _kind(told)
    if kind is None:
        return None
    balances = told.get("balances") or {}
    currency = balances.get("iso_currency_code") or "USD"
    available = balances.get("available")
    return {
        "external_id": str(told["account_id"]),
        "name": clean(str(told.get("name") or ""))[:200],
        "mask": str(told.get("mask") or "")[:8],
        "kind": kind,
        "currency": currency,
        "balance_minor": None
        if available is None
        else int(available * 10 ** minor_digits(currency)),
    }


def _kind(told: Json) -> str | None:
    kind, subtype = told.get("type") or "depository", told.get("subtype") or "checking"
    if kind == "credit" or (kind == "depository" and subtype in _SPENT_FROM):
        return "card"
    if kind != "depository":
        return None
    return "checking" if subtype in _PULLED_FROM else "savings"
