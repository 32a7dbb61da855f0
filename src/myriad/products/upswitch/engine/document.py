"""The whole of a valuation's inputs as one document, its decoding and its JSON schema."""

from __future__ import annotations

import difflib
import functools
import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from myriad.products.upswitch.engine.fields import Rate
from myriad.products.upswitch.engine.input_sheet import InputSheet
from myriad.products.upswitch.engine.market_inputs import (
    Diligence,
    DiscountingInputs,
    Discounts,
    MarketApproach,
    Uncertainty,
    Weights,
)
from myriad.products.upswitch.engine.worksheets import (
    CapitalCostWorksheet,
    LeaseConverter,
    ResearchConverter,
)
from myriad.products.upswitch.errors import InputsError


class Inputs(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All inputs of one valuation. Amounts are in `units` of `currency`, shares too.

    `nace_codes` starting with 64, 65 or 66 are banks and insurers, which are valued on their book.
    """

    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$", description="ISO 4217")] = "EUR"
    units: Literal[1, 1000, 1000000] = 1
    nace_codes: tuple[str, ...] = ()
    input_sheet: InputSheet
    cost_of_capital_worksheet: CapitalCostWorksheet = CapitalCostWorksheet()
    operating_lease_converter: LeaseConverter | None = None
    rd_converter: ResearchConverter | None = None
    mature_market_equity_risk_premium: Rate | None = None
    """None: of the parameters (sheet "Country equity risk premiums", B1)."""
    discounting: DiscountingInputs = DiscountingInputs()
    market_approach: MarketApproach | None = None
    discounts: Discounts = Discounts()
    weights: Weights = Weights()
    due_diligence: Diligence | None = None
    uncertainties: tuple[Uncertainty, ...] = ()


_MARK = b"\xef\xbb\xbf"
"""What some editors put before the text of a file."""
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")
_FRACTION = re.compile(r"Expected `float` (<= 1|< 10)\.0$")
_PATH = re.compile(r"^(?P<what>.*?) - at `\$(?P<path>[^`]*)`$", re.DOTALL)


def read_inputs(text: bytes | str) -> Inputs:
    """Return the inputs in a JSON document; raises InputsError naming the field and what it takes."""
    plain = text.removeprefix(_MARK) if isinstance(text, bytes) else text
    try:
        return msgspec.json.decode(plain, type=Inputs)
    except msgspec.DecodeError as error:
        raise _explained(error) from None


def convert_inputs(document: Any) -> Inputs:
    """Return the inputs in plain lists and dicts; raises InputsError."""
    try:
        return msgspec.convert(document, type=Inputs)
    except msgspec.ValidationError as error:
        raise _explained(error) from None


def write_inputs(inputs: Inputs) -> bytes:
    """Return the inputs as JSON."""
    return msgspec.json.format(msgspec.json.encode(inputs), indent=1)


def _explained(error: msgspec.DecodeError) -> InputsError:
    found = _PATH.match(str(error))
    if found is None:
        return InputsError(f"the inputs cannot be read: {_helped(str(error))}")
    pointer = "/" + found["path"].strip(".").replace(".", "/").replace("[", "/").replace("]", "")
    what = _helped(found["what"])
    return InputsError(f"{pointer}: {what}", [(pointer, what)])


def _helped(what: str) -> str:
    """Return a fault with the name that was meant, or what a fraction is."""
    unknown = _UNKNOWN.search(what)
    if unknown:
        close = difflib.get_close_matches(unknown[1], _names(), n=1)
        return f"{what}; did you mean `{close[0]}`?" if close else what
    return f"{what} (a fraction: 0.25 is 25 %)" if _FRACTION.search(what) else what


@functools.cache
def _names() -> tuple[str, ...]:
    """Return every documented name."""
    parts = msgspec.json.schema(Inputs)["$defs"].values()
    return tuple(sorted({name for part in parts for name in part.get("properties", ())}))
