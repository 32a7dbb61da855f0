"""Parameters of a valuation: dated sets of rows, each with where it comes from.

A `Parameters` is one vintage: what a valuation looks up, and nothing that it computes. Two
valuations with the same inputs and the same vintage are the same number.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from myriad.products.upswitch.engine.fields import Day
from myriad.products.upswitch.errors import (
    MissingParameterError,
    UnknownCountryError,
    UnknownIndustryError,
    UnknownRatingError,
)


class Provenance(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where rows come from. `sha256` is of the file as it was read, in hexadecimal."""

    source: str
    as_of: Day
    licence: str
    sha256: str = ""


class Industry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One industry's averages; rates as fractions, multiples as numbers, None where unknown."""

    name: str
    companies: float | None = None
    revenue_growth: float | None = None
    operating_margin: float | None = None
    return_on_capital: float | None = None
    unlevered_beta: float | None = None
    levered_beta: float | None = None
    cost_of_equity: float | None = None
    stock_price_deviation: float | None = None
    pretax_cost_of_debt: float | None = None
    debt_to_capital: float | None = None
    cost_of_capital: float | None = None
    sales_to_capital: float | None = None
    ev_to_sales: float | None = None
    ev_to_ebitda: float | None = None
    ev_to_ebit: float | None = None
    price_to_book: float | None = None
    price_to_earnings: float | None = None


class IndustryTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Averages of a market's industries, by name.

    `riskfree_rate` is the one that the table's costs of equity were made with.
    """

    rows: dict[str, Industry]
    provenance: Provenance
    riskfree_rate: float | None = None
    equity_risk_premium: float | None = None
    tax_rate: float | None = None

    def get(self, name: str) -> Industry:
        """Return the industry of that name; raises UnknownIndustryError."""
        if name not in self.rows:
            raise UnknownIndustryError(
                f"no industry {name!r} in the parameters of {self.provenance.as_of}; "
                f"write its name as the table has it, such as {next(iter(self.rows), 'none')!r}"
            )
        return self.rows[name]


class Country(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A country or region: rates as fractions."""

    name: str
    equity_risk_premium: float
    default_spread: float = 0.0
    country_risk_premium: float = 0.0
    tax_rate: float | None = None
    rating: str = ""


class CountryTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Equity risk premiums of countries and of regions, and of a mature market."""

    mature_market_premium: float
    countries: dict[str, Country]
    regions: dict[str, Country]
    provenance: Provenance

    def get_country(self, name: str) -> Country:
        """Return the country of that name; raises UnknownCountryError."""
        return _get(self.countries, name, "country", self.provenance)

    def get_region(self, name: str) -> Country:
        """Return the region of that name; raises UnknownCountryError."""
        return _get(self.regions, name, "region", self.provenance)


class RatingBand(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From this interest coverage on, this rating and this default spread."""

    coverage_from: float
    rating: str
    spread: float


class RatingTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Synthetic ratings by interest coverage; bands in ascending order."""

    large: tuple[RatingBand, ...]
    small: tuple[RatingBand, ...]
    provenance: Provenance

    def spread_of(self, rating: str) -> float:
        """Return the default spread of a rating; raises UnknownRatingError."""
        for band in self.large:
            if band.rating == rating:
                return band.spread
        known = ", ".join(band.rating for band in reversed(self.large))
        raise UnknownRatingError(f"no rating {rating!r}; it is one of {known}")


class CapitalCostTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Costs of capital over the riskfree rate, by region and group ("Median", ...)."""

    over_riskfree: dict[str, dict[str, float]]
    provenance: Provenance


class Multiple(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A multiple of a sector: one average, or p25, median and p75."""

    sector: str
    metric: Literal["ebitda", "ebit", "revenues", "net_income", "book_equity"]
    middle: float
    low: float | None = None
    high: float | None = None
    country: str = ""


class MultipleTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Multiples that buyers paid or markets show."""

    rows: tuple[Multiple, ...]
    provenance: Provenance


class TaxTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Corporate tax rates by country code; `reduced` applies to the first `reduced_up_to`."""

    rates: dict[str, float]
    provenance: Provenance
    reduced: dict[str, float] = {}
    reduced_up_to: dict[str, float] = {}


class FailureTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often companies fail.

    `by_rating`: cumulative default probability after 1 to 10 years. `by_age`: for a sector, the
    share of companies of age 0 to 10 that are gone by their eleventh year.
    """

    by_rating: dict[str, tuple[float, ...]]
    by_age: dict[str, tuple[float, ...]]
    provenance: Provenance


class Parameters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One vintage of everything that is looked up. What is None was not imported."""

    name: str
    industries_us: IndustryTable | None = None
    industries_global: IndustryTable | None = None
    countries: CountryTable | None = None
    ratings: RatingTable | None = None
    capital_costs: CapitalCostTable | None = None
    failures: FailureTable | None = None
    multiples: tuple[MultipleTable, ...] = ()
    taxes: TaxTable | None = None

    def need_industries(self, market: Literal["us", "global"]) -> IndustryTable:
        """Return the industries of that market; raises MissingParameterError."""
        table = self.industries_us if market == "us" else self.industries_global
        if table is None:
            raise MissingParameterError(_missing(self.name, f"industry averages ({market})"))
        return table

    def need_countries(self) -> CountryTable:
        """Return the equity risk premiums; raises MissingParameterError."""
        if self.countries is None:
            raise MissingParameterError(_missing(self.name, "equity risk premiums of countries"))
        return self.countries

    def need_ratings(self) -> RatingTable:
        """Return the synthetic ratings; raises MissingParameterError."""
        if self.ratings is None:
            raise MissingParameterError(_missing(self.name, "synthetic ratings"))
        return self.ratings

    def need_capital_costs(self) -> CapitalCostTable:
        """Return the distribution of costs of capital; raises MissingParameterError."""
        if self.capital_costs is None:
            raise MissingParameterError(_missing(self.name, "costs of capital by region"))
        return self.capital_costs


def _missing(name: str, what: str) -> str:
    return f"the parameters {name!r} hold no {what}; import a set that does and name it (--parameters NAME), or give the figure"


def _get(rows: dict[str, Country], name: str, kind: str, provenance: Provenance) -> Country:
    if name not in rows:
        raise UnknownCountryError(
            f"no {kind} {name!r} in the parameters of {provenance.as_of}; write its name as the "
            f"table has it, or give its equity risk premium"
        )
    return rows[name]
