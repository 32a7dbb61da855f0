"""What the owner expects, and what a buyer asks."""

from __future__ import annotations

from myriad.products.upswitch.conversation.keys.key import OURS, Key, amount
from myriad.products.upswitch.parameters.defaults import DEFAULTS
from myriad.products.upswitch.sectors import ALL_SECTORS

OWNER_PAY = "due_diligence.owner_yearly_pay"
MARKET_PAY = "due_diligence.owner_market_pay"
SECTOR = "market_approach.sector"
_SECTORS = tuple(
    row.sector for table in DEFAULTS.multiples for row in table.rows if row.country == "BE"
)

OUTLOOK = (
    Key(
        name="input_sheet.revenue_growth_next_year",
        label="Growth next year",
        meaning="By how much turnover will grow over the next twelve months",
        kind="rate",
        group="outlook",
        low=-0.9,
        high=3.0,
        default=0.03,
        default_source=f"{OURS}: inflation and a little more",
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
        name=SECTOR,
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
DILIGENCE = (
    amount(
        OWNER_PAY,
        "What the owners take",
        "Pay of all owners who work there, with cars, pensions and management fees, a year",
        group="diligence",
        otherwise="the result is not adjusted, and a buyer will ask",
    ),
    amount(
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
    amount(
        "due_diligence.yearly_capital_expenditure",
        "Investment a year",
        "What was spent on machines, vehicles, fittings and software in a usual year",
        group="diligence",
        otherwise="a buyer will ask",
    ),
)
