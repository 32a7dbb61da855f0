"""A statement's file, from bytes to purchases: read, asked about, told in batches, accounted for."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from uuid import UUID

from myriad.kit.errors import NotFoundError
from myriad.kit.ids import new_id
from myriad.products.kamioi.intake import csv_files, ofx
from myriad.products.kamioi.intake.csv_files import CsvForm
from myriad.products.kamioi.intake.lines import BadLine, Line, Read, StatementFileError
from myriad.products.kamioi.intake.recording import (
    Account,
    Recorded,
    ensure_months,
    get_account,
    record_lines,
    today_utc,
)
from myriad.products.kamioi.intake.refusing import check_file
from myriad.products.kamioi.repository import sql
from myriad.scale.data import Database, Session
from myriad.scale.data.bulk import BulkTable, Column
from myriad.scale.data.bulk.quarantine import Refused, quarantine
from myriad.scale.tenancy import TenantId

BATCH_LINES = 2000
MOST_LINES = 500_000
# Lines that could not be read wait in quarantine under this name, their file's id as source.
IMPORT_LINES = BulkTable("kamioi.import_line", (Column("text", "text"),), key=("text",))
_ASKED_FROM_LINES = 10
_MONEY_IN_SHARE = 0.7
_SHOWN_FAULTS = 20


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is said about a file: its member, its name, its account where the file names none.

    `account_id` is the one account of the member that the file tells of; else `institution` and
    `mask` (the number's last digits) find it or make it. `form` is how to read a CSV.
    """

    member_id: UUID
    name: str
    account_id: UUID | None = None
    institution: str = ""
    mask: str = ""
    kind: str = ""
    form: CsvForm = field(default_factory=CsvForm)


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file held; `faults` are the first bad lines as (line, reason)."""

    file_id: UUID
    read: int
    new: int
    known: int
    changed: int
    refused: int
    faults: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """The lines of one account in a file."""

    provider: str
    institution: str
    mask: str
    kind: str
    currency: str
    lines: list[Line]
    bad: list[BadLine]
    number: str = ""


async def import_statement(
    database: Database,
    tenant_id: TenantId,
    content: bytes,
    facts: FileFacts,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> Imported:
    """Import a file of either form, in batches that are committed one by one.

    When it breaks off, what was taken in stays, and importing it again changes nothing of that; the
    file's row then says that it failed. `told` is called with how many lines of how many are done.
    Raises StatementFileError, NotFoundError.
    """
    today = today_utc()
    parts = await asyncio.to_thread(read_parts, content, facts, today)
    total = sum(len(part.lines) for part in parts)
    if total > MOST_LINES:
        raise StatementFileError(f"one file takes at most {MOST_LINES:,} lines; split it by year")
    await ensure_months(database, tenant_id, (line.day for part in parts for line in part.lines))
    file_id, bad = new_id(), [one for part in parts for one in part.bad]
    work = _Import(database, tenant_id, file_id, lambda done: told(done, total))
    try:
        for part in parts:
            await work.take(await _open(database, tenant_id, facts, part, file_id, content), part)
        recorded = await work.end(bad)
    except Exception:
        async with database.session(tenant_id) as session:
            await sql.execute(session, "fail_import", id=file_id)
        raise
    return Imported(
        file_id,
        read=total + len(bad),
        new=recorded.new,
        known=recorded.known,
        changed=recorded.changed,
        refused=recorded.refused + len(bad),
        faults=tuple((one.number, one.reason) for one in bad[:_SHOWN_FAULTS]),
    )


@dataclass
class _Import:
    """A file on its way in, and what has come in of it so far."""

    database: Database
    tenant_id: TenantId
    file_id: UUID
    told: Callable[[int], None]
    recorded: Recorded = field(default_factory=Recorded)

    async def take(self, account: Account, part: _Part) -> None:
        """Write the lines of one account, in batches that are committed one by one."""
        waiting, place = iter(part.lines), f"file {self.file_id}"
        while batch := list(islice(waiting, BATCH_LINES)):
            async with self.database.session(self.tenant_id) as session:
                self.recorded += await record_lines(session, account, batch, place=place)
                await _note(session, self.file_id, self.recorded, 0, "running")
            done = self.recorded
            self.told(done.new + done.known + done.changed)

    async def end(self, bad: Sequence[BadLine]) -> Recorded:
        """Keep the bad lines apart and say that the file is done; return what came in."""
        async with self.database.session(self.tenant_id) as session:
            refused = [Refused(one.number, one.reason, (one.text,)) for one in bad]
            await quarantine(session, IMPORT_LINES, f"file {self.file_id}", refused)
            await _note(session, self.file_id, self.recorded, len(bad), "done")
        return self.recorded


def read_parts(content: bytes, facts: FileFacts, today: date) -> list[_Part]:
    """Return the lines of a file by account; raises StatementFileError for what must be said first."""
    spending = facts.form.spending
    check_file(content)
    if ofx.is_ofx(content):
        parts = []
        for statement in ofx.read_statements(content):
            lines, bad = _sorted(ofx.read_lines(statement, today, flip=spending == "positive"))
            one = statement.account
            parts.append(
                _Part(
                    "ofx", one.institution, one.mask, one.kind, one.currency, lines, bad,
                    number=f"{one.bank}|{one.number}",
                )
            )  # fmt: skip
    else:
        statement_csv = csv_files.read_csv(content, facts.form)
        lines, bad = _sorted(csv_files.read_lines(statement_csv, today))
        institution = facts.institution or statement_csv.profile.institution
        kind = facts.kind or ("card" if _is_card(statement_csv.profile.name) else "checking")
        currency = csv_files.main_currency(lines) or statement_csv.currency
        parts = [_Part("csv", institution, facts.mask, kind, currency, lines, bad)]
    if facts.account_id is not None and len(parts) > 1:
        message = (
            f"this file tells of {len(parts)} accounts; leave the account out, and each of them "
            "finds its own"
        )
        raise StatementFileError(message, [("/account_id", "nothing")])
    if spending is None:
        _ask_for_sign([line for part in parts for line in part.lines])
    if not any(part.lines or part.bad for part in parts):
        raise StatementFileError("this file holds no movements; choose a longer period at the bank")
    return parts


def _is_card(profile: str) -> bool:
    return profile in ("chase-card", "capital-one", "amex", "boa-card", "citi")


def _sorted(read: Read) -> tuple[list[Line], list[BadLine]]:
    """Return lines and bad lines; an id that stands twice in a file for two lines is numbered."""
    lines: list[Line] = []
    bad: list[BadLine] = []
    seen: dict[str, Line] = {}
    again: Counter[str] = Counter()
    for one in read:
        if isinstance(one, BadLine):
            bad.append(one)
            continue
        first = seen.setdefault(one.external_id, one)
        if first is not one:
            if first.raw == one.raw:
                continue
            again[one.external_id] += 1
            one = replace(one, external_id=f"{again[one.external_id]}#{one.external_id}")
        lines.append(one)
    return lines, bad


def _ask_for_sign(lines: Sequence[Line]) -> None:
    """Raise StatementFileError when most of a file brings money in, as a flipped one does."""
    incoming = sum(line.amount_minor < 0 for line in lines)
    if len(lines) >= _ASKED_FROM_LINES and incoming > _MONEY_IN_SHARE * len(lines):
        message = (
            f"{incoming} of {len(lines)} lines would bring money in, as if the signs were flipped; "
            "say which sign spending has in this file: negative or positive"
        )
        raise StatementFileError(message, [("/spending", "negative or positive")])


async def _open(
    database: Database,
    tenant_id: TenantId,
    facts: FileFacts,
    part: _Part,
    file_id: UUID,
    content: bytes,
) -> Account:
    """Return the account that the file's lines are told of, with a row for the file."""
    async with database.session(tenant_id) as session:
        if await sql.find(session, "lock_member", member_id=facts.member_id) is None:
            raise NotFoundError("there is no such member")
        account = await _find_account(session, facts, part)
        await sql.execute(
            session,
            "begin_import",
            id=file_id,
            member_id=facts.member_id,
            account_id=account.id,
            name=facts.name[:200],
            form=part.provider,
            sha256=hashlib.sha256(content).hexdigest(),
        )
    return account


