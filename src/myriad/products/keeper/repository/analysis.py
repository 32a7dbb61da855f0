"""What the analysis agent reads and writes, in as few round trips as it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec

from myriad.products.keeper.repository.preferences import preferences_from
from myriad.products.keeper.repository.sql import Row, execute_all, execute_many, fetch_all
from myriad.products.keeper.views.preferences import Preferences
from myriad.scale.data import ReadSession, Session

_ENCODER = msgspec.json.Encoder()


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
    columns: Mapping[str, Sequence[Any]],
    fit: Mapping[str, Any],
    odd: Sequence[Mapping[str, Any]],
    judged_from: date,
) -> None:
    """Replace the metrics of `day` by those in `columns`, of persons who are still there.

    Keeps what was fitted too, and `odd` as the unusual days since `judged_from`.
    """
    arrays: dict[str, Any] = {
        name: _as_array(values) for name, values in columns.items() if name != "reason"
    }
    reasons = columns["reason"]
    arrays["reason"] = _as_array([_ENCODER.encode(reason).decode() for reason in reasons])
    asked: dict[str, dict[str, Any]] = {
        "clear_metrics": {"day": day},
        "store_metrics": {"day": day, **arrays},
        "thin_metrics": {"day": day},
        "store_model_fit": {"day": day, **fit},
        "clear_anomalies": {"first": judged_from, "last": day},
    }
    await execute_all(session, asked)
    await execute_many(session, "store_anomaly", odd)


def _as_array(values: Sequence[Any]) -> str:
    """Return numbers, ids, words without control characters or None as PostgreSQL reads an array.

    That is JSON in braces: `null` is NULL, and quotes and backslashes are escaped alike. The driver's
    own array of words looks at every letter, which took longer than everything else here.
    """
    return "{" + _ENCODER.encode(values)[1:-1].decode() + "}"
