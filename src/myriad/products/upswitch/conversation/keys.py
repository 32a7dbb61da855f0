"""What can be known of a company being valued: every fact's key, what it means and its bounds.

A key is the path of a field in the engine's inputs (`inputs.schema.json`), such as
`input_sheet.revenues`; figures of one financial year under `market_approach.history.` are told
apart by the fact's period. Keys under `normalisation.` are ours: they become the adjustments of a
year. Amounts are in EUR, one by one; shares and rates are fractions.

Where nothing was said the default holds; it is an assumption with its source and its day. A
default of None means that the engine has its own way (`otherwise` tells which) or goes without.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from myriad.kit.errors import InvalidInputError
from myriad.products.upswitch.parameters.defaults import DEFAULTS

Kind = Literal["amount", "rate", "share", "number", "choice"]
Group = Literal["figures", "history", "normalisation", "outlook", "diligence", "assumptions"]

HISTORY = "market_approach.history."
REVENUES = "input_sheet.revenues"
OPERATING_INCOME = "input_sheet.operating_income"
OWNER_PAY = "due_diligence.owner_yearly_pay"
MARKET_PAY = "due_diligence.owner_market_pay"
ALL_SECTORS = "all sectors"


class UnknownFactError(InvalidInputError):
    """No fact has that key."""

    code = "upswitch_unknown_fact"
    title = "Unknown fact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One thing to know. `is_yearly` facts need the last day of their financial year as period.

    `low` and `high` are the bounds, both allowed. `default_source` and `default_as_of` say where
    the default comes from; `otherwise` what happens when there is none.
    """

    name: str
    label: str
    meaning: str
    kind: Kind
    group: Group
    low: float | None = None
    high: float | None = None
    is_yearly: bool = False
    is_required: bool = False
    default: float | str | None = None
    default_source: str = ""
    default_as_of: str = ""
    otherwise: str = ""
    choices: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """The unit in which the value is kept: EUR for amounts, none for fractions and words."""
        return "EUR" if self.kind == "amount" else ""


_BIG = 1e12
_OURS = "our assumption; change it to what you know"
_SECTORS = tuple(
    row.sector for table in DEFAULTS.multiples for row in table.rows if row.country == "BE"
)


def _amount(
    name: str,
    label: str,
    meaning: str,
    *,
    signed: bool = False,
    group: Group = "figures",
    is_yearly: bool = False,
    is_required: bool = False,
    default: float | None = None,
    otherwise: str = "",
) -> Key:
    return Key(
        name=name,
        label=label,
        meaning=meaning,
        kind="amount",
        group=group,
        low=-_BIG if signed else 0.0,
        high=_BIG,
        is_yearly=is_yearly,
        is_required=is_required,
        default=default,
        default_source="nothing was said" if default is not None else "",
        otherwise=otherwise,
    )