async def _find_account(session: Session, facts: FileFacts, part: _Part) -> Account:
    """Return the file's own account, which is the same as the bank's by its end and kind."""
    institution, mask, kind, currency = part.institution, part.mask, part.kind, part.currency
    if facts.account_id is not None:
        like = await get_account(session, facts.account_id)
        if like.member_id != facts.member_id:
            raise NotFoundError("there is no such bank account")
        if like.provider == part.provider:
            return like
        institution, mask, kind, currency = like.institution, like.mask, like.kind, like.currency
    item = await sql.find(
        session,
        "put_bank_item",
        member_id=facts.member_id,
        provider=part.provider,
        external_id=f"{facts.member_id}:{institution.lower()}",
        institution=institution,
    )
    assert item is not None
    number = hashlib.sha256(part.number.encode()).hexdigest()[:32] if part.number else ""
    row = await sql.find(
        session,
        "put_bank_account",
        member_id=facts.member_id,
        item_id=item["id"],
        external_id=f"{number or mask}:{kind}:{currency}",
        name=facts.name[:200],
        mask=mask,
        kind=kind,
        currency=currency,
    )
    assert row is not None
    return await get_account(session, row["id"])


async def _note(session: Session, file_id: UUID, recorded: Recorded, bad: int, state: str) -> None:
    await sql.execute(
        session,
        "progress_import",
        id=file_id,
        read=recorded.new + recorded.known + recorded.changed + recorded.refused + bad,
        new=recorded.new,
        known=recorded.known + recorded.changed,
        refused=recorded.refused + bad,
        state=state,
    )
