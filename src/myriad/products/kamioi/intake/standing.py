"""What stands already of the purchases that lines may tell of, for many accounts in one question."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from myriad.kit.errors import NotFoundError
from myriad.products.kamioi.intake.lines import Line
from myriad.products.kamioi.intake.matching import WINDOW_DAYS, Known
from myriad.products.kamioi.repository import sql
from myriad.products.kamioi.repository.planning import planned_for_sets
from myriad.scale.data import ReadSession

_MANY_ACCOUNTS = 50


@dataclass(frozen=True, slots=True)
class Account:
    """The account that lines are told of; `provider` is its stream's source."""

    id: UUID
    member_id: UUID
    item_id: UUID
    external_id: str
    mask: str
    kind: str
    currency: str
    institution: str
    provider: str


@dataclass(frozen=True, slots=True)
class Told:
    """Lines that one stream tells of an account."""

    account: Account
    lines: Sequence[Line]


async def list_accounts(session: ReadSession, ids: Sequence[UUID]) -> list[Account]:
    """Return accounts of the tenant; raises NotFoundError when one of them is unknown."""
    async with _planned(session, len(ids)):
        rows = await sql.fetch(session, "intake_accounts", account_ids=list(ids))
    if len(rows) < len(set(ids)):
        raise NotFoundError("there is no such bank account")
    return [Account(**row) for row in rows]


async def load_standing(session: ReadSession, told: Sequence[Told]) -> dict[UUID, list[Known]]:
    """Return by account what `match_lines` may find there, its members' rows held by the caller.

    Where one stream alone tells of an account, that is what stands under the ids that its lines
    name and what no line has posted yet. Where several do, or where ids change with the day (OFX),
    it is everything of the window.
    """
    async with _planned(session, len(told)):
        return await _load_standing(session, told)


def _planned(session: ReadSession, accounts: int) -> AbstractAsyncContextManager[None]:
    """Join the questions about many accounts as sets: statistics are of before the intake."""
    return planned_for_sets(session) if accounts >= _MANY_ACCOUNTS else nullcontext()


async def _load_standing(session: ReadSession, told: Sequence[Told]) -> dict[UUID, list[Known]]:
    groups = await _load_groups(session, told)
    days = [line.day for one in told for line in one.lines]
    window = timedelta(days=WINDOW_DAYS)
    span = {"low": min(days) - window, "high": max(days) + window}
    wide = {standing for _, standing, is_wide in groups if is_wide}
    aliases = await _load_aliases(session, wide, span)
    rows = await sql.fetch(
        session,
        "standing_purchases",
        account_ids=list({standing for _, standing, _ in groups}),
        wide_ids=list(wide),
        external_ids=_ids_of(told),
        **span,
    )
    by_standing: dict[UUID, list[Known]] = defaultdict(list)
    for row in rows:
        by_standing[row["account_id"]].append(Known(**row, told=aliases.get(row["id"], ())))
    found: dict[UUID, list[Known]] = defaultdict(list)
    for account_id, standing, _ in groups:
        found[account_id] += by_standing.get(standing, ())
    return found


async def _load_groups(session: ReadSession, told: Sequence[Told]) -> list[tuple[UUID, UUID, bool]]:
    """Return (account, account that is the same one, whether all of its window is needed)."""
    rows = await sql.fetch(session, "same_accounts", account_ids=[one.account.id for one in told])
    moving = {one.account.id for one in told if one.account.provider == "ofx"}
    shared = {row["account_id"] for row in rows if row["account_id"] != row["same_id"]} | moving
    return [(row["account_id"], row["same_id"], row["account_id"] in shared) for row in rows]


async def _load_aliases(
    session: ReadSession, wide: set[UUID], span: dict[str, Any]
) -> dict[UUID, tuple[tuple[UUID, str], ...]]:
    found: dict[UUID, tuple[tuple[UUID, str], ...]] = {}
    if wide:
        asked = {"account_ids": list(wide), **span}
        for row in await sql.fetch(session, "standing_aliases", **asked):
            pair = (row["account_id"], row["external_id"])
            found[row["purchase_id"]] = (*found.get(row["purchase_id"], ()), pair)
    return found


def _ids_of(told: Sequence[Told]) -> list[str]:
    """Return every id that the lines name."""
    ids = {line.external_id for one in told for line in one.lines}
    ids |= {line.pending_external_id for one in told for line in one.lines} - {None}  # type: ignore[arg-type]
    return list(ids)
