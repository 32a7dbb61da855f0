"""What a buyer will attack, each with its effect on the value.

Source: Upswitch specification section 5. Effects are in the units of the inputs, negative when
they lower the value. The thresholds are judgement and stand here by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from myriad.products.upswitch.engine.document import Inputs
from myriad.products.upswitch.engine.market_inputs import Diligence
from myriad.products.upswitch.engine.methods import applied_multiples
from myriad.products.upswitch.engine.metrics import NormalYear, normalise, weigh
from myriad.products.upswitch.engine.parameters import Parameters

CUSTOMER_SHARE_FROM = 0.20
CUSTOMER_LOSS_CHANCE = 0.25
DEBTOR_DAYS_OVER = 1.0
USUAL_MULTIPLE = 5.0
"""Where no EBITDA multiple is given or published."""


@dataclass(frozen=True, slots=True)
class RedFlag:
    """One point of attack: `effect` is what it takes off, `formula` how that was computed.

    `figures` are those of the formula, by name.
    """

    code: str
    title: str
    effect: float
    formula: str
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Facts:
    diligence: Diligence
    years: tuple[NormalYear, ...]
    ebitda: float
    multiple: float
    revenues: float
    depreciation: float


def red_flags(inputs: Inputs, parameters: Parameters) -> tuple[RedFlag, ...]:
    """Return the flags that the answers and the accounts raise, largest effect first.

    What is lost every year counts at the EBITDA multiple that values the company.
    """
    facts = _facts(inputs, parameters)
    if facts is None:
        return ()
    found = [
        *_owner(facts),
        *_customer(facts),
        *_debtors(facts),
        *_deferred(facts),
        *_declining(facts),
    ]
    return tuple(sorted(found, key=lambda flag: flag.effect))


def _facts(inputs: Inputs, parameters: Parameters) -> _Facts | None:
    approach = inputs.market_approach
    if approach is None:
        return None
    years = tuple(sorted((normalise(y) for y in approach.history), key=lambda year: year.end))
    ebitda = weigh(years, "ebitda")
    newest = max(approach.history, key=lambda year: year.end)
    applied = applied_multiples(inputs, parameters)
    multiples = [m.middle for m in applied if m.metric == "ebitda"]
    return _Facts(
        inputs.due_diligence or Diligence(),
        years,
        0.0 if ebitda is None else ebitda.value,
        multiples[0] if multiples else USUAL_MULTIPLE,
        (newest.revenues or inputs.input_sheet.revenues) * 12.0 / newest.months,
        newest.depreciation_and_amortization * 12.0 / newest.months,
    )


def _owner(facts: _Facts) -> list[RedFlag]:
    """The owner works for less than a manager would."""
    paid, market = facts.diligence.owner_yearly_pay, facts.diligence.owner_market_pay
    if paid is None or market is None or market <= paid:
        return []
    formula = f"({paid:,.0f} paid - {market:,.0f} at market) x {facts.multiple:.2f}"
    return [
        RedFlag(
            "owner_dependence",
            "The owner is paid below market",
            (paid - market) * facts.multiple,
            formula,
            {"paid": paid, "market": market, "multiple": facts.multiple},
        )
    ]


def _customer(facts: _Facts) -> list[RedFlag]:
    """One customer could leave with the sale."""
    share = facts.diligence.largest_customer_share
    if share is None or share <= CUSTOMER_SHARE_FROM or facts.ebitda <= 0:
        return []
    effect = -share * facts.ebitda * CUSTOMER_LOSS_CHANCE * facts.multiple
    formula = (
        f"-{share:.0%} of EBITDA {facts.ebitda:,.0f} x {CUSTOMER_LOSS_CHANCE:.0%} chance of loss "
        f"x {facts.multiple:.2f}"
    )
    figures = {
        "share": share,
        "ebitda": facts.ebitda,
        "chance": CUSTOMER_LOSS_CHANCE,
        "multiple": facts.multiple,
    }
    title = "One customer is a large part"
    return [RedFlag("customer_concentration", title, effect, formula, figures)]


def _debtors(facts: _Facts) -> list[RedFlag]:
    """Customers pay later than in the sector: cash that the buyer must bring."""
    days, usual = facts.diligence.debtor_days, facts.diligence.sector_debtor_days
    if days is None or days <= usual * DEBTOR_DAYS_OVER:
        return []
    formula = f"-({days:.0f} - {usual:.0f} days) / 365 x revenues {facts.revenues:,.0f}"
    effect = -(days - usual) / 365.0 * facts.revenues
    figures = {"days": days, "usual": usual, "revenues": facts.revenues}
    return [RedFlag("debtor_days", "Customers pay late", effect, formula, figures)]


def _deferred(facts: _Facts) -> list[RedFlag]:
    """Less was invested than wore out: the buyer must catch up."""
    spent = facts.diligence.yearly_capital_expenditure
    if spent is None or spent >= facts.depreciation:
        return []
    years = facts.diligence.years_of_low_expenditure
    formula = f"-(depreciation {facts.depreciation:,.0f} - invested {spent:,.0f}) x {years:g} years"
    effect = -(facts.depreciation - spent) * years
    figures = {"depreciation": facts.depreciation, "spent": spent, "years": years}
    return [RedFlag("deferred_capex", "Investment was put off", effect, formula, figures)]


def _declining(facts: _Facts) -> list[RedFlag]:
    """The newest year is below the weighted mean that the value rests on."""
    newest = facts.years[-1].figures["ebitda"]
    if newest is None or newest >= facts.ebitda or facts.ebitda <= 0:
        return []
    formula = f"(newest EBITDA {newest:,.0f} - weighted {facts.ebitda:,.0f}) x {facts.multiple:.2f}"
    effect = (newest - facts.ebitda) * facts.multiple
    figures = {"newest": newest, "ebitda": facts.ebitda, "multiple": facts.multiple}
    title = "The newest year is the weakest ground"
    return [RedFlag("declining_result", title, effect, formula, figures)]
