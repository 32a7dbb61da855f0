"""The simulated banks: accounts, and a log of what happened to each, which cursors point into."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from typing import Any, Literal, Protocol

Json = dict[str, Any]
Event = tuple[Literal["added", "modified", "removed"], Json]

# What a member buys: the text on the statement, category, usual amount in cents, times a month.
_SHOPS = (
    ("STARBUCKS STORE 12345 SEATTLE WA", "FOOD_AND_DRINK_COFFEE", 575, 9.0),
    ("TST* JOE'S PIZZA - 2ND AVE", "FOOD_AND_DRINK_RESTAURANT", 2350, 3.0),
    ("AMZN Mktp US*2A4BC6DE8", "GENERAL_MERCHANDISE_ONLINE_MARKETPLACES", 3199, 4.0),
    ("TARGET 00012345 BROOKLYN NY", "GENERAL_MERCHANDISE_SUPERSTORES", 4822, 2.5),
    ("WM SUPERCENTER #1234", "GENERAL_MERCHANDISE_SUPERSTORES", 6410, 2.0),
    ("NETFLIX.COM", "ENTERTAINMENT_TV_AND_MOVIES", 1549, 1.0),
    ("SHELL OIL 57444212300", "TRANSPORTATION_GAS", 4105, 3.0),
    ("SQ *CORNER BAKERY", "FOOD_AND_DRINK_RESTAURANT", 1240, 2.0),
    ("UBER *TRIP HELP.UBER.COM", "TRANSPORTATION_TAXIS_AND_RIDE_SHARES", 1880, 2.5),
    ("CHIPOTLE 1234", "FOOD_AND_DRINK_FAST_FOOD", 1385, 3.0),
    ("COSTCO WHSE #0123", "GENERAL_MERCHANDISE_SUPERSTORES", 11890, 1.0),
    ("MONTHLY SERVICE FEE", "BANK_FEES_OTHER_BANK_FEES", 500, 0.3),
    ("PAYMENT THANK YOU", "LOAN_PAYMENTS_CREDIT_CARD_PAYMENT", 50000, 1.0),
)
# What the account is called, its type and subtype in Plaid's words.
BankKind = Literal["card", "checking"]
_KINDS: dict[BankKind, tuple[str, str, str]] = {
    "card": ("Card", "credit", "credit card"),
    "checking": ("Checking", "depository", "checking"),
}
TIPPED = ("TST*", "SQ *", "UBER")
_PENDING_DAYS = 2


def name_of(*parts: object) -> str:
    """Return an id in Plaid's manner, the same for the same parts."""
    return sha256("|".join(map(str, parts)).encode()).hexdigest()[:37]


