"""What a member's page of accounts shows: banks, files, and what fees take."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import msgspec

from myriad.kit.errors import NotFoundError
from myriad.products.kamioi.holding.portfolio import Position, Whose
from myriad.products.kamioi.money.returns import YEAR_DAYS, drag
from myriad.products.kamioi.repository.sql import QUERIES
from myriad.scale.http import BoundReader

_FILES_SHOWN = 20
_FAULTS_SHOWN = 200
# What apps of this kind ask a month; the card says what it would take of this balance.
COMPARED_FEE_MINOR = 300


class Account(msgspec.Struct, frozen=True):
    """One account at a bank; `balance_minor` as the bank told it last."""

    account_id: UUID
    name: str
    mask: str
    kind: str
    currency: str
    is_funding: bool
    balance_minor: int | None = None
    balance_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Bank:
    """One link to a bank, or the files of one."""

    id: UUID
    provider: str
    institution: str
    status: str
    error_code: str | None
    synced_at: datetime | None
    accounts: tuple[Account, ...]
    consent_ends_at: datetime | None = None

    @property
    def is_linked(self) -> bool:
        """Whether Plaid reads it, rather than files."""
        return self.provider == "plaid"

    @property
    def wants_login(self) -> bool:
        """Whether signing in again mends it, or lets it be read beyond a day that is known."""
        return self.is_linked and (self.status != "linked" or self.consent_ends_at is not None)


class ImportedFile(msgspec.Struct, frozen=True):
    """A statement that was brought as a file."""

    id: UUID
    name: str
    form: str
    state: str
    rows_read: int
    rows_new: int
    rows_known: int
    rows_refused: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Fault:
    """A line that was kept apart, as it stood in the file."""

    line: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class FeeDrag:
    """What fees took of the last year, and what a fee a month would take of the balance."""

    fees_minor: int
    balance_minor: int
    currency: str
    compared_minor: int = COMPARED_FEE_MINOR

    @property
    def taken(self) -> float | None:
        """Fees of a year as a share of the balance; None without one."""
        return drag(self.fees_minor, self.balance_minor, times_a_year=1)

    @property
    def compared(self) -> float | None:
        """The fee to compare with as a share of the balance, a year."""
        return drag(self.compared_minor, self.balance_minor)


async def list_banks(reader: BoundReader, member_id: UUID) -> list[Bank]:
    """Return a member's banks with their accounts, those that are linked first."""
    rows = await reader.rows(QUERIES["kamioi_banks"], {"member_id": member_id})
    return [_bank(list(together)) for _, together in groupby(rows, lambda row: row["id"])]


def _bank(rows: list[dict[str, Any]]) -> Bank:
    first = rows[0]
    accounts = [msgspec.convert(row, Account) for row in rows if row["account_id"] is not None]
    return Bank(
        first["id"],
        first["provider"],
        first["institution"],
        first["status"],
        first["error_code"],
        first["synced_at"],
        tuple(accounts),
        first["consent_ends_at"],
    )


async def list_files(reader: BoundReader, member_id: UUID) -> list[ImportedFile]:
    """Return the last twenty files that a member brought."""
    asked = {"member_id": member_id, "file_id": None, "limit": _FILES_SHOWN}
    rows = await reader.rows(QUERIES["kamioi_imports"], asked)
    return [msgspec.convert(row, ImportedFile) for row in rows]


async def get_file(
    reader: BoundReader, member_id: UUID, file_id: UUID
) -> tuple[ImportedFile, list[Fault]]:
    """Return a file that a member brought and its first 200 bad lines, or raise NotFoundError."""
    asked = {"member_id": member_id, "file_id": file_id, "limit": 1}
    row = await reader.row(QUERIES["kamioi_imports"], asked)
    if row is None:
        raise NotFoundError("there is no such file; choose one from the list")
    source = {"source": f"file {file_id}", "limit": _FAULTS_SHOWN}
    rows = await reader.rows(QUERIES["kamioi_import_faults"], source)
    faults = [Fault(one["line"], one["reason"], _text(one["row_json"])) for one in rows]
    return msgspec.convert(row, ImportedFile), faults


def _text(row_json: str) -> str:
    """Return the line as it stood; what was cut is shown as it was kept."""
    try:
        values = json.loads(row_json)
    except ValueError:
        return row_json
    return " ".join(str(value) for value in values) if isinstance(values, list) else row_json


async def get_fee_drag(reader: BoundReader, whose: Whose) -> FeeDrag:
    """Return what fees took of the year up to a day, against shares at their closes and cash."""
    first: date = whose.day - timedelta(days=YEAR_DAYS)
    asked = {"member_id": whose.member_id, "first": first, "last": whose.day}
    fees = await reader.row(QUERIES["kamioi_fees"], asked)
    given = {"member_id": whose.member_id, "day": whose.day, "currency": whose.currency}
    cash = await reader.row(QUERIES["kamioi_member_cash"], given)
    positions = await reader.rows(QUERIES["kamioi_positions"], given)
    held = sum(msgspec.convert(row, Position).value_minor for row in positions)
    assert fees is not None
    assert cash is not None
    return FeeDrag(fees["fees_minor"], held + cash["cash_minor"], whose.currency)
