"""Every calculated cell of the published sheet, by address, for comparing with an original.

The trace holds the cells that lead to the value. This adds what the sheet calculates besides: the
lease and R&D tabs whether or not they are switched on, the lines of the mixes, the rating tables
and their feeds. Source: A. Damodaran, fcffsimpleginzu.xlsx, editions of 2024.
"""

from __future__ import annotations

from myriad.products.upswitch.engine.basis import worksheet
from myriad.products.upswitch.engine.capital_cost import Worksheet, debt_cost
from myriad.products.upswitch.engine.capital_lines import ExposureLine, exposure_lines
from myriad.products.upswitch.engine.leases import convert_leases
from myriad.products.upswitch.engine.parameters import Parameters, RatingBand
from myriad.products.upswitch.engine.proof import prove
from myriad.products.upswitch.engine.research import capitalize_research
from myriad.products.upswitch.engine.solved import Solved
from myriad.products.upswitch.engine.worksheets import ResearchConverter

Numbers = dict[str, float]


def calculated_cells(solved: Solved) -> Numbers:
    """Return the calculated cells of all tabs: "Tab!A1" and its number."""
    work = worksheet(solved.basis.inputs, solved.basis.parameters)
    cells = prove(solved.basis, solved).cells()
    cells |= _capital(work, solved)
    cells |= _exposures(work)
    cells |= _rating_feeds(work)
    cells |= _rating_tables(solved.basis.parameters)
    cells |= _leases(work)
    if solved.basis.inputs.rd_converter is not None:
        marginal = solved.basis.inputs.input_sheet.marginal_tax_rate
        cells |= _research(solved.basis.inputs.rd_converter, marginal)
    return cells


def _capital(work: Worksheet, solved: Solved) -> Numbers:
    sheet = work.sheet
    fed = {
        "B13": float(solved.basis.drivers.initial_cost_of_capital),
        "B18": sheet.number_of_shares_outstanding,
        "B19": sheet.current_stock_price or 0.0,
        "B24": sheet.riskfree_rate,
        "B30": sheet.book_value_of_debt,
        "B31": sheet.interest_expense,
        "B38": sheet.marginal_tax_rate,
        "B45": solved.basis.leases.debt,
        "E61": 1.0,
    }
    return {f"Cost of capital worksheet!{at}": value for at, value in fed.items()}


def _exposures(work: Worksheet) -> Numbers:
    table = work.parameters.countries
    if table is None:
        return {}
    cells: Numbers = {}
    regions = list(table.regions)[:9]
    for row, name in enumerate(regions, start=21):
        premium = table.regions[name].equity_risk_premium
        cells[f"Cost of capital worksheet!I{row}"] = premium
    if work.tab.operating_regions:
        lines = exposure_lines(work.tab.operating_regions, table.get_region)
        known = {name: row for row, name in enumerate(regions, start=21)}
        cells |= _places(lines, known, 30, "J32")
    if work.tab.operating_countries:
        lines = exposure_lines(work.tab.operating_countries, table.get_country)
        looked_up = [line.name for line in lines if line.name in table.countries]
        cells |= _places(lines, {name: 5 + n for n, name in enumerate(looked_up)}, 16, "J18")
    return cells


def _places(
    lines: tuple[ExposureLine, ...], known: dict[str, int], own_from: int, total: str
) -> Numbers:
    own = [line.name for line in lines if line.name not in known]
    rows = known | {name: own_from + place for place, name in enumerate(own)}
    cells: Numbers = {f"Cost of capital worksheet!{total}": sum(line.weight for line in lines)}
    for line in lines:
        at = f"Cost of capital worksheet!{{}}{rows[line.name]}"
        cells[at.format("I")] = line.equity_risk_premium
        cells[at.format("J")] = line.weight
        cells[at.format("K")] = line.weight * line.equity_risk_premium
    return cells


def _rating_feeds(work: Worksheet) -> Numbers:
    found = debt_cost(work) if work.sheet.convert_operating_leases else None
    adjustment = found.leases.income_adjustment if found else 0.0
    interest = found.leases.debt * found.pretax if found else 0.0
    fed = {
        "C7": float(work.tab.company_type),
        "F8": work.sheet.operating_income + adjustment,
        "F9": work.sheet.interest_expense + interest,
        "F10": work.sheet.riskfree_rate,
    }
    return {f"Synthetic rating!{at}": value for at, value in fed.items()}


def _rating_tables(parameters: Parameters) -> Numbers:
    cells: Numbers = {}
    if parameters.ratings is not None:
        cells |= _bands(parameters.ratings.large, 22)
        cells |= _bands(parameters.ratings.small, 41)
        ordered = sorted(parameters.ratings.large, key=lambda band: band.rating)
        for row, band in enumerate(ordered, start=42):
            cells[f"Synthetic rating!H{row}"] = band.spread
    if parameters.failures is not None:
        for row, chances in enumerate(parameters.failures.by_rating.values(), start=21):
            for column, chance in zip("KLMNOPQRST", chances, strict=False):
                cells[f"Synthetic rating!{column}{row}"] = chance
    return cells


def _bands(bands: tuple[RatingBand, ...], first: int) -> Numbers:
    cells: Numbers = {}
    for row, band in enumerate(bands, start=first):
        cells[f"Synthetic rating!A{row}"] = band.coverage_from
        cells[f"Synthetic rating!D{row}"] = band.spread
    return cells


def _leases(work: Worksheet) -> Numbers:
    if work.leases is None:
        return {}
    cost = work.leases.pretax_cost_of_debt or debt_cost(work).pretax
    found = convert_leases(work.leases, cost)
    cells = {
        "C15": cost,
        "D18": float(found.years_beyond),
        "B27": found.yearly_beyond,
        "C28": found.debt,
        "F31": found.depreciation,
        "F32": found.income_adjustment,
        "F33": found.debt,
        "F34": found.depreciation,
    }
    for year, amount in enumerate(work.leases.commitments_years_1_to_5, start=1):
        cells[f"A{21 + year}"] = float(year)
        cells[f"B{21 + year}"] = amount
    for row, present in enumerate(found.present_values, start=22):
        cells[f"C{row}"] = present
    return {f"Operating lease converter!{at}": value for at, value in cells.items()}


def _research(converter: ResearchConverter, marginal_tax_rate: float) -> Numbers:
    found, life = capitalize_research(converter), converter.amortization_years
    cells = {
        "B24": converter.current_year_expense,
        "C24": 1.0,
        "D24": converter.current_year_expense,
        "D35": found.asset,
        "E35": found.amortization,
        "D37": found.amortization,
        "D39": found.income_adjustment,
        "D40": found.income_adjustment * marginal_tax_rate,
    }
    for age, amortized in enumerate(found.amortized, start=1):
        row = 24 + age
        cells[f"A{10 + age}"] = cells[f"A{row}"] = -float(age)
        cells[f"B{row}"] = converter.past_expenses[age - 1]
        cells[f"C{row}"] = (life - age) / life
        cells[f"D{row}"] = found.unamortized[age]
        cells[f"E{row}"] = amortized
    return {f"R& D converter!{at}": value for at, value in cells.items()}