@dataclass
class Bank:
    """One item: a login at a bank, its account and its log."""

    item_id: str
    access_token: str
    institution: str = "Chase"
    mask: str = "4242"
    currency: str = "USD"
    events: list[Event] = field(default_factory=list)
    stands: dict[str, Json] = field(default_factory=dict)
    needs_login: bool = False
    kind: BankKind = "card"
    available: float = 1250.5
    made: int = 0

    @property
    def account_id(self) -> str:
        """The id of the item's only account, new with every link."""
        return name_of(self.item_id, "account")

    def account(self) -> Json:
        """Return the account as Plaid shows it."""
        name, kind, subtype = _KINDS[self.kind]
        return {
            "account_id": self.account_id,
            "balances": {
                "available": self.available,
                "current": self.available + 59.75,
                "iso_currency_code": self.currency,
                "limit": None,
                "unofficial_currency_code": None,
            },
            "mask": self.mask,
            "name": f"{self.institution} {name}",
            "official_name": None,
            "type": kind,
            "subtype": subtype,
        }

    def buy(
        self,
        raw: str,
        amount: str,
        day: date,
        *,
        is_pending: bool = False,
        pending_of: str | None = None,
        **facts: Any,
    ) -> str:
        """Add a transaction of `amount` (decimal, > 0 is money out) and return its id."""
        self.made += 1
        told = {
            "account_id": self.account_id,
            "transaction_id": name_of(self.item_id, self.made),
            "pending_transaction_id": pending_of,
            "pending": is_pending,
            "amount": float(amount),
            "iso_currency_code": self.currency,
            "unofficial_currency_code": None,
            "date": day.isoformat(),
            "authorized_date": day.isoformat(),
            "name": raw.title(),
            "original_description": raw,
            "merchant_name": None,
            "merchant_entity_id": None,
            "payment_channel": "in store",
            "counterparties": [],
            "personal_finance_category": None,
            **facts,
        }
        self.stands[told["transaction_id"]] = told
        self.events.append(("added", told))
        return str(told["transaction_id"])

    def post(self, pending_id: str, amount: str, day: date) -> str:
        """Post a pending transaction under another id, perhaps of another amount."""
        told = self.stands[pending_id]
        facts = {"personal_finance_category": told["personal_finance_category"]}
        posted = self.buy(
            told["original_description"], amount, day, pending_of=pending_id,
            authorized_date=told["date"], **facts,
        )  # fmt: skip
        self.take_back(pending_id)
        return posted

    def change(self, transaction_id: str, **facts: Any) -> None:
        """Modify a transaction."""
        self.stands[transaction_id] = {**self.stands[transaction_id], **facts}
        self.events.append(("modified", self.stands[transaction_id]))

    def take_back(self, transaction_id: str) -> None:
        """Remove a transaction."""
        del self.stands[transaction_id]
        gone = {"transaction_id": transaction_id, "account_id": self.account_id}
        self.events.append(("removed", gone))

    def live(self, seed: int, first: date, last: date) -> None:
        """Let a member buy from day to day; the last days are pending."""
        dice = random.Random(f"{seed}:{self.mask}")  # noqa: S311 - the same member for the same seed
        for day in _days(first, last):
            for raw, category, usual, monthly in _SHOPS:
                if dice.random() < monthly / 30:
                    cents = max(100, round(usual * dice.uniform(0.6, 1.6)))
                    self.buy(
                        raw, f"{cents / 100:.2f}", day,
                        is_pending=(last - day).days < _PENDING_DAYS,
                        personal_finance_category={
                            "primary": category.split("_", 1)[0],
                            "detailed": category,
                            "confidence_level": "HIGH",
                        },
                    )  # fmt: skip

    def settle(self, day: date) -> int:
        """Post everything that is pending; where people tip, for a fifth more. Return how many."""
        waiting = [key for key, told in self.stands.items() if told["pending"]]
        for key in waiting:
            told = self.stands[key]
            is_tipped = told["original_description"].startswith(TIPPED)
            self.post(key, f"{told['amount'] * (1.2 if is_tipped else 1):.2f}", day)
        return len(waiting)


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


class Living(Protocol):
    """What somebody does with an account from day to day."""

    def live_until(self, bank: Bank, today: date) -> None:
        """Add to the bank's log what happened up to `today`."""
        ...


@dataclass
class PlaidWorld:
    """All items by access token, and what Link has given out.

    `personas` are banks that somebody has by the name under which they sign in at Link, `lives` what
    goes on at a bank by its access token. A public token that was exchanged opens nothing.
    """

    seed: int = 1
    banks: dict[str, Bank] = field(default_factory=dict)
    personas: dict[str, Bank] = field(default_factory=dict)
    lives: dict[str, Living] = field(default_factory=dict)
    public_tokens: dict[str, Bank | None] = field(default_factory=dict)
    links: int = 0

    def link(
        self,
        *,
        institution: str = "Chase",
        mask: str = "4242",
        salt: str = "",
        kind: BankKind = "card",
    ) -> Bank:
        """Open an item, as when somebody signs in at a bank; it buys nothing yet."""
        self.links += 1
        number = (self.seed, self.links, salt)
        bank = Bank(
            item_id=f"item-{name_of('item', *number)}",
            access_token=f"access-sandbox-{name_of('token', *number)}",
            institution=institution,
            mask=mask,
            kind=kind,
        )
        self.banks[bank.access_token] = bank
        return bank

    def public_token(self, bank: Bank) -> str:
        """Return what Link hands to the browser for an item."""
        token = f"public-sandbox-{name_of(bank.item_id, len(self.public_tokens))}"
        self.public_tokens[token] = bank
        return token
