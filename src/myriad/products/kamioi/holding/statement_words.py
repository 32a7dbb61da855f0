"""The sentences of a portfolio and of its statements, on pages and on paper."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from myriad.kit.money import Money
from myriad.products.kamioi.facts.simulated import SOURCE
from myriad.products.kamioi.holding.portfolio import Action
from myriad.products.kamioi.holding.statements import Statement
from myriad.scale.ui.filters import plural

_REASONS = {
    "sweep_settled": "Round-ups from your bank",
    "sweep_returned": "Taken back by your bank",
    "debt_settled": "What you owed, settled with your programme",
    "bought": "Shares bought",
    "cash_dividend": "Dividend",
    "merger": "Paid in a merger",
    "fee": "Fee",
}
_INVENTED, _SOURCES = "are simulated: no market paid them", 2


def money(minor: int, currency: str) -> str:
    """Return an amount for people."""
    return Money(minor, currency).format()


def signed(minor: int, currency: str) -> str:
    """Return a change with its sign."""
    if not minor:
        return money(0, currency)
    sign = "+" if minor > 0 else "\N{MINUS SIGN}"
    return f"{sign}{money(abs(minor), currency)}"


def shares(qty: Decimal) -> str:
    """Return a number of shares with as many decimals as it needs, nine at most."""
    text = format(qty, ".9f").rstrip("0").rstrip(".")
    return text or "0"


def price(close: Decimal | None, currency: str) -> str:
    """Return the price of a share, to the cent or as finely as it is told; a dash for none."""
    if close is None:
        return "\N{EN DASH}"
    symbol = money(0, currency).partition("0")[0]
    whole, _, rest = format(close, ",.6f").partition(".")
    return f"{symbol}{whole}.{rest.rstrip('0').ljust(2, '0')}"


def origin(sources: Iterable[str | None]) -> str:
    """Return who told the closes of some shares, one source a share; empty when there are none."""
    told = [source for source in sources if source]
    real = sorted({source for source in told if source != SOURCE})
    invented = told.count(SOURCE)
    if not real:
        return f"which {_INVENTED}" if invented else ""
    by = f"told by {', '.join(real[:_SOURCES])}{' and others' if real[_SOURCES:] else ''}"
    return f"{by}; those of {plural(invented, 'share')} {_INVENTED}" if invented else by


def valued(view: Statement) -> str:
    """Return at which closes the shares of a statement are valued; empty without any."""
    said = origin(one.source for one in view.held)
    return f"at their last closes, {said}" if said else ""


def month_name(month: date) -> str:
    """Return `November 2026`."""
    return f"{month:%B %Y}"


def entry(reason: str, ticker: str) -> str:
    """Return what a movement of cash was."""
    said = _REASONS.get(reason, reason.replace("_", " ").capitalize())
    return f"{said}: {ticker}" if ticker else said


def action(one: Action) -> str:
    """Return what a company did to a member's shares, in words."""
    ticker, ratio = one.ticker or one.name, f"{one.ratio_num} for {one.ratio_den}"
    if one.kind in ("split", "reverse_split"):
        return f"{ticker} split {ratio}: {_changed(one.qty)}"
    if one.kind == "stock_dividend":
        return f"{ticker} paid a dividend in shares, {ratio}: {_changed(one.qty)}"
    if one.kind == "cash_dividend":
        return f"{ticker} paid {_per_share(one)}"
    if one.kind == "spin_off":
        return f"{ticker} spun off {one.new_ticker}: {_changed(one.new_qty)}"
    if one.kind == "worthless":
        return f"{ticker} became worthless: {_changed(one.qty)}"
    return _became(one, ticker)


def _became(one: Action, ticker: str) -> str:
    verb = "is called" if one.kind == "rename" else "became"
    if one.new_ticker:
        cash = f" and {_per_share(one)}" if one.paid_minor else ""
        return f"{ticker} {verb} {one.new_ticker}: {shares(one.new_qty)} shares{cash}"
    return f"{ticker} was bought for {_per_share(one)}"


def _changed(qty: Decimal) -> str:
    return f"{shares(abs(qty))} shares {'more' if qty >= 0 else 'fewer'}"


def _per_share(one: Action) -> str:
    return f"{one.cash_per_share.normalize():f} a share" if one.cash_per_share else "cash"


def answer(view: Statement) -> str:
    """Return a month in one sentence."""
    name = month_name(view.month)
    figures = view.figures
    if not (view.value_minor or view.cash_minor or figures.rounded_minor):
        return f"Nothing was saved in {name}"
    ended = "ended with" if view.is_whole else "stands at"
    whole = money(view.value_minor + view.cash_minor, view.currency)
    bought = money(figures.bought_minor, view.currency)
    return f"{name} {ended} {whole}; {bought} became shares"


def figures(view: Statement) -> list[tuple[str, str]]:
    """Return the figures of a month, named, in the order in which they add up."""
    return share_figures(view) + cash_figures(view)


def share_figures(view: Statement) -> list[tuple[str, str]]:
    """Return how the value of the shares came about."""
    currency, month = view.currency, view.figures
    return [
        ("Shares before", money(view.value_before_minor, currency)),
        ("Shares bought", signed(month.bought_minor, currency)),
        ("Change of value", signed(view.change_minor, currency)),
        ("Paid out by shares", signed(-month.paid_minor, currency)),
        ("Shares now", money(view.value_minor, currency)),
    ]


def cash_figures(view: Statement) -> list[tuple[str, str]]:
    """Return how the cash came about."""
    currency, month = view.currency, view.figures
    other = _other(view)
    return [
        ("Cash before", money(view.cash_before_minor, currency)),
        ("Pulled from your bank", signed(month.pulled_minor, currency)),
        ("Paid by shares", signed(month.paid_minor, currency)),
        ("Spent on shares", signed(-month.bought_minor, currency)),
        *([("Other", signed(other, currency))] if other else []),
        ("Cash now", money(view.cash_minor, currency)),
    ]


def _other(view: Statement) -> int:
    month = view.figures
    return month.cash_minor - month.pulled_minor - month.paid_minor + month.bought_minor
