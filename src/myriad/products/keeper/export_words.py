"""What the files of an export hold and what their columns mean, in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

# Internal books, secrets and copies of what other files hold.
LEFT_OUT = frozenset(
    {
        "agent_note",
        "connection",
        "consent",
        "contribution",
        "erased_key",
        "network_week",
        "notice_delivery",
        "person_term",
        "quarantine",
        "staff_figures",
        "sync_cursor",
        "team_day",
        "team_state",
        "webhook_event",
    }
)
FILES = {
    "account": ("account", "Your account with Keeper."),
    "preference": ("settings", "What you chose in the settings."),
    "customer": ("customers", "Profiles as Square has them."),
    "person": ("persons", "People behind the profiles; merged_into_id names whom one turned out to be."),
    "identity_link": ("links", "Pairs of profiles that were joined, kept apart or are to decide."),
    "visit": ("visits", "One row per person and local day on which they came."),
    "payment": ("payments", "Payments from Square."),
    "refund": ("refunds", "Money given back."),
    "sales_order": ("orders", "Orders from Square."),
    "order_line": ("order_lines", "What was sold in each order."),
    "booking": ("bookings", "Appointments."),
    "person_metrics": ("metrics", "How people come, by day of calculation."),
    "task": ("tasks", "Whom Keeper proposed to call, why, and what became of it."),
    "insight": ("insights", "Claims with their evidence, prediction and grade."),
    "review": ("reviews", "Reviews from Google and imports."),
    "staff_metrics": ("staff_metrics", "Measures of staff by period."),
    "report": ("reports", "The stored numbers of each report."),
    "audit_event": ("audit", "Who did what in the account."),
    "view_log": ("seen_by", "Who looked at whom, by hour."),
    "day_total": ("day_totals", "Our total and Square's of each closed day."),
    "team_member": ("team", "People who work here."),
    "agent_run": ("runs", "Runs of Keeper's agents."),
}  # fmt: skip
MEANINGS = {
    "id": "the row's own id",
    "ext_id": "the id that Square gives it",
    "person_id": "a row of persons.csv",
    "customer_ext_id": "ext_id of a row of customers.csv",
    "order_ext_id": "ext_id of a row of orders.csv",
    "payment_ext_id": "ext_id of a row of payments.csv",
    "location_ext_id": "Square's id of the location",
    "team_member_ext_id": "ext_id of a row of team.csv",
    "left_customer_id": "id of a row of customers.csv",
    "right_customer_id": "id of a row of customers.csv",
    "amount": "in the smallest unit of the currency (cents), without the tip",
    "tip": "in the smallest unit of the currency",
    "refunded": "given back so far, in the smallest unit of the currency",
    "net": "paid less given back, in the smallest unit of the currency",
    "total": "in the smallest unit of the currency",
    "value_at_risk": "money at stake, in the smallest unit of the currency",
    "clv_12m": "expected takings of twelve months, in the smallest unit of the currency",
    "expected_spend": "of one visit, in the smallest unit of the currency",
    "currency": "ISO 4217",
    "local_date": "the day in the location's own time zone",
    "business_date": "the day of which the row speaks",
    "ext_created_at": "when it was made in Square (UTC)",
    "ext_updated_at": "when it was changed in Square (UTC)",
    "created_at": "when the row was written here (UTC)",
    "updated_at": "when the row was changed here (UTC)",
    "deleted_at": "when Square deleted it (UTC)",
    "email_norm": "the e-mail as it is compared",
    "phone_e164": "the phone number in international form",
    "card_fingerprint": "a sign of the card that Square gives; no number of the card",
    "contact_allowed": "false when the person must not be called",
    "x": "repeat visits",
    "t_x_weeks": "weeks from the first visit to the last",
    "age_weeks": "weeks since the first visit",
    "gap_days": "days since the last visit",
    "itt_median_days": "usual days between visits",
    "itt_mad_days": "usual deviation from that",
    "p_alive": "chance of still being a customer, 0 to 1",
    "churn_30": "chance of no visit in 30 days, 0 to 1",
    "churn_60": "chance of no visit in 60 days, 0 to 1",
    "churn_90": "chance of no visit in 90 days, 0 to 1",
    "expected_visits_90": "visits expected in 90 days",
    "state": "where it stands, in a word",
    "weight": "evidence in bits; above zero speaks for one person",
    "probability": "chance of being one person, 0 to 1",
    "evidence": "what speaks for and against (JSON)",
    "numbers": "every number of the report (JSON)",
    "digest": "SHA-256 of the numbers in canonical JSON",
    "actor_id": "the member or key that did it",
    "actor_kind": "user, key or system",
    "subject": "the id of what it was done to",
}
_TYPES = {
    "boolean": "true or false",
    "jsonb": "JSON",
    "date": "YYYY-MM-DD",
    "timestamp with time zone": "ISO 8601, UTC",
    "bigint": "a whole number",
    "integer": "a whole number",
    "smallint": "a whole number",
    "double precision": "a number",
    "text[]": "several, with semicolons between",
    "uuid": "an id",
    "text": "text",
}


def file_of(table: str) -> tuple[str, str]:
    """Return the name of a table's file, and what it holds."""
    name, about = FILES.get(table, (table, f"The table {table}."))
    return f"{name}.csv", about


def meaning(column: str, kind: str) -> str:
    """Return what a column means, or else how it is written."""
    return MEANINGS.get(column) or _TYPES.get(kind, kind)


def readme(
    business: str, made_at: datetime, files: Iterable[tuple[str, Sequence[str], Sequence[str], int]]
) -> str:
    """Return the text of README.txt; `files` are (table, columns, types, rows)."""
    lines = [
        f"Everything that Keeper holds for {business}",
        f"Made {made_at:%Y-%m-%d %H:%M} UTC.",
        "",
        "Each file is CSV in UTF-8 with a header line; commas between, quotes where needed.",
        "An apostrophe before =, +, - or @ keeps a spreadsheet from computing a text.",
        "An empty cell means that nothing is known. Rows that came in while the export ran may",
        "stand in one file and not yet in another.",
        "Left out: access tokens, raw messages of Square, search terms, and erased people.",
    ]
    for table, columns, kinds, rows in files:
        name, about = file_of(table)
        lines += ["", f"{name} ({rows:,} rows)", f"  {about}"]
        lines += [
            f"  {column:<22} {meaning(column, kind)}"
            for column, kind in zip(columns, kinds, strict=True)
        ]
    return "\n".join(lines) + "\n"
