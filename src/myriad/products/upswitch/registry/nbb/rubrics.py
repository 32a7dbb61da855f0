"""The rubrics of a filing, and what a valuation reads in them.

Codes are those of the Belgian scheme of annual accounts (full and abbreviated models after the
accounting reform of 2016). Amounts are whole euros, as filed, in cents here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

Period = Literal["N", "NM1"]
_Flow = Callable[[str], int | None]

_MONTH_DAYS = 365.25 / 12
# A year of 52 or 53 weeks is a year all the same.
_YEAR_RANGE = (358, 373)
_TOLERANCE_CENTS = 300
_PLUS_EBITDA = ("9901", "630", "631/4", "635/8", "66A")
_MINUS_EBITDA = ("76A",)
_DEBT = ("170/4", "42", "43")
_CASH = ("50/53", "54/58")
# Names, and the sums that are equal in books that balance (each part a tuple of rubrics).
_CHECKS = (
    ("assets add up", ("20/28", "29/58"), ("20/58",)),
    ("both sides balance", ("20/58",), ("10/49",)),
    ("liabilities add up", ("10/15", "16", "17/49"), ("10/49",)),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something odd about a filing: a stable `code`, and what it means for whoever reads it."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Filing:
    """One deposit: a financial year, and beside it the year before as it was shown again.

    `rubrics` maps a code to its amounts in cents by period; what was not filed is absent.
    """

    reference: str
    number: int
    start: date
    end: date
    model: str
    deposited_on: date | None
    rubrics: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def days(self) -> int:
        """How long the financial year is."""
        return (self.end - self.start).days + 1

    @property
    def months(self) -> float:
        """How many months the financial year has, whole ones counted as such."""
        after = self.end + timedelta(days=1)
        whole = 12 * (after.year - self.start.year) + after.month - self.start.month
        return whole + (after.day - self.start.day) / _MONTH_DAYS

    @property
    def is_whole_year(self) -> bool:
        """Whether it is a year, give or take a week."""
        return _YEAR_RANGE[0] <= self.days <= _YEAR_RANGE[1]

    def amount(self, code: str, period: Period = "N") -> int | None:
        """Return a rubric in cents, None when it was not filed."""
        return self.rubrics.get(code, {}).get(period)


@dataclass(frozen=True, slots=True)
class YearFigures:
    """What a valuation reads in one financial year, in cents; flows are of a year of 12 months.

    None is what the filing does not say: small companies need not show their turnover.
    `findings` tell what was bent or does not add up.
    """

    reference: str
    end: date
    revenue_cents: int | None
    gross_margin_cents: int | None
    operating_result_cents: int | None
    ebitda_cents: int | None
    result_before_tax_cents: int | None
    result_cents: int | None
    net_financial_debt_cents: int
    equity_cents: int | None
    provisions_cents: int
    stock_cents: int
    trade_debtors_cents: int
    suppliers_cents: int
    staff_fte: float | None
    findings: tuple[Finding, ...]
    interest_cents: int | None = None


def read_year(filing: Filing, period: Period = "N") -> YearFigures:
    """Read one year of a filing; the year before (`NM1`) has the filing's own length assumed 12.

    EBITDA is the operating result (9901) with depreciation (630), amounts written off (631/4) and
    provisions (635/8) added back, without what does not recur (66A, 76A). Net financial debt is
    170/4 + 42 + 43 less investments and cash (50/53, 54/58).
    """
    is_own = period == "N"
    scale = 12 / filing.months if is_own and not filing.is_whole_year else 1.0
    findings = [*_check(filing, period)]
    if scale != 1.0:
        findings.append(
            Finding(
                "annualised",
                f"The year has {filing.months:.1f} months ({filing.days} days); flows are shown as "
                "of twelve.",
            )
        )

    def stock(code: str) -> int | None:
        return filing.amount(code, period)

    def flow(code: str) -> int | None:
        found = stock(code)
        return None if found is None else round(found * scale)

    employees = stock("9087")
    return YearFigures(
        reference=filing.reference,
        end=filing.end if is_own else _year_before(filing.start),
        revenue_cents=flow("70"),
        gross_margin_cents=flow("9900"),
        operating_result_cents=flow("9901"),
        ebitda_cents=_ebitda(flow),
        result_before_tax_cents=flow("9903"),
        result_cents=flow("9904"),
        net_financial_debt_cents=sum(stock(code) or 0 for code in _DEBT)
        - sum(stock(code) or 0 for code in _CASH),
        equity_cents=stock("10/15"),
        provisions_cents=stock("16") or 0,
        stock_cents=stock("3") or 0,
        trade_debtors_cents=stock("40") or 0,
        suppliers_cents=stock("44") or 0,
        # A headcount is filed as a number beside amounts, so it arrives in hundredths as well.
        staff_fte=None if employees is None else employees / 100,
        findings=tuple(findings),
        interest_cents=flow("650"),
    )


def _year_before(start: date) -> date:
    return date.fromordinal(start.toordinal() - 1)


def _ebitda(flow: _Flow) -> int | None:
    if flow("9901") is None:
        return None
    plus = sum(flow(code) or 0 for code in _PLUS_EBITDA)
    return plus - sum(flow(code) or 0 for code in _MINUS_EBITDA)


def _check(filing: Filing, period: Period) -> list[Finding]:
    """Return which sums of the filing do not hold, three euros of rounding allowed."""
    found = []
    for name, left, right in _CHECKS:
        sums = [_sum(filing, codes, period) for codes in (left, right)]
        if None not in sums and abs((sums[0] or 0) - (sums[1] or 0)) > _TOLERANCE_CENTS:
            off = ((sums[0] or 0) - (sums[1] or 0)) / 100
            found.append(
                Finding(
                    "does_not_add_up",
                    f"{name}: {' + '.join(left)} is EUR {off:,.0f} away from {right[0]}",
                )
            )
    return found


def _sum(filing: Filing, codes: tuple[str, ...], period: Period) -> int | None:
    amounts = [filing.amount(code, period) for code in codes]
    if all(amount is None for amount in amounts):
        return None
    return sum(amount or 0 for amount in amounts)