_FIGURES = (
    Key(
        name=REVENUES,
        label="Turnover",
        meaning="Sales of the last financial year, without VAT",
        kind="amount",
        group="figures",
        low=1.0,
        high=_BIG,
        is_yearly=True,
        is_required=True,
    ),
    _amount(
        OPERATING_INCOME,
        "Operating result",
        "Result of the last financial year before interest and tax, as in the accounts (9901)",
        signed=True,
        is_yearly=True,
        is_required=True,
    ),
    _amount(
        "input_sheet.interest_expense",
        "Interest paid",
        "Cost of debt in the last financial year (650)",
        default=0.0,
    ),
    _amount(
        "input_sheet.book_value_of_equity",
        "Equity in the books",
        "Equity at the end of the last financial year (10/15)",
        signed=True,
        default=0.0,
    ),
    _amount(
        "input_sheet.book_value_of_debt",
        "Financial debt",
        "What is owed to banks, leasing companies and lenders, short and long (170/4, 42, 43)",
        default=0.0,
    ),
    _amount(
        "input_sheet.cash_and_marketable_securities",
        "Cash and investments",
        "Money in the bank and what can be sold at once (50/53, 54/58)",
        default=0.0,
    ),
    _amount(
        "market_approach.provisions",
        "Provisions",
        "What has been put aside for costs to come, after tax (16)",
        default=0.0,
    ),
    _amount(
        "market_approach.surplus_assets",
        "Assets that the business does not need",
        "What they would bring in a sale: a flat, a car collection, land",
        default=0.0,
    ),
    _amount(
        "market_approach.working_capital_normalisation",
        "Working capital above what is usual",
        "Above zero when more than usual stood there on the day of the accounts, below when less",
        signed=True,
        default=0.0,
    ),
)
_HISTORY = (
    _amount(
        f"{HISTORY}revenues",
        "Turnover",
        "Sales of that financial year, without VAT",
        group="history",
        is_yearly=True,
        otherwise="the year is weighed by its result alone",
    ),
    _amount(
        f"{HISTORY}operating_income",
        "Operating result",
        "Result of that year before interest and tax (9901)",
        signed=True,
        group="history",
        is_yearly=True,
        otherwise="the year is left out",
    ),
    _amount(
        f"{HISTORY}depreciation_and_amortization",
        "Depreciation",
        "Depreciation, amounts written off and provisions of a year (630, 631/4, 635/8)",
        group="history",
        is_yearly=True,
        default=0.0,
    ),
    _amount(
        f"{HISTORY}net_income",
        "Result after tax",
        "Result of that year after tax (9904)",
        signed=True,
        group="history",
        is_yearly=True,
        otherwise="no multiple of net income",
    ),
    _amount(
        f"{HISTORY}book_equity",
        "Equity",
        "Equity in the books on that day (10/15)",
        signed=True,
        group="history",
        is_yearly=True,
        otherwise="no multiple of book equity",
    ),
)
_NORMALISATION = tuple(
    _amount(
        f"normalisation.{name}",
        label,
        meaning,
        signed=True,
        group="normalisation",
        is_yearly=True,
        otherwise=otherwise,
    )
    for name, label, meaning, otherwise in (
        (
            "owner_pay",
            "Owner's pay",
            "Added to the year's result: what owners took less what a hired manager costs",
            "pay taken less market pay, for the last year, once both are known",
        ),
        (
            "rent",
            "Rent",
            "Added to the year's result: rent paid to the owner less rent at market",
            "no adjustment",
        ),
        (
            "one_off",
            "One-off items",
            "Added to the year's result: costs that will not come again, income as a minus",
            "no adjustment",
        ),
        (
            "other",
            "Other adjustments",
            "Added to the year's result: anything else that a buyer would not have",
            "no adjustment",
        ),
    )
)
_OUTLOOK = (
    Key(
        name="input_sheet.revenue_growth_next_year",
        label="Growth next year",
        meaning="By how much turnover will grow over the next twelve months",
        kind="rate",
        group="outlook",
        low=-0.9,
        high=3.0,
        default=0.03,
        default_source=f"{_OURS}: inflation and a little more",
        default_as_of="2026-09-30",
    ),
    Key(
        name="input_sheet.revenue_growth_years_2_to_5",
        label="Growth in years 2 to 5",
        meaning="By how much turnover will grow in each of the four years after the next",
        kind="rate",
        group="outlook",
        low=-0.5,
        high=1.0,
        otherwise="as next year",
    ),
    Key(
        name="input_sheet.target_operating_margin",
        label="Operating margin in five years",
        meaning="Operating result as a share of turnover, once plans have worked out",
        kind="rate",
        group="outlook",
        low=-1.0,
        high=0.9,
        otherwise="the margin of the last year, after normalisation",
    ),
    Key(
        name="market_approach.sector",
        label="Sector",
        meaning="Whose prices the company is compared with",
        kind="choice",
        group="outlook",
        choices=_SECTORS,
        default=ALL_SECTORS,
        default_source="the average over all sectors",
        default_as_of="2025-05-01",
    ),
)
_DILIGENCE = (
    _amount(
        OWNER_PAY,
        "What the owners take",
        "Pay of all owners who work there, with cars, pensions and management fees, a year",
        group="diligence",
        otherwise="the result is not adjusted, and a buyer will ask",
    ),
    _amount(
        MARKET_PAY,
        "What hired managers would cost",
        "Cost of people hired for the owners' work, with employer's contributions, a year",
        group="diligence",
        otherwise="the result is not adjusted, and a buyer will ask",
    ),
    Key(
        name="due_diligence.largest_customer_share",
        label="Largest customer",
        meaning="Share of turnover that the largest customer brings in",
        kind="share",
        group="diligence",
        low=0.0,
        high=1.0,
        otherwise="a buyer will ask",
    ),
    Key(
        name="due_diligence.debtor_days",
        label="Days until customers pay",
        meaning="How long an invoice stays open on average",
        kind="number",
        group="diligence",
        low=0.0,
        high=720.0,
        otherwise="trade debtors and turnover of the accounts, where both were filed",
    ),
    _amount(
        "due_diligence.yearly_capital_expenditure",
        "Investment a year",
        "What was spent on machines, vehicles, fittings and software in a usual year",
        group="diligence",
        otherwise="a buyer will ask",
    ),
)


