"""Statements in OFX: version 1 (SGML, most tags without an end) and version 2 (XML).

Read here rather than by a library: what is needed is small, and the libraries that read it are
either old or under a licence that a permissive platform cannot pass on. The aggregates and fields
are those of the OFX 2.2 specification, sections 11.3 and 11.4: BANKACCTFROM or CCACCTFROM name the
account, each STMTTRN is a movement, whose FITID is unique within the account, and which some banks
use again; so its day and amount are part of its id.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from myriad.products.kamioi.intake.lines import (
    BadLine,
    BadLineError,
    Line,
    Read,
    StatementFileError,
    check_line,
)
from myriad.products.kamioi.intake.values import read_amount, read_day
from myriad.products.kamioi.mapping.eligibility import kind_of
from myriad.products.kamioi.mapping.normalising import clean

_TAG = re.compile(r"<(/?)([A-Za-z0-9_.]+)\s*/?>([^<]*)")
_ENCODING = re.compile(rb"ENCODING[:=]\s*[\"']?([A-Za-z0-9-]+)", re.IGNORECASE)
_CHARSET = re.compile(rb"CHARSET[:=]\s*[\"']?([A-Za-z0-9-]+)", re.IGNORECASE)
_HEAD_BYTES = 2000
_LONGEST_SHOWN = 2000
_KINDS = {
    "FEE": "fee",
    "SRVCHG": "fee",
    "ATM": "cash_advance",
    "CASH": "cash_advance",
    "XFER": "transfer",
    "INT": "income",
    "DIV": "income",
    "DEP": "income",
    "DIRECTDEP": "income",
    "PAYMENT": "purchase",
}


@dataclass
class OfxAccount:
    """The account of a statement; `number` is the bank's own, of which only the end is kept."""

    number: str = ""
    bank: str = ""
    kind: str = "checking"
    currency: str = "USD"
    institution: str = ""

    @property
    def mask(self) -> str:
        """The last four characters of the number."""
        return self.number[-4:]


@dataclass
class OfxStatement:
    """One account and the fields of its movements, each with the line on which it begins."""

    account: OfxAccount
    movements: list[tuple[int, dict[str, str]]] = field(default_factory=list)


def decode_ofx(content: bytes) -> str:
    """Return the text of a file in the encoding that its head names."""
    head = content[:_HEAD_BYTES]
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    named = [found.group(1).decode().upper() for found in _names(head)]
    if not any(
        name in ("1252", "CP1252", "WINDOWS-1252", "ISO-8859-1", "8859-1") for name in named
    ):
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            pass
    return content.decode("cp1252", errors="replace")


def _names(head: bytes) -> Iterator[re.Match[bytes]]:
    for form in (_ENCODING, _CHARSET):
        if found := form.search(head):
            yield found


def read_statements(content: bytes) -> list[OfxStatement]:
    """Return the statements of a file; raises StatementFileError when it holds none."""
    statements: list[OfxStatement] = []
    organisation = ""
    account, movement = OfxAccount(), None
    for number, end, name, value in _tags(decode_ofx(content)):
        if name in ("STMTRS", "CCSTMTRS") and not end:
            kind = "card" if name == "CCSTMTRS" else "checking"
            account = OfxAccount(kind=kind, institution=organisation)
            statements.append(OfxStatement(account))
            movement = None
        elif name == "STMTTRN":
            movement = None if end else _begin(statements, number)
        elif value and not end:
            if name == "ORG":
                organisation = value
            _set(account, movement, name, value)
    if not statements:
        message = "this file holds no OFX statement; export it as OFX, QFX or CSV from the bank"
        raise StatementFileError(message)
    return statements


def _tags(text: str) -> Iterator[tuple[int, bool, str, str]]:
    """Yield each tag as (line, whether it ends something, name, what stands behind it).

    Below ORIGCURRENCY stands what an amount was before the bank converted it, below CURRENCY what it
    is in (OFX 2.2, 5.2): only the latter is told.
    """
    number, at, is_converted = 1, 0, False
    for found in _TAG.finditer(text):
        number, at = number + text.count("\n", at, found.start()), found.start()
        end, name = bool(found.group(1)), found.group(2).upper()
        if name in ("ORIGCURRENCY", "CURRENCY", "STMTTRN"):
            is_converted = name == "ORIGCURRENCY" and not end
        if not (is_converted and name == "CURSYM"):
            yield number, end, name, html.unescape(found.group(3).strip())


def _begin(statements: list[OfxStatement], number: int) -> dict[str, str] | None:
    if not statements:
        return None
    movement: dict[str, str] = {}
    statements[-1].movements.append((number, movement))
    return movement


def _set(account: OfxAccount, movement: dict[str, str] | None, name: str, value: str) -> None:
    if movement is not None:
        movement.setdefault(name, value)
    elif name == "ACCTID" and not account.number:
        account.number = value
    elif name == "BANKID":
        account.bank = value
    elif name == "CURDEF":
        account.currency = value.upper()
    elif name == "ACCTTYPE":
        account.kind = {"SAVINGS": "savings", "CREDITLINE": "card"}.get(value.upper(), account.kind)


def read_lines(statement: OfxStatement, today: date, *, flip: bool = False) -> Read:
    """Yield each movement as a line, or as a bad line with its reason; nothing is left out.

    `flip` is for banks that write money out as a positive amount.
    """
    for number, fields in statement.movements:
        try:
            yield check_line(_line(number, fields, statement.account, flip), today)
        except BadLineError as fault:
            yield BadLine(number, str(fault), repr(fields)[:_LONGEST_SHOWN])


def _line(number: int, fields: dict[str, str], account: OfxAccount, flip: bool) -> Line:
    currency = (fields.get("CURSYM") or account.currency).upper()
    amount = read_amount(fields.get("TRNAMT", ""), currency)
    day = read_day(fields.get("DTPOSTED", "")[:8], "ymd")
    fitid = fields.get("FITID", "")
    if not fitid:
        raise BadLineError("it has no FITID")
    out = amount if flip else -amount
    name, memo = fields.get("NAME") or fields.get("PAYEE", ""), fields.get("MEMO", "")
    told = memo if memo.upper().startswith(name.upper()) else f"{name} {memo}"
    mcc = fields.get("SIC")
    kind = _KINDS.get(fields.get("TRNTYPE", "").upper()) or kind_of(out, None, mcc)
    return Line(
        number=number,
        external_id=f"{fitid[:120]}:{out}:{day:%Y%m%d}",
        day=day,
        amount_minor=out,
        currency=currency,
        raw=clean(told),
        kind="refund" if kind == "purchase" and out < 0 else kind,
        shown_on=_shown(fields.get("DTUSER", "")),
        mcc=mcc,
    )


def _shown(text: str) -> date | None:
    try:
        return read_day(text[:8], "ymd") if text else None
    except BadLineError:
        return None


def is_ofx(content: bytes) -> bool:
    """Whether a file says that it is OFX."""
    head = content[:_HEAD_BYTES].replace(b"\0", b"").upper()
    return b"<OFX>" in head or b"OFXHEADER" in head or b"<?OFX" in head
