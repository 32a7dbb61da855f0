"""Purchases that stand follow what their stream tells of them, and remember who else told it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from myriad.products.kamioi.intake.lines import is_held
from myriad.products.kamioi.intake.matching import Known, Match
from myriad.products.kamioi.intake.standing import Account
from myriad.products.kamioi.repository import sql
from myriad.scale.data import Session

Matched = list[tuple[Account, list[Match]]]


async def follow(session: Session, matched: Matched, ids: dict[str, UUID]) -> int:
    """Let purchases that stand follow their own stream, and be posted by any."""
    own, posted = [], []
    for account, match, known in _standing_ones(matched):
        if known.account_id == account.id and _is_news(match):
            own.append(_change(account, match, known, ids))
        elif known.account_id != account.id and match.how == "posts":
            posted.append(
                {
                    "booked_on": known.booked_on.isoformat(),
                    "id": str(known.id),
                    "amount_minor": match.line.amount_minor,
                    "is_held": is_held(match.line, account.currency),
                }
            )
    changed = 0
    for name, rows in (("change_purchases", own), ("post_purchases", posted)):
        if rows:
            days = [str(row["booked_on"]) for row in rows]
            window = {"low": min(days), "high": max(days)}
            changed += await sql.execute(session, name, rows=rows, **window)
    return changed


def _standing_ones(matched: Matched) -> Iterator[tuple[Account, Match, Known]]:
    """Yield what the lines that are not new have found."""
    for account, matches in matched:
        for match in matches:
            if match.known is not None:
                yield account, match, match.known


def _is_news(match: Match) -> bool:
    """Whether a line of the purchase's own stream is not older than what stands."""
    if match.known is None or match.how == "told_elsewhere":
        return False
    return not (match.line.is_pending and match.known.state == "posted")


def _change(account: Account, match: Match, known: Known, ids: dict[str, UUID]) -> dict[str, Any]:
    line = match.line
    was_pending_under = known.external_id if known.external_id != line.external_id else None
    return {
        "booked_on": known.booked_on.isoformat(),
        "id": str(known.id),
        "external_id": line.external_id,
        "pending_external_id": line.pending_external_id or was_pending_under,
        "state": "pending" if line.is_pending else "posted",
        "kind": line.kind,
        "shown_on": (line.shown_on or line.day).isoformat(),
        "amount_minor": line.amount_minor,
        "currency": line.currency,
        "raw": line.raw,
        "descriptor_id": str(ids[match.norm]),
        "merchant_entity_id": line.merchant_entity_id,
        "category": line.category,
        "mcc": line.mcc,
        "channel": line.channel,
        "is_held": is_held(line, account.currency),
    }


async def note_aliases(session: Session, matched: Matched) -> None:
    """Remember by which further ids purchases of other streams were told."""
    other = [
        (account.id, known, match.line.external_id)
        for account, match, known in _standing_ones(matched)
        if known.account_id != account.id
    ]
    if other:
        await sql.execute(
            session,
            "add_purchase_aliases",
            account_ids=[account_id for account_id, _, _ in other],
            days=[known.booked_on for _, known, _ in other],
            external_ids=[external_id for _, _, external_id in other],
            purchase_ids=[known.id for _, known, _ in other],
        )
