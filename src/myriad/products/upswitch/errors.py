"""What can go wrong in Upswitch, for people to understand and act on."""

from __future__ import annotations

from myriad.kit.errors import InvalidInputError, NotFoundError


class InputsError(InvalidInputError):
    """The inputs of a valuation do not have the documented form."""

    code = "upswitch_inputs"
    title = "These inputs cannot be valued"


class GrowthAboveCapitalCostError(InputsError):
    """The growth in perpetuity reaches the cost of capital, so a perpetuity has no value."""

    code = "upswitch_growth_above_capital_cost"
    title = "Growth reaches the cost of capital"


class MixedUnitsError(InputsError):
    """Amounts of one set of inputs look as if they were in different units."""

    code = "upswitch_mixed_units"
    title = "Amounts in different units"


class FinancialFirmError(InputsError):
    """A bank or insurer has no free cash flow to the firm; price to book values it."""

    code = "upswitch_financial_firm"
    title = "Banks and insurers are valued on their book"


class UnknownIndustryError(InputsError):
    """No industry of that name in the parameters."""

    code = "upswitch_unknown_industry"
    title = "Unknown industry"


class UnknownCountryError(InputsError):
    """No country or region of that name in the parameters."""

    code = "upswitch_unknown_country"
    title = "Unknown country"


class UnknownRatingError(InputsError):
    """No rating of that name in the parameters."""

    code = "upswitch_unknown_rating"
    title = "Unknown rating"


class MissingParameterError(InputsError):
    """The chosen set of parameters does not hold what these inputs ask for."""

    code = "upswitch_missing_parameter"
    title = "A parameter is missing"


class ParameterFileError(InvalidInputError):
    """A file with parameters cannot be read as what it says it is."""

    code = "upswitch_parameter_file"
    title = "This parameter file cannot be read"


class NoParametersError(NotFoundError):
    """No set of parameters of that name was imported."""

    code = "upswitch_no_parameters"
    title = "No such parameters"


class MissingFactsError(InputsError):
    """Too little is known of a company to value it; `errors` names what is missing."""

    code = "upswitch_missing_facts"
    title = "Something is still missing"


class CurrencyError(InputsError):
    """An amount in a currency for which no rate was given."""

    code = "upswitch_currency"
    title = "Another currency"


class ValuationNotFoundError(NotFoundError):
    """This account has no such valuation."""

    code = "upswitch_no_valuation"
    title = "No such valuation"


class ShareLinkError(NotFoundError):
    """The link was not made by this installation, has ended, or was taken back."""

    code = "upswitch_share_link"
    title = "This link shows nothing any more"


class MoveNotFoundError(NotFoundError):
    """This account has no such move of a value."""

    code = "upswitch_no_move"
    title = "No such move"
