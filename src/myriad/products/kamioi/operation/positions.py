"""What the broker holds beside what the lots say: how they differ, since when, what to do."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import msgspec

from myriad.kit.errors import ConflictError, NotFoundError
from myriad.products.kamioi.repository import sql as queries
from myriad.scale.data import ReadSession, Session
from myriad.scale.directory import Principal
from myriad.scale.directory.audit import record_event

SHOWN, RUNS_SHOWN = 500, 30
_RUN_DAYS = 90
_MOST_RATIO = 50
# Splits such as 5 for 4 and wider; what is nearer than that to one is no split.
_LEAST_SIDE, _NEAR = 4, Fraction(41, 50)


class Compared(msgspec.Struct, frozen=True):
    """One line of a comparison: `ours` by the lots, `theirs` by the broker (or by the books)."""

    id: UUID
    run_at: datetime
    subject: str
    security_id: UUID | None
    ticker: str
    ours: Decimal
    theirs: Decimal
    state: str
    note: str
    explained_at: datetime | None
    name: str
    explained_by: str
    since: datetime | None

    @property
    def difference(self) -> Decimal:
        """How much more we have than they say."""
        return self.ours - self.theirs

    @property
    def advice(self) -> str:
        """What to do about it; empty where both agree."""
        return "" if self.state == "equal" else advise(self.subject, self.ours, self.theirs)


class Run(msgspec.Struct, frozen=True):
    """One comparison: how many lines, how many of them differ."""

    run_at: datetime
    compared: int
    differing: int


class Reconciliation(msgspec.Struct, frozen=True):
    """The last comparison line by line, and those of the last ninety days."""

    lines: tuple[Compared, ...]
    runs: tuple[Run, ...]

    @property
    def open_lines(self) -> list[Compared]:
        """What differs and nobody has explained."""
        return [one for one in self.lines if one.state == "open"]


async def get_reconciliation(session: ReadSession, now: datetime) -> Reconciliation:
    """Return the last comparison of the tenant."""
    found = await queries.fetch_all(
        session,
        {
            "list_last_run": {"limit": SHOWN},
            "list_runs": {"since": now - timedelta(days=_RUN_DAYS), "limit": RUNS_SHOWN},
        },
    )
    return Reconciliation(
        msgspec.convert(found["list_last_run"], tuple[Compared, ...]),
        msgspec.convert(found["list_runs"], tuple[Run, ...]),
    )


def advise(subject: str, ours: Decimal, theirs: Decimal) -> str:
    """Return what to do about two figures that differ, in one or two sentences."""
    if subject == "books":
        return "The books contradict themselves. Stop the order windows and look at the entries."
    if ours == 0:
        return "The broker holds what no member owns. Find who bought it, or let it be sold."
    if theirs == 0:
        return (
            "The broker holds none. A fill was reversed, or the ticker changed: look at the orders, "
            "and enter a rename, merger or removal."
        )
    ratio = _ratio(ours, theirs)
    if ratio is not None:
        return (
            f"The broker has {ratio.numerator} for each {ratio.denominator} of ours. Enter the "
            "split that is missing here."
        )
    if ours > theirs:
        return "A fill was reversed, or one is counted twice. Compare the last orders with theirs."
    return "A fill has not arrived yet. Let fills be taken in, then compare again."


def _ratio(ours: Decimal, theirs: Decimal) -> Fraction | None:
    """Return their shares for ours when that is a plain ratio, as splits are; else None."""
    found = (Fraction(theirs) / Fraction(ours)).limit_denominator(_MOST_RATIO)
    is_split = found and min(found.numerator, found.denominator) <= _LEAST_SIDE
    if not is_split or _NEAR <= found <= 1 / _NEAR:
        return None
    off = abs(Fraction(ours) * found - Fraction(theirs))
    return found if off <= Fraction(1, 10**6) else None


async def explain(
    session: Session, line_id: UUID, note: str, caller: Principal, now: datetime
) -> None:
    """Say why a line differs; it stays explained while the difference stays the same.

    Raises NotFoundError for an unknown line, ConflictError when it is explained already or was
    never open.
    """
    if await queries.find(session, "find_difference", id=line_id) is None:
        raise NotFoundError("there is no such line of a comparison")
    row = await queries.find(
        session, "explain_difference", id=line_id, note=note, by=caller.id, now=now
    )
    if row is None:
        raise ConflictError("this difference is not open any more; look at the last comparison")
    record_event(
        session,
        caller.tenant_id,
        "kamioi.difference_explained",
        actor=caller,
        subject=f"reconciliation:{line_id}",
        ticker=row["ticker"],
        note=note,
    )
