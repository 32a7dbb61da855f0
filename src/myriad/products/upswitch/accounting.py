"""Years of accounts, from what people said and from what was filed, for the inputs. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from myriad.products.upswitch.conversation.keys import HISTORY, KEYS
from myriad.products.upswitch.conversation.normalising import adjustments_of
from myriad.products.upswitch.drafting import FILED, Draft, assumption_of, said
from myriad.products.upswitch.errors import MissingFactsError
from myriad.products.upswitch.registry.nbb.rubrics import YearFigures
from myriad.products.upswitch.views.sessions import FactView
from myriad.products.upswitch.views.valuations import Origin

YEARS = 3
_REVENUES, _INCOME = "input_sheet.revenues", "input_sheet.operating_income"
_SHEET_OF_YEAR = {"revenues": _REVENUES, "operating_income": _INCOME}
_YEAR_FIELDS = (
    "revenues",
    "operating_income",
    "depreciation_and_amortization",
    "net_income",
    "book_equity",
)


@dataclass(frozen=True, slots=True)
class _Figure:
    """One figure of a year with where it comes from."""

    value: float
    origin: Origin
    source: str


def history_of(
    draft: Draft, facts: Sequence[FactView], years: Sequence[YearFigures]
) -> list[dict[str, Any]]:
    """Return the last three years that have an operating result, the newest first."""
    filed = {year.end.isoformat(): year for year in years}
    told = {fact.period for fact in facts if fact.period}
    found: list[dict[str, Any]] = []
    for period in sorted({*filed, *told}, reverse=True):
        if len(found) == YEARS:
            break
        figures = {
            name: figure
            for name in _YEAR_FIELDS
            if (figure := _figure(draft, name, period, filed.get(period))) is not None
        }
        if "operating_income" in figures:
            found.append(_year(draft, facts, period, figures))
            draft.notes += _bent(filed.get(period))
    if not found:
        raise MissingFactsError(
            "an operating result of at least one financial year is needed; read the filed "
            "accounts, or answer for the last year",
            [(f"/facts/{_INCOME}", "EUR"), (f"/facts/{_REVENUES}", "EUR")],
        )
    return found


def _figure(draft: Draft, name: str, period: str, filed: YearFigures | None) -> _Figure | None:
    paths = (_SHEET_OF_YEAR.get(name), f"{HISTORY}{name}")
    for path in paths:
        fact = draft.find(path, period) if path else None
        if fact is not None:
            return _Figure(float(fact.value), fact.source, said(fact))
    amount = None if filed is None else _filed(filed, name)
    return None if amount is None else _Figure(amount, "registry", FILED)


def _filed(year: YearFigures, name: str) -> float | None:
    cents = {
        "revenues": year.revenue_cents,
        "operating_income": year.operating_result_cents,
        "depreciation_and_amortization": _depreciation_cents(year),
        "net_income": year.result_cents,
        "book_equity": year.equity_cents,
    }[name]
    if name == "revenues" and cents is None:
        # A small company need not file its turnover; its gross margin takes the place.
        cents = year.gross_margin_cents
    return None if cents is None else cents / 100


def _depreciation_cents(year: YearFigures) -> int | None:
    if year.ebitda_cents is None or year.operating_result_cents is None:
        return None
    return max(year.ebitda_cents - year.operating_result_cents, 0)


def _bent(filed: YearFigures | None) -> list[str]:
    if filed is None:
        return []
    found = [f"{filed.end}: {finding.detail}" for finding in filed.findings]
    if filed.revenue_cents is None and filed.gross_margin_cents is not None:
        found.append(f"{filed.end}: no turnover was filed, so the gross margin stands for it")
    return found


def _year(
    draft: Draft, facts: Sequence[FactView], period: str, figures: Mapping[str, _Figure]
) -> dict[str, Any]:
    year: dict[str, Any] = {"end": period}
    for name, figure in figures.items():
        year[name] = figure.value
        path = f"{HISTORY}{period}.{name}"
        draft.assumptions.append(
            assumption_of(path, figure.value, figure.origin, figure.source, period)
        )
    lines = adjustments_of(facts, period)
    if lines:
        year["adjustments"] = [
            {"label": line.label, "kind": line.kind, "amount": line.amount} for line in lines
        ]
    return year


def fill_last_year(
    draft: Draft, history: Sequence[dict[str, Any]], years: Sequence[YearFigures]
) -> None:
    """Fill the base year: the newest year after its adjustments, and the balance."""
    newest = history[0]
    period = newest["end"]
    revenues = newest.get("revenues")
    if not revenues or revenues <= 0:
        raise MissingFactsError(
            f"the turnover of the year to {period} is needed, and above zero",
            [(f"/facts/{_REVENUES}", "EUR above 0")],
        )
    adjusted = sum(line["amount"] for line in newest.get("adjustments", ()))
    draft.put(_REVENUES, revenues)
    draft.put(_INCOME, newest["operating_income"] + adjusted)
    filed = next((year for year in years if year.end.isoformat() == period), None)
    for path, amount in _balance(newest, filed).items():
        if filed is not None and amount is not None and draft.find(path) is None:
            draft.add(path, amount, "registry", FILED, period)
        else:
            draft.take(path, KEYS[path].default, KEYS[path].default_source)
    draft.take("input_sheet.interest_expense", 0.0, "nothing was said")
    days = "due_diligence.debtor_days"
    if filed is not None and filed.revenue_cents and draft.find(days) is None:
        waited = 365 * filed.trade_debtors_cents / filed.revenue_cents
        draft.add(days, round(waited, 1), "registry", f"{FILED}: 40 / 70 x 365", period)
    if len(history) > 1 and history[1].get("revenues"):
        before = {name: history[1][name] for name in ("revenues", "operating_income")}
        draft.put("input_sheet.prior_year", before)


def _balance(newest: Mapping[str, Any], filed: YearFigures | None) -> dict[str, float | None]:
    """Return the balance by path; the register tells debt less cash, which is one of the two."""
    net = None if filed is None else filed.net_financial_debt_cents / 100
    provisions = None if filed is None else filed.provisions_cents / 100
    return {
        "input_sheet.book_value_of_equity": newest.get("book_equity"),
        "input_sheet.book_value_of_debt": None if net is None else max(net, 0.0),
        "input_sheet.cash_and_marketable_securities": None if net is None else max(-net, 0.0),
        "market_approach.provisions": provisions,
    }
