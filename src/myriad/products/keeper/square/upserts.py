"""Writing a page of rows at once: inserted, replaced by newer versions, never by older ones.

One statement a page. Rows arrive as one JSON document, so a page costs one round trip whatever
its size; the guard compares versions and change times, so the order of arrival does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

_TEXT, _TIME, _INT = "text", "timestamptz", "bigint"


@dataclass(frozen=True)
class Target:
    """A table, the columns that Square fills with their types, and when a row is replaced."""

    table: str
    columns: dict[str, str]
    guard: str = "true"

    @cached_property
    def sql(self) -> str:
        """The statement; `rows` is a JSON array, the answer the ids that changed."""
        names = ", ".join(self.columns)
        types = ", ".join(f"{name} {kind}" for name, kind in self.columns.items())
        changes = ", ".join(f"{n} = excluded.{n}" for n in self.columns if n != "ext_id")
        before = ", ".join(f"old.{name}" for name in self.columns)
        after = ", ".join(f"excluded.{name}" for name in self.columns)
        return (
            f"INSERT INTO keeper.{self.table} AS old (tenant_id, {names}) "  # noqa: S608 - constants
            f"SELECT %(tenant_id)s, {names} FROM jsonb_to_recordset(%(rows)s::jsonb) AS given({types}) "
            f"ON CONFLICT (tenant_id, ext_id) DO UPDATE SET {changes}, updated_at = now() "
            f"WHERE {self.guard} AND ({before}) IS DISTINCT FROM ({after}) "
            f"RETURNING ext_id"
        )


_NEWER = "excluded.ext_updated_at >= old.ext_updated_at"
_NEWER_VERSION = (
    "(excluded.version, coalesce(excluded.ext_updated_at, '-infinity'))"
    " >= (old.version, coalesce(old.ext_updated_at, '-infinity'))"
)

LOCATION = Target(
    "location",
    dict.fromkeys(("ext_id", "name", "timezone", "currency", "country", "status", "mcc"), _TEXT),
)
TEAM_MEMBER = Target(
    "team_member", dict.fromkeys(("ext_id", "given_name", "family_name", "status"), _TEXT)
)
TIMECARD = Target(
    "timecard",
    {
        **dict.fromkeys(("ext_id", "team_member_ext_id", "location_ext_id", "status"), _TEXT),
        "start_at": _TIME,
        "end_at": _TIME,
        "break_seconds": _INT,
    },
)
CUSTOMER = Target(
    "customer",
    {
        **dict.fromkeys(
            ("ext_id", "given_name", "family_name", "company_name", "email", "email_norm"), _TEXT
        ),
        "email_unsubscribed": "boolean",
        **dict.fromkeys(("phone", "phone_e164"), _TEXT),
        **dict.fromkeys(("birth_year", "birth_month", "birth_day"), "smallint"),
        **dict.fromkeys(("address_line", "postcode", "creation_source"), _TEXT),
        "version": _INT,
        "ext_created_at": _TIME,
        "ext_updated_at": _TIME,
    },
    _NEWER_VERSION,
)
PAYMENT = Target(
    "payment",
    {
        **dict.fromkeys(
            ("ext_id", "customer_ext_id", "order_ext_id", "location_ext_id", "team_member_ext_id"),
            _TEXT,
        ),
        **dict.fromkeys(("amount", "tip", "refunded"), _INT),
        **dict.fromkeys(("currency", "status", "source_type", "card_fingerprint"), _TEXT),
        "local_date": "date",
        "ext_created_at": _TIME,
        "ext_updated_at": _TIME,
    },
    _NEWER,
)
REFUND = Target(
    "refund",
    {
        **dict.fromkeys(("ext_id", "payment_ext_id", "location_ext_id"), _TEXT),
        "amount": _INT,
        **dict.fromkeys(("currency", "status"), _TEXT),
        "local_date": "date",
        "ext_created_at": _TIME,
        "ext_updated_at": _TIME,
    },
    _NEWER,
)
ORDER = Target(
    "sales_order",
    {
        **dict.fromkeys(("ext_id", "customer_ext_id", "location_ext_id", "state"), _TEXT),
        "total": _INT,
        "currency": _TEXT,
        "local_date": "date",
        "ext_created_at": _TIME,
        "ext_updated_at": _TIME,
        "version": _INT,
    },
    _NEWER_VERSION,
)
BOOKING = Target(
    "booking",
    {
        **dict.fromkeys(("ext_id", "customer_ext_id", "location_ext_id", "status"), _TEXT),
        "start_at": _TIME,
        "local_date": "date",
        "segments": "jsonb",
        "source": _TEXT,
        "any_team_member": "boolean",
        "version": _INT,
        "ext_created_at": _TIME,
        "ext_updated_at": _TIME,
    },
    _NEWER_VERSION,
)
