"""A valuation that nobody keeps, as the view that reports are drawn from."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from myriad.kit.clock import utc_now
from myriad.kit.ids import new_id
from myriad.products.upswitch.engine.summary import summarize
from myriad.products.upswitch.engine.valuation import Valuation
from myriad.products.upswitch.valuations.storing import digest_of
from myriad.products.upswitch.valuations.vintages import Vintage, checksum, provenances
from myriad.products.upswitch.views.valuations import ValuationView


def view_of(valuation: Valuation) -> ValuationView:
    """Return the view of a valuation that was made from a document."""
    now, sheet = utc_now(), valuation.inputs.input_sheet
    parameters = valuation.parameters
    newest = max((origin.as_of for _, _, origin in provenances(parameters)), default="1970-01-01")
    vintage = Vintage(new_id(), parameters, checksum(parameters), date.fromisoformat(newest))
    outputs: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(summarize(valuation)))
    day = sheet.date_of_valuation
    return ValuationView(
        id=new_id(),
        kind="document",
        title="",
        company_name=sheet.company_name or "This company",
        low=valuation.low,
        middle=valuation.middle,
        high=valuation.high,
        as_of=date.fromisoformat(day) if day else now.date(),
        vintage=parameters.name,
        created_at=now,
        engine_version=valuation.engine_version,
        parameter_set_id=vintage.id,
        parameters_valid_from=vintage.valid_from,
        inputs=msgspec.to_builtins(valuation.inputs),
        outputs=outputs,
        assumptions=(),
        duration_us=0,
        hash=digest_of(valuation.inputs, vintage),
    )
