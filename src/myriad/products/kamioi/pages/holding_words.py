"""The sentences of the pages of a member's holdings and notifications."""

from __future__ import annotations

from collections.abc import Sequence

from myriad.products.kamioi.holding.portfolio import Lot, Performance, Portfolio, Position
from myriad.products.kamioi.holding.statement_words import money, month_name, origin, signed
from myriad.products.kamioi.holding.statements import MonthFigures
from myriad.scale.ui.filters import capital, day, plural, signed_percent

__all__ = ["money", "signed"]

SPANS = {"30": "30 days", "90": "90 days", "365": "A year", "all": "All"}


def portfolio(view: Portfolio) -> str:
    """Return what the shares are worth, in one sentence."""
    if not view.positions and not view.total_minor:
        return "You own no shares yet"
    if not view.positions:
        return f"You own no shares now and have {money(view.total_minor, view.currency)} in cash"
    gain = view.gain_minor
    worth = f"Your shares are worth {money(view.value_minor, view.currency)}"
    if not gain:
        return f"{worth}, what you paid for them"
    more = "more" if gain > 0 else "less"
    return f"{worth}, {money(abs(gain), view.currency)} {more} than you paid"


def priced(view: Portfolio) -> str:
    """Return as of which closes the value is, and who told them."""
    days = [one.closed_on for one in view.positions if one.closed_on]
    unknown = sum(one.close is None for one in view.positions)
    said = []
    if days:
        first, last = min(days), max(days)
        since = f"{day(first)} to {day(last)}" if first != last else day(last)
        by = origin(one.close_source for one in view.positions)
        said.append(f"At the closes of {since}, {by}.")
    if unknown:
        said.append(f"{capital(plural(unknown, 'share'))} without a close counts as what it cost.")
    return " ".join(said)


def cash(view: Portfolio) -> str:
    """Return what of the cash is meant for shares already."""
    meant = view.cash.earmarked_minor + view.cash.ordered_minor
    return f"{money(meant, view.currency)} of it is about to buy shares" if meant else ""


def returned(view: Performance) -> str:
    """Return the time-weighted return in words of a table."""
    rate = view.time_weighted
    return "\N{EN DASH}" if rate is None else signed_percent(rate, 1)


def by_money(view: Performance) -> str:
    """Return the money-weighted return, and as a yearly rate where that says something."""
    if view.money_weighted is None:
        return "It cannot be told yet: money must have gone in and have stood for a day."
    whole = signed_percent(view.money_weighted, 1)
    if view.yearly is None:
        return (
            f"By when your money came, {whole} over the whole time. A yearly rate (XIRR) is told "
            "from one year on; a shorter time says nothing of a year."
        )
    yearly = signed_percent(view.yearly, 1)
    return f"By when your money came, {yearly} a year (XIRR), {whole} over the whole time."


def state(one: Position) -> tuple[str, str]:
    """Return what is out of the ordinary with a share: a word and a colour, two empty for nothing."""
    return {"halted": ("Trading halted", "warn"), "delisted": ("No longer traded", "bad")}.get(
        one.status, ("", "")
    )


def statements(months: Sequence[MonthFigures]) -> str:
    """Return how many statements there are."""
    if not months:
        return "No statement yet"
    first = month_name(months[-1].month)
    return f"{capital(plural(len(months), 'statement'))} since {first}"


def notifications(unread: int, shown: int) -> str:
    """Return how many notifications wait to be read."""
    if unread:
        return f"{capital(plural(unread, 'notification'))} you have not read"
    return "You have read everything" if shown else "Nothing to tell yet"


def lots(rows: Sequence[Lot]) -> str:
    """Return what the list of lots is of."""
    names = {one.name for one in rows}
    if len(names) == 1:
        return f"{capital(plural(len(rows), 'lot'))} of {names.pop()}"
    return capital(plural(len(rows), "lot")) if rows else "No lots"
