"""The sentences that answer a screen's question, made from its numbers alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from markupsafe import Markup

from myriad.kit.money import Money
from myriad.products.keeper.views import (
    ConnectionCard,
    ConnectionsView,
    CustomersView,
    CustomerView,
    DuplicatePair,
    DuplicatesView,
    ModelNote,
    ReportRow,
    ReportsView,
    ReportView,
    TodayView,
)
from myriad.scale.ui.filters import NOTHING, capital, day, in_words, number, percent, phone, plural

STATE_ORDER = ("active", "booked", "new", "slowing", "likely_lapsed", "lapsed", "unknown")
SORTS = (
    ("value_at_risk", "Most at stake"),
    ("clv", "Worth most a year"),
    ("last_visit", "Seen last"),
    ("visits", "Most visits"),
    ("name", "By name"),
)
_SLIPPING = ("slowing", "likely_lapsed")
_STATE_WORDS = {
    "active": "active",
    "booked": "booked",
    "new": "new",
    "slowing": "slowing down",
    "likely_lapsed": "likely lapsed",
    "lapsed": "lapsed",
    "unknown": "unclear",
}
_TOKEN_ALARM = timedelta(days=8)
_SURE = 0.999
_LINK_WORDS = {
    "proposed": "Waits for you",
    "auto_linked": "Linked by Keeper",
    "linked": "Linked",
    "rejected": "Kept apart",
    "undone": "Link undone",
    "vetoed": "Kept apart by a conflict",
}
_MODEL_WORDS = {
    "stack": "the calibrated stack",
    "bgnbd": "BG/NBD",
    "gap": "the gap since the last visit, because no model did better",
}


def today(view: TodayView) -> str:
    """Return who is slipping away and what they are worth a year."""
    if not view.customers:
        reading = view.freshness.stage == "syncing"
        first = "Square is being read for the first time"
        return first if reading else "Connect Square to see whom to call"
    if not view.enough_history:
        return (
            f"{capital(_people(view.customers, 'customer'))} so far, too few to say who is slipping"
        )
    if view.slipping == 0 and not view.is_measured:
        return "Keeper is looking at your customers now"
    if view.slipping == 0:
        return "Nobody is slipping away today"
    verb = "is" if view.slipping == 1 else "are"
    who = capital(_people(view.slipping, "regular"))
    return f"{who} {verb} slipping away, worth {view.slipping_value.format(whole=True)} a year"


def today_lead(view: TodayView) -> str:
    """Return what to do first, or nothing when there is nothing to do."""
    if not view.tasks:
        return ""
    stake = view.value_at_risk.format(whole=True)
    if len(view.tasks) == 1:
        return f"One call to make; {stake} is at stake."
    return f"Call these {in_words(len(view.tasks))} first; {stake} is at stake."


def customers(view: CustomersView) -> str:
    """Return how many people there are, or match, and how many of them slip away."""
    asked = view.filter
    if not view.total and not (asked.query or asked.state):
        return "No customers yet"
    match = f" for “{asked.query}”" if asked.query else ""
    if asked.state:
        found = view.counts.get(asked.state, len(view.rows))
        return f"{plural(found, 'customer')} {_STATE_WORDS[asked.state]}{match}"
    slipping = [
        f"{number(view.counts[state])} {_STATE_WORDS[state]}"
        for state in _SLIPPING
        if view.counts.get(state)
    ]
    people = plural(view.total, "customer") + match
    return f"{people}, {' and '.join(slipping)}" if slipping else people


def customers_lead(view: CustomersView) -> str:
    """Return how the counts go with those of Today, which speaks of regulars alone."""
    if view.filter.state or view.filter.query or not view.counts.get("likely_lapsed"):
        return ""
    return (
        "Likely lapsed is also who came a single time; the regulars of Today came more than once."
    )


def customer(view: CustomerView) -> str:
    """Return how this person comes, and how long they have been away."""
    first = view.name.split(" ")[0]
    if view.state == "booked":
        return f"{first} is booked already"
    if not view.visit_count or view.gap_days is None:
        return f"{first} has not come yet"
    away = plural(view.gap_days, "day")
    last = f"{away} ago" if view.gap_days else "today"
    if view.usual_gap_days is None:
        times = "once" if view.visit_count == 1 else f"{in_words(view.visit_count)} times"
        if view.visit_count == 1:
            return f"{first} came once, {last}"
        return f"{first} came {times}, the last time {last}"
    usual = round(view.usual_gap_days)
    every = "every day" if usual <= 1 else f"every {usual} days"
    if view.gap_days <= view.usual_gap_days:
        return f"{first} comes {every} and was here {last}"
    return f"{first} used to come {every} and has been away for {away}"


def model(note: ModelNote) -> str:
    """Return which model speaks and how well it does on this account."""
    text = f"Risk by {_MODEL_WORDS[note.shipped]}"
    if note.customers:
        text += f", fitted on {plural(note.customers, 'customer')}"
    if note.auc_model is None or note.auc_gap is None:
        return text + "."
    score = f"It ranks {note.auc_model:.3f} here, the gap alone {note.auc_gap:.3f} (AUC)"
    error = "" if note.ece is None else f"; its shares are off by {percent(note.ece, 1)} on average"
    return f"{text}. {score}{error}."


def duplicates(view: DuplicatesView) -> str:
    """Return how many pairs wait, or how many were joined or kept apart."""
    count = view.counts.get(view.filter.show, 0)
    if view.filter.show == "linked":
        return f"{capital(_people(count, 'pair'))} linked into one person each"
    if view.filter.show == "apart":
        return f"{capital(_people(count, 'pair'))} kept apart"
    if count == 0:
        return "No pair waits for you"
    if count == 1:
        return "One pair may be the same person"
    return f"{capital(_people(count, 'pair'))} may be one person each"


def link_state(pair: DuplicatePair) -> str:
    """Return the state of a pair in words."""
    return _LINK_WORDS[pair.state]


def pair_rows(pair: DuplicatePair) -> list[tuple[str, str, str]]:
    """Return the facts of both profiles that carry no weight: payments, money, dates, ids."""
    sides = (pair.left, pair.right)
    rows = (
        ("Paid", *(f"{plural(side.payments, 'payment')}, {_money(side.spent)}" for side in sides)),
        ("Last visit", *(day(side.last_visit_on) for side in sides)),
        ("Profile since", *(day(side.created_on) for side in sides)),
    )
    return [(name, left, right) for name, left, right in rows]


def reports(view: ReportsView) -> str:
    """Return what the latest report says."""
    if not view.rows:
        return "No report yet"
    row = view.rows[0]
    return f"{period(row)}: {row.revenue.format(whole=True)} from {plural(row.visits, 'visit')}"


def period(value: ReportRow | ReportView) -> str:
    """Return the days of a report, such as `9 to 15 Nov 2026` or `October 2026`."""
    start, end = value.period_start, value.period_end
    if start == end:
        return day(start, weekday=True)
    if value.kind == "monthly":
        return f"{start:%B %Y}"
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day} to {day(end)}"
    return f"{day(start, year=start.year != end.year)} to {day(end)}"


def connections(view: ConnectionsView) -> str:
    """Return whether data comes in, and if not, why."""
    if not view.connections:
        return "Square is not connected yet"
    if view.job and view.job.state in ("queued", "running"):
        return "Square is being read now"
    card = view.connections[0]
    if card.status == "revoked":
        return "Square withdrew the permission; nothing new comes in"
    if card.status == "pending":
        return "Square waits for your permission"
    if card.status == "error":
        return "Square cannot be read at present"
    return "Square is connected" + (", with some days to check" if card.drift else " and agrees")


def token_is_old(card: ConnectionCard, now: datetime) -> bool:
    """Return whether a token has not been renewed for more than eight days."""
    renewed = card.token_refreshed_at
    return renewed is not None and now - renewed > _TOKEN_ALARM


def state_options() -> list[tuple[str, str]]:
    """Return the states for a selection, in the order in which people pass through them."""
    return [(state, capital(_STATE_WORDS[state])) for state in STATE_ORDER]


def each_state(draw: Callable[[str], Markup]) -> dict[str, Markup]:
    """Return every state as `draw` draws it: a list has fifty rows and seven states."""
    return {state: draw(state) for state in STATE_ORDER}


def amount(metric: str, value: float, currency: str) -> str:
    """Return what was counted: money for takings, a plain number otherwise."""
    if metric == "revenue":
        return Money(round(value), currency).format(whole=True)
    return number(value, 0 if value == int(value) else 1)


def metric(name: str) -> str:
    """Return what was counted, as the screens call it."""
    return "Takings" if name == "revenue" else capital(name)


def shown(field: str, value: str | None) -> str:
    """Return a field of a profile as people read it."""
    return phone(value) if field == "phone" else value or NOTHING


def likely(probability: float) -> str:
    """Return a chance as a percentage that never claims to be certain."""
    return f"over {percent(_SURE, 1)}" if probability > _SURE else percent(probability, 1)


def pair_doubt(pair: DuplicatePair) -> str:
    """Return what speaks against a waiting pair in words, empty where nothing stands out."""
    said = {item.field: item.bits for item in pair.evidence}
    shared = [field for field in ("email", "phone", "card") if said.get(field, 0.0) > 0]
    if pair.state != "proposed" or said.get("given", 0.0) >= 0 or not shared:
        return ""
    names = {"email": "e-mail", "phone": "phone", "card": "card"}
    return f"Two first names behind one {names[shared[0]]}: perhaps a family that shares it."


def bits(value: float) -> str:
    """Return a match weight with its sign, `0` for none."""
    if abs(value) < 0.05:
        return "0"
    sign = "\N{MINUS SIGN}" if value < 0 else "+"
    return f"{sign}{abs(value):.1f}"


def _people(count: int, noun: str) -> str:
    return f"{in_words(count)} {noun if count == 1 else noun + 's'}"


def _money(value: Money | None) -> str:
    return "no money" if value is None else value.format()
