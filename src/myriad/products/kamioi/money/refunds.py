"""Refunds: each undoes the round-up of the latest purchase of its amount at the same merchant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from myriad.products.kamioi.repository import sql as queries
from myriad.scale.data import Session

# How long after a purchase a refund of the same amount at the same merchant undoes it.
REFUND_DAYS = 120


@dataclass(frozen=True, slots=True)
class Refund:
    """Money that came back, of which nothing is made yet; `amount_minor` is negative."""

    booked_on: date
    purchase_id: UUID
    member_id: UUID
    descriptor_id: UUID | None
    amount_minor: int
    currency: str

    @property
    def whose(self) -> tuple[object, ...]:
        """What a purchase that it undoes has in common with it."""
        return self.member_id, self.descriptor_id, -self.amount_minor, self.currency


@dataclass(frozen=True, slots=True)
class Refundable:
    """A purchase with its round-up `id`, which nobody has undone yet."""

    booked_on: date
    purchase_id: UUID
    id: UUID
    member_id: UUID
    descriptor_id: UUID
    amount_minor: int
    currency: str

    @property
    def whose(self) -> tuple[object, ...]:
        """What a refund that undoes it has in common with it."""
        return self.member_id, self.descriptor_id, self.amount_minor, self.currency


async def undo_refunded(session: Session, part: dict[str, Any]) -> int:
    """Undo what the new refunds of a part (days and members) take back; return how many did.

    A round-up that waits is reversed, one that was pulled is owed: a negative one makes the next
    pull smaller. Every refund has a row after it, so that none is looked at twice.
    """
    refunds = [Refund(**row) for row in await queries.fetch(session, "list_new_refunds", **part)]
    if not refunds:
        return 0
    since = min(one.booked_on for one in refunds) - timedelta(days=REFUND_DAYS)
    span = {"since": since, "until": max(one.booked_on for one in refunds)}
    asked = {one.whose: one for one in refunds if one.descriptor_id is not None}
    rows = [_columns(one) for one in asked.values()]
    found = await queries.fetch(session, "list_refundable", rows=rows, days=REFUND_DAYS, **span)
    pairs = pair(refunds, [Refundable(**row) for row in found])
    made = [_columns(one) | _original(undone) for one, undone in pairs]
    done = await queries.get(session, "undo_refunded", rows=made, **span)
    return int(done["undone"])


def pair(
    refunds: Sequence[Refund], purchases: Sequence[Refundable]
) -> Iterator[tuple[Refund, Refundable | None]]:
    """Yield each refund, the oldest first, with the purchase that it undoes.

    That is the latest one not after it, at most REFUND_DAYS before it, that no earlier refund took.
    """
    # The latest one last: what is put off is taken before what lay there already.
    later: dict[tuple[object, ...], list[Refundable]] = defaultdict(list)
    for purchase in sorted(purchases, key=lambda one: (one.booked_on, one.id), reverse=True):
        later[purchase.whose].append(purchase)
    earlier: dict[tuple[object, ...], list[Refundable]] = defaultdict(list)
    for refund in sorted(refunds, key=lambda one: (one.booked_on, one.purchase_id)):
        waiting, before = later[refund.whose], earlier[refund.whose]
        while waiting and waiting[-1].booked_on <= refund.booked_on:
            before.append(waiting.pop())
        is_near = before and (refund.booked_on - before[-1].booked_on).days <= REFUND_DAYS
        yield refund, before.pop() if is_near else None


def _columns(refund: Refund) -> dict[str, Any]:
    return {
        "booked_on": refund.booked_on,
        "purchase_id": refund.purchase_id,
        "member_id": refund.member_id,
        "descriptor_id": refund.descriptor_id,
        "amount_minor": refund.amount_minor,
        "currency": refund.currency,
    }


def _original(undone: Refundable | None) -> dict[str, Any]:
    return {
        "original_on": undone.booked_on if undone else None,
        "original_id": undone.id if undone else None,
    }
