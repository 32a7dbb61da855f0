"""Valuing and keeping: the same inputs, vintage and engine are the same stored valuation."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from myriad.kit.clock import utc_now
from myriad.kit.ids import new_id
from myriad.products.upswitch.engine.document import Inputs
from myriad.products.upswitch.engine.summary import summarize
from myriad.products.upswitch.engine.valuation import ENGINE_VERSION, Valuation, value
from myriad.products.upswitch.valuations.sql import Row, execute, execute_many, find
from myriad.products.upswitch.valuations.vintages import Vintage
from myriad.products.upswitch.views.valuations import Assumption, ValuationKind
from myriad.scale.data import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be valued, and where it belongs."""

    inputs: Inputs
    kind: ValuationKind
    title: str = ""
    session_id: UUID | None = None
    parent_id: UUID | None = None
    company_number: int | None = None
    assumptions: Sequence[Assumption] = ()
    notes: Sequence[str] = ()
    user_id: UUID | None = None


def digest_of(inputs: Inputs, vintage: Vintage, engine_version: str = ENGINE_VERSION) -> str:
    """Return the SHA-256 of what makes a valuation: inputs, vintage, engine."""
    made_of = msgspec.json.encode([engine_version, vintage.sha256, inputs])
    return hashlib.sha256(made_of).hexdigest()


async def keep(session: Session, order: Order, vintage: Vintage) -> tuple[UUID, bool]:
    """Value and keep; return the id, and whether it is new. Raises InputsError.

    Two callers at once with the same inputs get the same valuation.
    """
    digest = digest_of(order.inputs, vintage)
    same = {"hash": digest, "session_id": order.session_id}
    found = await find(session, "find_valuation_by_hash", **same)
    if found is not None:
        return found["id"], False
    started = time.perf_counter_ns()
    valuation = value(order.inputs, vintage.parameters)
    outputs = summarize(valuation)
    outputs["notes"] += [note for note in order.notes if note not in outputs["notes"]]
    took = (time.perf_counter_ns() - started) // 1000
    valuation_id = new_id()
    row = _row(order, valuation, vintage) | {"outputs": outputs, "duration_us": took}
    if not await execute(session, "store_valuation", id=valuation_id, **row, **same):
        found = await find(session, "find_valuation_by_hash", **same)
        if found is not None:
            return found["id"], False
    await execute_many(session, "store_method_result", list(_methods(valuation, valuation_id)))
    return valuation_id, True


def _row(order: Order, valuation: Valuation, vintage: Vintage) -> Row:
    day = order.inputs.input_sheet.date_of_valuation
    return {
        "parent_id": order.parent_id,
        "kind": order.kind,
        "title": order.title,
        "company_number": order.company_number,
        "company_name": order.inputs.input_sheet.company_name or "This company",
        "engine_version": valuation.engine_version,
        "parameter_set_id": vintage.id,
        "inputs": msgspec.to_builtins(order.inputs),
        "assumptions": {"items": msgspec.to_builtins(tuple(order.assumptions))},
        "low_minor": min(valuation.low.minor, valuation.middle.minor),
        "middle_minor": valuation.middle.minor,
        "high_minor": max(valuation.high.minor, valuation.middle.minor),
        "currency": order.inputs.currency,
        "as_of": date.fromisoformat(day) if day else utc_now().date(),
        "created_by": order.user_id,
    }


def _methods(valuation: Valuation, valuation_id: UUID) -> Iterator[dict[str, Any]]:
    weights = {(bar.method, bar.middle): bar.weight for bar in valuation.blend.bars}
    for place, method in enumerate(valuation.methods):
        amounts = {"low": method.low, "middle": method.middle, "high": method.high}
        yield {
            "valuation_id": valuation_id,
            "place": place,
            "method": method.method,
            "weight": weights.get((method.method, method.middle or 0.0), 0.0),
            "trace": {
                "label": method.label,
                "source": method.source,
                "multiple": method.multiple,
                "metric": method.metric,
                "kept": method.kept,
                "note": method.note,
            },
            **{
                f"{name}_minor": None if amount is None else valuation.as_money(amount).minor
                for name, amount in amounts.items()
            },
        }
