"""Grading: once its horizon has passed, what an insight predicted is measured again.

Every prediction names a measure of `MEASURES`, a period and bounds. It is graded by the first run on
or after its horizon, however late that run comes. What cannot be measured is not left waiting: it is
put down as void with the reason, and counts neither for nor against its kind.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from myriad.kit.errors import MyriadError
from myriad.products.keeper.repository.sql import Row, execute, fetch, fetch_all, get
from myriad.scale.data import ReadSession, Session

Measure = Callable[[ReadSession, dict[str, Any], date], Awaitable[float]]

_QUIET_DAYS = 7
_PATIENCE_DAYS = 30
AT_ONCE = 500


class UngradableError(MyriadError):
    """The prediction cannot be measured; the message says why in words for the owner."""

    code = "keeper_ungradable"
    title = "Prediction without a grade"


async def grade_due(
    session: Session, day: date, reach: date | None = None, *, at_once: int = AT_ONCE
) -> int:
    """Grade every insight whose horizon has come; return how many were put down.

    The caller has laid down what was known on `day` (`history.know_until`). A horizon that the data
    does not reach yet waits for the next sync, at most thirty days. `at_once` are held in memory.
    `reach` is that of `data_reach`, worked out here when it is not given.
    """
    known_until, graded = reach or await data_reach(session, day), 0
    while rows := await fetch(session, "due_insights", day=day, reach=known_until, limit=at_once):
        for row in rows:
            await _grade(session, row, day)
        graded += len(rows)
    late = day - timedelta(days=_PATIENCE_DAYS)
    return graded + await execute(session, "void_unreached_insights", late=late)


async def data_reach(session: ReadSession, day: date) -> date:
    """Return the last day up to which silence in the data means that nothing happened.

    That is the day of the last sync, or a week after the last sale, whichever is later; at most
    `day`.
    """
    return reach_of(await fetch_all(session, asked_of_reach()), day)


def asked_of_reach() -> dict[str, dict[str, Any]]:
    """Return the queries that `reach_of` reads."""
    return {"last_sale_day": {}, "last_payment_sync": {}}


def reach_of(found: Mapping[str, Sequence[Row]], day: date) -> date:
    """Return the same as `data_reach` from the rows of `asked_of_reach`."""
    synced = [row["day"] for row in found["last_payment_sync"] if row["day"] is not None]
    sold = [row["last_day"] for row in found["last_sale_day"] if row["last_day"] is not None]
    reaches = synced + [last + timedelta(days=_QUIET_DAYS) for last in sold]
    return min([max(reaches, default=date.min), day])


async def _grade(session: Session, row: Row, day: date) -> None:
    try:
        measured, correct, outcome = await _measured(session, row["predicted"], day)
    except UngradableError as error:
        measured, correct, outcome = None, None, error.detail
    await execute(
        session,
        "grade_insight",
        insight_id=row["id"],
        correct=correct,
        outcome=outcome,
        measured=measured,
    )


async def _measured(session: ReadSession, predicted: Any, day: date) -> tuple[float, bool, str]:
    try:
        measure, low, high = predicted["measure"], float(predicted["low"]), float(predicted["high"])
        take = MEASURES[measure]
        value = await take(session, predicted, day)
    except (KeyError, TypeError, ValueError) as error:
        raise UngradableError("The prediction names nothing that Keeper can measure.") from error
    return value, low <= value <= high, f"It was {_words(measure, value)}."


def _period(predicted: dict[str, Any]) -> dict[str, date]:
    return {name: date.fromisoformat(predicted[name]) for name in ("first", "last")}


async def _returned(session: ReadSession, predicted: dict[str, Any], day: date) -> float:
    people = [UUID(person_id) for person_id in predicted["person_ids"]]
    row = await get(session, "returned_between", **_period(predicted), day=day, person_ids=people)
    if row["known"] < len(set(people)):
        gone = len(set(people)) - row["known"]
        raise UngradableError(f"{gone} of the people it speaks of were erased.")
    return float(row["people"])


async def _visits(session: ReadSession, predicted: dict[str, Any], day: date) -> float:
    return float((await get(session, "visits_between", **_period(predicted), day=day))["visits"])


async def _weekday_rank(session: ReadSession, predicted: dict[str, Any], day: date) -> float:
    rows = await fetch(session, "weekday_profile", **_period(predicted))
    means = {row["weekday"]: row["visits"] for row in rows if row["weekday"] in predicted["open"]}
    if not any(means.values()):
        raise UngradableError("Nobody came in these days, so no weekday was quieter than another.")
    own = means[predicted["weekday"]]
    return 1.0 + sum(1 for mean in means.values() if mean < own)


async def _second_visit(session: ReadSession, predicted: dict[str, Any], day: date) -> float:
    row = await get(session, "second_visit_share", **_period(predicted), day=day)
    if not row["people"]:
        raise UngradableError("There were no newcomers in these days.")
    return float(row["returned"] / row["people"])


MEASURES: dict[str, Measure] = {
    "returned": _returned,
    "visits": _visits,
    "weekday_rank": _weekday_rank,
    "second_visit": _second_visit,
}


def _words(measure: str, value: float) -> str:
    if measure == "second_visit":
        return f"{value:.0%}"
    if measure == "weekday_rank":
        return f"number {value:.0f} from the quietest"
    return f"{value:,.0f}"
