"""What the API of valuations takes and answers."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, JsonValue

from myriad.kit.money import Money
from myriad.products.upswitch.valuations import sharing
from myriad.scale.http.answers import Queued

Rates = Annotated[
    dict[str, Annotated[float, Field(gt=0)]],
    Field(max_length=20, description="EUR for one unit of another currency, on the filing date"),
]


class SessionOrder(BaseModel):
    """Value a session as it is known now."""

    as_of: date | None = Field(default=None, description="the day of the valuation; else today")
    rates: Rates = Field(default_factory=dict)


class DocumentOrder(BaseModel):
    """Value a whole document of inputs, as `inputs.schema.json` describes them."""

    inputs: dict[str, JsonValue]
    title: str = Field(default="", max_length=200)


class ScenarioOrder(BaseModel):
    """Value what would be: fields of the inputs by path, such as input_sheet.revenues."""

    changes: dict[str, float | bool | str | None] = Field(max_length=40)
    title: str = Field(default="", max_length=200)


class SimulationOrder(BaseModel):
    """How many paths, and from which seed: the same seed gives the same figures."""

    paths: int = Field(default=10_000, ge=100, le=1_000_000)
    seed: int = Field(default=0, ge=0, le=2**31)


class ShareOrder(BaseModel):
    """For how many days a link shows the valuation."""

    days: int = Field(default=sharing.DEFAULT_DAYS, ge=1, le=sharing.MOST_DAYS)


class MadeValuation(BaseModel):
    """A valuation; not `is_new` when the same inputs and parameters were valued before."""

    id: UUID
    is_new: bool
    low: Money
    middle: Money
    high: Money
    company_name: str


class SharedValuation(BaseModel):
    """A link; its address shows the valuation to whoever has it."""

    id: UUID
    path: str


class QueuedWork(Queued):
    """Work that takes longer was put into the queue; `path` has the result when it is done."""

    path: str


class StepOfTrace(BaseModel):
    """One number of the proof."""

    key: str
    label: str
    value: float | None
    formula: str | None
    inputs: list[str]
    source: str
    cell: str | None
