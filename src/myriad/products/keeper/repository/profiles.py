"""How a Square profile is called and where it came from, in words."""

from __future__ import annotations

from typing import Any

from myriad.products.keeper.repository.sql import Row

_SOURCES = {
    "APPOINTMENTS": "Appointments",
    "COUPON": "Coupon",
    "DELETION_RECOVERY": "Restored",
    "DIRECTORY": "Directory",
    "EGIFTING": "Gift card",
    "EMAIL_COLLECTION": "E-mail collection",
    "FEEDBACK": "Feedback",
    "IMPORT": "Import",
    "INSTANT_PROFILE": "Made from a payment",
    "INVOICES": "Invoices",
    "LOYALTY": "Loyalty",
    "MARKETING": "Marketing",
    "MERGE": "Merged in Square",
    "ONLINE_STORE": "Online store",
    "TERMINAL": "Terminal",
    "THIRD_PARTY": "Another app",
    "THIRD_PARTY_IMPORT": "Another app's import",
    "UNMERGE_RECOVERY": "Restored",
}


def profile_name(row: Row) -> str:
    """Return a name to show, never empty: names, company, e-mail, phone, or the end of the id."""
    name = " ".join(part for part in (row["given_name"], row["family_name"]) if part)
    contact = row.get("company_name") or row.get("email") or row.get("phone")
    return name or contact or f"Customer {row['ext_id'][-6:]}"


def source_name(source: str | None) -> str | None:
    """Return Square's creation source in words."""
    if source is None:
        return None
    return _SOURCES.get(source, source.replace("_", " ").capitalize())


def birthday(row: Row) -> str | None:
    """Return the birthday as far as it is known: `1980-05-14`, `05-14` or `1980`."""
    parts: list[Any] = [row["birth_month"], row["birth_day"]]
    day = "-".join(f"{part:02d}" for part in parts if part)
    year = f"{row['birth_year']:04d}" if row["birth_year"] else ""
    return "-".join(part for part in (year, day) if part) or None
