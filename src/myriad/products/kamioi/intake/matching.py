"""Which of the lines that come in are purchases that stand already.

A purchase may be told several times: pending and then posted under another id and another amount,
by a bank and by its file, by a bank that was linked again and calls everything anew. The rules, in
their order; each purchase is taken by one line of an intake and told at most once by each stream
(an account of a source), which is what keeps two equal coffees two:

1. The line has an id by which the purchase was told before.
2. The line names the pending purchase that it posts.
3. OFX: the same FITID and amount within ten days (the bank moved the day, which is part of the id).
4. Posted, and a pending one stands with the same currency and normal form, an amount within 30 % (a
   tip; one unit at least) and a day from 2 before to 10 after it.
5. Told by another stream: the same amount, currency and normal form within three days.

Where several stand, the one with the nearest amount, then the nearest day, is taken.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal
from uuid import UUID

from myriad.products.kamioi.intake.lines import Line

# A purchase is looked for so many days around the day on which a line says it was booked.
WINDOW_DAYS = 45
_MOVED_DAYS = 10
_BEFORE_DAYS, _AFTER_DAYS = 2, 10
_TIP_SHARE = 0.30
_TIP_LEAST_MINOR = 100
_OTHER_STREAM_DAYS = 3

How = Literal["new", "same", "posts", "told_elsewhere"]


@dataclass(frozen=True, slots=True)
class Known:
    """A purchase that stands. `told` are the (account, id) pairs by which it was told."""

    id: UUID
    booked_on: date
    shown_on: date
    account_id: UUID
    external_id: str
    pending_external_id: str | None
    state: str
    amount_minor: int
    currency: str
    norm: str
    told: tuple[tuple[UUID, str], ...] = ()

    @property
    def is_pending(self) -> bool:
        """Whether a posted line may still come for it."""
        return self.state in ("pending", "expired") or (
            self.state == "removed" and self.pending_external_id is None
        )

    def days_from(self, line: Line) -> int:
        """Return how many days a line is away, by whichever of their days are nearest."""
        return min(
            abs((mine - theirs).days)
            for mine in (self.booked_on, self.shown_on)
            for theirs in (line.day, line.shown_on or line.day)
        )

    def was_told_by(self, account_id: UUID) -> bool:
        """Whether a stream has told of it."""
        return self.account_id == account_id or any(told[0] == account_id for told in self.told)


@dataclass(frozen=True, slots=True)
class Match:
    """What a line is: new, or a purchase that stands, and by which rule."""

    line: Line
    norm: str
    how: How
    known: Known | None = None


@dataclass
class _Standing:
    account_id: UUID
    by_id: dict[str, Known] = field(default_factory=dict)
    by_pending: dict[str, Known] = field(default_factory=dict)
    by_fitid: dict[str, list[Known]] = field(default_factory=lambda: defaultdict(list))
    by_norm: dict[tuple[str, str], list[Known]] = field(default_factory=lambda: defaultdict(list))
    taken: set[UUID] = field(default_factory=set)

    def add(self, known: Known) -> None:
        ids = [known.external_id] if known.account_id == self.account_id else []
        ids += [told for account, told in known.told if account == self.account_id]
        for external_id in ids:
            self.by_id[external_id] = known
            self.by_fitid[_without_day(external_id)].append(known)
        if known.pending_external_id and known.account_id == self.account_id:
            self.by_pending[known.pending_external_id] = known
        self.by_norm[known.currency, known.norm].append(known)

    def free(self, candidates: Iterable[Known]) -> list[Known]:
        return [known for known in candidates if known.id not in self.taken]


def _without_day(external_id: str) -> str:
    return external_id.rpartition(":")[0]


def match_lines(
    account_id: UUID, source: str, lines: Sequence[tuple[Line, str]], known: Iterable[Known]
) -> list[Match]:
    """Return what each (line, normal form) is, in the order of the lines."""
    standing = _Standing(account_id)
    for one in known:
        standing.add(one)
    found: list[Match | None] = [_by_id(standing, line, norm) for line, norm in lines]
    for place, (line, norm) in enumerate(lines):
        if found[place] is None:
            found[place] = _by_looks(standing, source, line, norm)
    return [match for match in found if match is not None]


def _by_id(standing: _Standing, line: Line, norm: str) -> Match | None:
    """Rules 1 and 2, for all lines before any other, so that no guess takes what an id names."""
    known = standing.by_id.get(line.external_id)
    if known is None and line.is_pending:
        # The pending one comes again after it was posted: what stands is newer.
        known = standing.by_pending.get(line.external_id)
    if known is not None:
        standing.taken.add(known.id)
        posts = known.is_pending and not line.is_pending
        return Match(line, norm, "posts" if posts else "same", known)
    if line.pending_external_id is None:
        return None
    known = standing.by_id.get(line.pending_external_id)
    if known is None or known.id in standing.taken:
        return None
    standing.taken.add(known.id)
    return Match(line, norm, "posts", known)


def _by_looks(standing: _Standing, source: str, line: Line, norm: str) -> Match:
    known = _moved(standing, line, norm) if source == "ofx" else None
    how: How = "same"
    if known is None and not line.is_pending:
        known, how = _posted(standing, line, norm), "posts"
    if known is None:
        known, how = _told_elsewhere(standing, line, norm), "told_elsewhere"
    if known is None:
        return Match(line, norm, "new")
    standing.taken.add(known.id)
    return Match(line, norm, how, known)


def _moved(standing: _Standing, line: Line, norm: str) -> Known | None:
    return _nearest(
        line,
        (
            known
            for known in standing.free(standing.by_fitid.get(_without_day(line.external_id), ()))
            if known.norm == norm and known.days_from(line) <= _MOVED_DAYS
        ),
    )


def _posted(standing: _Standing, line: Line, norm: str) -> Known | None:
    return _nearest(
        line,
        (
            known
            for known in standing.free(standing.by_norm.get((line.currency, norm), ()))
            if known.is_pending
            and known.state != "removed"
            and -_BEFORE_DAYS <= (line.day - known.booked_on).days <= _AFTER_DAYS
            and _is_near(known.amount_minor, line.amount_minor)
        ),
    )


def _is_near(pending: int, posted: int) -> bool:
    if (pending < 0) != (posted < 0):
        return False
    return abs(posted - pending) <= max(_TIP_LEAST_MINOR, abs(pending) * _TIP_SHARE)


def _told_elsewhere(standing: _Standing, line: Line, norm: str) -> Known | None:
    return _nearest(
        line,
        (
            known
            for known in standing.free(standing.by_norm.get((line.currency, norm), ()))
            if known.amount_minor == line.amount_minor
            and not known.was_told_by(standing.account_id)
            and known.state != "removed"
            and known.days_from(line) <= _OTHER_STREAM_DAYS
        ),
    )


def _nearest(line: Line, candidates: Iterable[Known]) -> Known | None:
    def distance(known: Known) -> tuple[int, int, int]:
        amount = abs(known.amount_minor - line.amount_minor)
        return amount, known.days_from(line), known.id.int

    return min(candidates, key=distance, default=None)
