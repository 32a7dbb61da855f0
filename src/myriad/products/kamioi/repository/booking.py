"""The one statement that writes the entries of transfers, put where a query asks for it.

A query says `-- book SOURCE: REASON, ACCOUNT SIGN, ACCOUNT SIGN …` as the body of a common table or
at its end. SOURCE is one of its common tables, a row for each transfer: tenant_id, booked_on,
transfer_id, about_id, member_id, amount_minor and currency. A row of nothing books nothing. The ledger
itself refuses a transfer that does not come to zero. What moves shares names them as well, and is
written out where it is (`actions.sql`, `orders.sql`).
"""

from __future__ import annotations

import re

_LINE = re.compile(
    r"^(?P<indent> *)-- book (?P<source>\w+): (?P<reason>\w+), (?P<entries>.+)$", re.MULTILINE
)
_ENTRY = re.compile(r"(\w+) ([+-])")


def with_bookings(text: str) -> str:
    """Return a query with each of its `-- book` lines as the statement that it stands for."""
    return _LINE.sub(_statement, text)


def _statement(found: re.Match[str]) -> str:
    entries = ", ".join(
        f"({number}, '{account}', {sign}1)"
        for number, (account, sign) in enumerate(_ENTRY.findall(found["entries"]), 1)
    )
    lines = (
        "INSERT INTO kamioi.ledger_entry (tenant_id, booked_on, transfer_id, line, account,",
        "    member_id, amount_minor, currency, reason, about_id)",
        "SELECT b.tenant_id, b.booked_on, b.transfer_id, l.line, l.account, b.member_id,",
        f"    l.sign * b.amount_minor, b.currency, '{found['reason']}', b.about_id",
        f"FROM {found['source']} AS b",
        f"CROSS JOIN (VALUES {entries}) AS l (line, account, sign)",
        "WHERE b.amount_minor <> 0",
    )
    return "\n".join(found["indent"] + line for line in lines)
