"""The parameters that ship: a few published facts with their source.

Rates of a market (riskfree, premiums, betas) do not ship, because they age within weeks: they are
imported, or given with the inputs.
"""

from __future__ import annotations

from myriad.products.upswitch.engine.parameters import (
    Multiple,
    MultipleTable,
    Parameters,
    Provenance,
    TaxTable,
)

_BELGIUM = {
    "all sectors": 6.5,
    "technology": 9.1,
    "pharmaceuticals": 8.5,
    "healthcare": 8.0,
    "retail": 5.6,
    "construction": 4.8,
}
_NETHERLANDS = {
    "information technology": 6.25,
    "healthcare": 6.05,
    "wholesale": 5.65,
    "agriculture and food": 5.60,
    "industry": 5.35,
    "business services": 5.05,
    "media": 4.65,
    "construction": 4.15,
    "hospitality": 4.00,
    "automotive and transport": 3.85,
    "retail": 3.60,
}


def _rows(sectors: dict[str, float], country: str) -> tuple[Multiple, ...]:
    return tuple(
        Multiple(sector=sector, metric="ebitda", middle=middle, country=country)
        for sector, middle in sectors.items()
    )


DEFAULTS = Parameters(
    name="shipped",
    multiples=(
        MultipleTable(
            rows=_rows(_BELGIUM, "BE"),
            provenance=Provenance(
                source="Vlerick Business School, M&A Monitor 2025: average EV/EBITDA paid in 2024",
                as_of="2025-05-01",
                licence="published figures, quoted with their source",
            ),
        ),
        MultipleTable(
            rows=_rows(_NETHERLANDS, "NL"),
            provenance=Provenance(
                source="Brookz Overname Barometer, second half of 2018: average EV/EBITDA",
                as_of="2018-12-31",
                licence="published figures, quoted with their source",
            ),
        ),
    ),
    taxes=TaxTable(
        rates={"BE": 0.25},
        reduced={"BE": 0.20},
        reduced_up_to={"BE": 100_000.0},
        provenance=Provenance(
            source="Belgian Income Tax Code 1992, art. 215, as in force since assessment year 2021",
            as_of="2020-01-01",
            licence="law",
        ),
    ),
)
