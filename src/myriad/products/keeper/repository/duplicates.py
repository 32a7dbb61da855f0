"""The Duplicates screen: pairs of profiles with the weights that join or part them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from myriad.kit.errors import NotFoundError
from myriad.kit.money import Money
from myriad.products.keeper.repository.accounts import get_account
from myriad.products.keeper.repository.keys import join_key, number_part, split_key, uuid_part
from myriad.products.keeper.repository.profiles import birthday, profile_name, source_name
from myriad.products.keeper.repository.sql import Row, fetch
from myriad.products.keeper.views import (
    DuplicateFilter,
    DuplicatePair,
    DuplicatesView,
    FieldEvidence,
    ProfileCard,
)
from myriad.scale.data import ReadSession

SHOWN = {
    "open": ("proposed",),
    "linked": ("auto_linked", "linked"),
    "apart": ("rejected", "undone", "vetoed"),
}


async def list_duplicates(session: ReadSession, wanted: DuplicateFilter) -> DuplicatesView:
    """Return one page of pairs, the heaviest first."""
    weight, link_id = split_key(wanted.after, 2)
    rows = await fetch(
        session,
        "list_links",
        link_id=None,
        states=list(SHOWN[wanted.show]),
        after_weight=number_part(weight),
        after_id=uuid_part(link_id),
        limit=wanted.limit + 1,
    )
    more, rows = len(rows) > wanted.limit, rows[: wanted.limit]
    by_state = {row["state"]: int(row["pairs"]) for row in await fetch(session, "count_links")}
    counts = {show: sum(by_state.get(name, 0) for name in names) for show, names in SHOWN.items()}
    return DuplicatesView(
        filter=wanted,
        counts=counts,
        pairs=await _pairs(session, rows),
        next_after=join_key(repr(rows[-1]["weight"]), rows[-1]["id"]) if more else None,
    )


async def get_duplicate(session: ReadSession, link_id: UUID) -> DuplicatePair:
    """Return one pair, or raise NotFoundError."""
    rows = await fetch(
        session,
        "list_links",
        link_id=link_id,
        states=[],
        after_weight=None,
        after_id=None,
        limit=1,
    )
    if not rows:
        raise NotFoundError("no such pair")
    return (await _pairs(session, rows))[0]


async def _pairs(session: ReadSession, rows: list[Row]) -> tuple[DuplicatePair, ...]:
    currency = (await get_account(session)).currency
    wanted = {row[side] for row in rows for side in ("left_customer_id", "right_customer_id")}
    found = await fetch(session, "profile_cards", ids=list(wanted))
    cards = {row["id"]: _card(row, currency) for row in found}
    profiles = {row["id"]: row for row in found}
    return tuple(
        DuplicatePair(
            link_id=row["id"],
            state=row["state"],
            probability=row["probability"],
            bits=row["weight"],
            method=row["method"],
            left=cards[row["left_customer_id"]],
            right=cards[row["right_customer_id"]],
            evidence=tuple(
                _evidence(
                    item, profiles[row["left_customer_id"]], profiles[row["right_customer_id"]]
                )
                for item in row["evidence"].get("fields", [])
            ),
            veto_reason=row["veto_reason"],
            decided_by=row["decided_by"],
            decided_at=row["decided_at"],
        )
        for row in rows
    )


def _evidence(item: dict[str, Any], left: Row, right: Row) -> FieldEvidence:
    """Stored evidence holds no personal data, so the two values come from the profiles."""
    show = _VALUES.get(item["field"])
    return FieldEvidence(
        field=item["field"],
        outcome=item["outcome"],
        bits=item["bits"],
        left=show(left) if show else None,
        right=show(right) if show else None,
    )


_VALUES: dict[str, Callable[[Row], str | None]] = {
    "given": lambda row: row["given_name"],
    "family": lambda row: row["family_name"],
    "email": lambda row: row["email"],
    "phone": lambda row: row["phone"],
    "birthday": birthday,
    "postcode": lambda row: row["postcode"],
    "address_line": lambda row: row["address_line"],
}


def _card(row: Row, currency: str) -> ProfileCard:
    return ProfileCard(
        customer_id=row["id"],
        ext_id=row["ext_id"],
        name=profile_name(row),
        email=row["email"],
        phone=row["phone"],
        birthday=birthday(row),
        postcode=row["postcode"],
        source=source_name(row["creation_source"]),
        created_on=row["ext_created_at"].date() if row["ext_created_at"] else None,
        payments=row["payments"],
        spent=Money(row["spent"], currency),
        last_visit_on=row["last_visit_on"],
        person_id=row["person_id"],
    )
