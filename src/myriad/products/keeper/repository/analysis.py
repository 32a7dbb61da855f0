"""What the analysis agent reads and writes, in as few round trips as it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import msgspec
from numpy.typing import NDArray

from myriad.products.keeper.repository.preferences import preferences_from
from myriad.products.keeper.repository.sql import Row, execute_all, execute_many, fetch_all
from myriad.products.keeper.views.preferences import Preferences
from myriad.scale.data import BinaryArray, ReadSession, Session

_ENCODER = msgspec.json.Encoder()
_WHOLE: dict[str, Literal["int4", "int8"]] = {
    **dict.fromkeys(("x", "gap_days"), "int4"),
    **dict.fromkeys(("expected_spend", "clv_12m", "value_at_risk"), "int8"),
}


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the analysis agent reads beside visits; `revenue` is takings by day (ordinals)."""

    bookings: bytes
    revenue: dict[int, int]
    country: str
    chosen: Preferences
    earlier: Row | None


async def load_inputs(
    session: ReadSession, day: date, span: tuple[date, date], version: str
) -> Inputs:
    """Return bookings, takings of the days of `span`, wishes and the newest fit of this model.

    A fit is of the fortnight before `day`; bookings are as `load_booking_columns` packs them.
    """
    asked: dict[str, dict[str, Any]] = {
        "load_booking_columns": {},
        "daily_revenue": {"first": span[0], "last": span[1], "day": day},
        "account_country": {},
        "read_preferences": {},
        "earlier_fit": {"day": day, "version": version},
    }
    found = await fetch_all(session, asked)
    taken = found["daily_revenue"][0]
    return Inputs(
        found["load_booking_columns"][0]["bookings"],
        dict(zip(taken["days"], taken["revenue"], strict=True)),
        found["account_country"][0]["country"] or "US",
        preferences_from(found["read_preferences"]),
        next(iter(found["earlier_fit"]), None),
    )


async def store_analysis(
    session: Session,
    day: date,
    columns: Mapping[str, Sequence[Any] | NDArray[Any]],
    fit: Mapping[str, Any],
    odd: Sequence[Mapping[str, Any]],
    judged_from: date,
) -> None:
    """Replace the metrics of `day` by those in `columns`, of persons who are still there.

    Keeps what was fitted too, and `odd` as the unusual days since `judged_from`.
    """
    asked: dict[str, dict[str, Any]] = {
        "clear_metrics": {"day": day},
        "store_metrics": {"day": day, **_arrays(columns)},
        "thin_metrics": {"day": day},
        "store_model_fit": {"day": day, **fit},
        "clear_anomalies": {"first": judged_from, "last": day},
    }
    await execute_all(session, asked)
    await execute_many(session, "store_anomaly", odd)


def _arrays(columns: Mapping[str, Any]) -> dict[str, BinaryArray]:
    """Return columns of person_metrics as "store_metrics" takes them."""
    reasons = [_ENCODER.encode(reason) for reason in columns["reason"]]
    arrays = {
        "state": BinaryArray.of_words(columns["state"]),
        "model_version": BinaryArray.of_words(columns["model_version"]),
        "reason": BinaryArray.of_bytes(reasons, "jsonb"),
        "person_id": BinaryArray.of_bytes([who.bytes for who in columns["person_id"]], "uuid"),
    }
    for name, column in columns.items():
        if name not in arrays:
            arrays[name] = BinaryArray.of_numbers(column, _WHOLE.get(name, "float8"))
    return arrays
