"""What accounts say: the last financial year, the years before, and what a buyer would not have."""

from __future__ import annotations

from myriad.products.upswitch.conversation.keys.key import BIG, Key, amount

HISTORY = "market_approach.history."
REVENUES = "input_sheet.revenues"
OPERATING_INCOME = "input_sheet.operating_income"

FIGURES = (
    Key(
        name=REVENUES,
        label="Turnover",
        meaning="Sales of the last financial year, without VAT",
        kind="amount",
        group="figures",
        low=1.0,
        high=BIG,
        is_yearly=True,
        is_required=True,
    ),
    amount(
        OPERATING_INCOME,
        "Operating result",
        "Result of the last financial year before interest and tax, as in the accounts (9901)",
        signed=True,
        is_yearly=True,
        is_required=True,
    ),
    amount(
        "input_sheet.interest_expense",
        "Interest paid",
        "Cost of debt in the last financial year (650)",
        default=0.0,
    ),
    amount(
        "input_sheet.book_value_of_equity",
        "Equity in the books",
        "Equity at the end of the last financial year (10/15)",
        signed=True,
        default=0.0,
    ),
    amount(
        "input_sheet.book_value_of_debt",
        "Financial debt",
        "What is owed to banks, leasing companies and lenders, short and long (170/4, 42, 43)",
        default=0.0,
    ),
    amount(
        "input_sheet.cash_and_marketable_securities",
        "Cash and investments",
        "Money in the bank and what can be sold at once (50/53, 54/58)",
        default=0.0,
    ),
    amount(
        "market_approach.provisions",
        "Provisions",
        "What has been put aside for costs to come, after tax (16)",
        default=0.0,
    ),
    amount(
        "market_approach.surplus_assets",
        "Assets that the business does not need",
        "What they would bring in a sale: a flat, a car collection, land",
        default=0.0,
    ),
    amount(
        "market_approach.working_capital_normalisation",
        "Working capital above what is usual",
        "Above zero when more than usual stood there on the day of the accounts, below when less",
        signed=True,
        default=0.0,
    ),
)
YEARS = (
    amount(
        f"{HISTORY}revenues",
        "Turnover",
        "Sales of that financial year, without VAT",
        group="history",
        is_yearly=True,
        otherwise="the year is weighed by its result alone",
    ),
    amount(
        f"{HISTORY}operating_income",
        "Operating result",
        "Result of that year before interest and tax (9901)",
        signed=True,
        group="history",
        is_yearly=True,
        otherwise="the year is left out",
    ),
    amount(
        f"{HISTORY}depreciation_and_amortization",
        "Depreciation",
        "Depreciation, amounts written off and provisions of a year (630, 631/4, 635/8)",
        group="history",
        is_yearly=True,
        default=0.0,
    ),
    amount(
        f"{HISTORY}net_income",
        "Result after tax",
        "Result of that year after tax (9904)",
        signed=True,
        group="history",
        is_yearly=True,
        otherwise="no multiple of net income",
    ),
    amount(
        f"{HISTORY}book_equity",
        "Equity",
        "Equity in the books on that day (10/15)",
        signed=True,
        group="history",
        is_yearly=True,
        otherwise="no multiple of book equity",
    ),
)
NORMALISATION = tuple(
    amount(
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
