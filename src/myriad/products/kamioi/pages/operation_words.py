"""How the pages of running a programme say figures: micro-dollars, kinds of actions, deeds."""

from __future__ import annotations

from decimal import Decimal

from myriad.kit.money import Money
from myriad.products.kamioi.pages.center_words import METHODS
from myriad.scale.ui.filters import NOTHING

__all__ = ["ACTIONS", "KINDS", "METHODS", "PLACES", "amount", "micros", "shares", "span"]

_MICROS = 1_000_000
# What rounds to a whole dollar is told to the cent; less than a millionth cannot be told.
_FINE_BELOW, _LEAST = 0.995, 0.000001
KINDS = (
    ("split", "Split"),
    ("reverse_split", "Reverse split"),
    ("stock_dividend", "Stock dividend"),
    ("cash_dividend", "Cash dividend"),
    ("spin_off", "Spin-off"),
    ("merger", "Merger"),
    ("rename", "Rename"),
    ("worthless", "Worthless"),
)
ACTIONS = {
    "kamioi.action_entered": "Entered a corporate action",
    "kamioi.actions_asked": "Asked to apply corporate actions",
    "kamioi.difference_explained": "Explained a difference to the broker",
    "kamioi.center_rule.changed": "Changed the sum above which two decide",
    "kamioi.mapping.approved": "Decided what strings stand for",
    "kamioi.mapping.asked_second": "Said first what a second person must say",
    "kamioi.mapping.rejected": "Rejected what was proposed",
    "kamioi.mapping.restored": "Went back to an earlier version of a string",
    "kamioi.migration_asked": "Asked for a step of the migration",
    "kamioi.rate.stated": "Stated what a currency is worth",
    "kamioi.debt_settled": "Settled what a member owed",
    "kamioi.order_end_asked": "Asked to end an order that the broker does not know",
    "kamioi.overcharge_settled": "Settled what the broker took above an order",
    "kamioi.foreign_released": "Released purchases in a foreign currency",
    "kamioi.foreign_skipped": "Left out purchases in a foreign currency",
    "member.added": "Added a member",
    "member.invited": "Invited somebody",
    "member.invitation_withdrawn": "Withdrew an invitation",
    "member.joined": "Somebody joined",
    "member.removed": "Took a membership away",
    "user.signed_in": "Signed in",
    "tenant.created": "The account was opened",
}
PLACES = {
    "activity": "their purchases",
    "portfolio": "their portfolio",
    "foreign": "a foreign purchase",
    "mapping": "the only member of a string",
    "members": "in the list of members",
    "api": "by program",
}


def micros(value: float | None) -> str:
    """Return micro-dollars as dollars: to the cent from a dollar on, to the millionth below."""
    if value is None:
        return NOTHING
    dollars = value / _MICROS
    if dollars == 0 or dollars >= _FINE_BELOW:
        return f"${dollars:,.2f}"
    if dollars < _LEAST:
        return "< $0.000001"
    cents, _, rest = f"{dollars:.6f}".partition(".")
    return f"${cents}.{rest.rstrip('0').ljust(2, '0')}"


def amount(minor: int | None, currency: str) -> str:
    """Return an amount of money; a dash for none."""
    return NOTHING if minor is None else Money(minor, currency).format()


def shares(value: Decimal) -> str:
    """Return a number of shares without zeros at its end."""
    text = f"{abs(value):,.9f}".rstrip("0").rstrip(".")
    return f"\N{MINUS SIGN}{text}" if value < 0 else text


def span(seconds: float | None) -> str:
    """Return a span of seconds in its largest unit."""
    if seconds is None:
        return NOTHING
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{max(seconds, 0):,.0f} seconds"