def _assumption(
    name: str,
    label: str,
    meaning: str,
    default: float,
    source: str,
    as_of: str = "2026-09-30",
    **bounds: float,
) -> Key:
    return Key(
        name=name,
        label=label,
        meaning=meaning,
        kind="number" if bounds.get("high", 1.0) > 1.0 else "rate",
        group="assumptions",
        low=bounds.get("low", 0.0),
        high=bounds.get("high", 1.0),
        default=default,
        default_source=source,
        default_as_of=as_of,
    )


_LAW = "Belgian Income Tax Code 1992, art. 215"
_ASSUMPTIONS = (
    _assumption(
        "input_sheet.effective_tax_rate",
        "Tax rate now",
        "Tax as a share of result",
        0.25,
        _LAW,
        "2020-01-01",
    ),
    _assumption(
        "input_sheet.marginal_tax_rate",
        "Tax rate later",
        "Tax rate in year ten",
        0.25,
        _LAW,
        "2020-01-01",
    ),
    _assumption(
        "input_sheet.sales_to_capital_years_1_to_5",
        "Turnover per euro invested",
        "How much more turnover each euro of new capital brings",
        2.0,
        _OURS,
        low=0.05,
        high=50.0,
    ),
    _assumption(
        "input_sheet.riskfree_rate",
        "Riskfree rate",
        "Yield of ten-year government bonds of the best rating, in EUR",
        0.034,
        "ECB yield curve, AAA, spot rate of ten years, rounded; check it on the day of valuation",
        low=-0.02,
        high=0.2,
    ),
    _assumption(
        "mature_market_equity_risk_premium",
        "Equity risk premium",
        "What shares of mature markets bring beyond the riskfree rate",
        0.0433,
        "A. Damodaran, country risk premiums, January 2025: Belgium 5.13 % less 0.80 %",
        "2025-01-05",
        low=0.0,
        high=0.2,
    ),
    _assumption(
        "input_sheet.initial_cost_of_capital",
        "Cost of capital",
        "What investors in a small company ask for a year, debt and equity together",
        0.115,
        f"{_OURS}: riskfree rate, premium of Belgium and 3 to 6 % for size, less cheaper debt",
        low=0.02,
        high=0.6,
    ),
    _assumption(
        "input_sheet.terminal_cost_of_capital",
        "Cost of capital after year ten",
        "The same once the company has become steadier",
        0.105,
        f"{_OURS}: one point less than today",
        low=0.02,
        high=0.6,
    ),
    _assumption(
        "input_sheet.growth_rate_in_perpetuity",
        "Growth after year ten",
        "By how much turnover grows for ever; never above the riskfree rate",
        0.02,
        "the European Central Bank's aim for inflation",
        "2021-07-08",
        low=-0.1,
        high=0.1,
    ),
    _assumption(
        "input_sheet.probability_of_failure",
        "Chance of failure",
        "How likely it is that the company ends within ten years without a buyer",
        0.05,
        _OURS,
    ),
    _assumption(
        "input_sheet.distress_proceeds_share",
        "What a failure would leave",
        "Share of the books that a forced sale would bring",
        0.4,
        _OURS,
    ),
    _assumption(
        "discounts.price_deviation",
        "Swings of value a year",
        "Standard deviation of the value, for the discount of a share that cannot be sold at once",
        0.35,
        f"{_OURS}; the discount follows Finnerty (2012)",
        low=0.01,
        high=2.0,
    ),
    _assumption(
        "discounts.holding_years",
        "Years until a sale",
        "How long a buyer is bound before selling",
        1.0,
        _OURS,
        low=0.1,
        high=10.0,
    ),
    _assumption(
        "weights.dcf", "Weight of cash flows", "How much the cash flow method counts", 0.5, _OURS
    ),
    _assumption(
        "weights.ebitda",
        "Weight of multiples",
        "How much the multiple of EBITDA counts",
        0.5,
        _OURS,
    ),
)

KEYS: dict[str, Key] = {
    key.name: key
    for key in (
        *_FIGURES,
        *_HISTORY,
        *_NORMALISATION,
        *_OUTLOOK,
        *_DILIGENCE,
        *_ASSUMPTIONS,
    )
}


def key_of(name: str) -> Key:
    """Return the key of that name; raises UnknownFactError."""
    found = KEYS.get(name)
    if found is None:
        raise UnknownFactError(
            f"there is no fact {name!r}; GET /api/v1/upswitch/facts lists the keys",
            [("/key", "a documented key")],
        )
    return found


def keys_in(group: Group) -> Iterator[Key]:
    """Yield the keys of a group, in the order in which people read them."""
    return (key for key in KEYS.values() if key.group == group)
