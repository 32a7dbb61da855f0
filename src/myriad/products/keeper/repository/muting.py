"""Which kinds of insight are silent, by their grades or by the owner's word."""

from __future__ import annotations

from datetime import date

from myriad.kit.errors import NotFoundError
from myriad.products.keeper.proof.accuracy import is_credibly_low, reason_to_mute, retry_on
from myriad.products.keeper.repository.accounts import get_account
from myriad.products.keeper.repository.sql import execute, fetch, get
from myriad.scale.data import ReadSession, Session
from myriad.scale.directory.audit import record_event
from myriad.scale.directory.principal import Principal
from myriad.scale.tenancy import current_tenant

KINDS = ("slipping_regulars", "takings_trend", "quiet_weekday", "second_visit", "best_customers")
"""The kinds that the insight agent makes; a test compares them with its claims."""


async def list_muted_kinds(session: ReadSession) -> set[str]:
    """Return the kinds that are silent."""
    return {row["kind"] for row in await fetch(session, "muted_kinds")}


async def judge_kinds(session: Session, day: date) -> list[str]:
    """Try kinds again whose time has come, and silence those that are credibly below the goal.

    Returns the kinds that fell silent now.
    """
    await execute(session, "retry_kinds", day=day)
    fallen = []
    for row in await fetch(session, "kinds_to_judge"):
        right, graded = row["right_count"], row["graded"]
        if not is_credibly_low(right, graded):
            continue
        await execute(
            session,
            "mute_kind",
            kind=row["kind"],
            day=day,
            retry_on=retry_on(day),
            reason=reason_to_mute(right, graded),
            decided_by="keeper",
        )
        record_event(session, current_tenant(), "insight_kind.muted", subject=row["kind"])
        fallen.append(row["kind"])
    return fallen


async def mute_kind(session: Session, kind: str, caller: Principal) -> None:
    """Silence a kind until the owner says otherwise; raises NotFoundError, NoAccountError."""
    account = await get_account(session)
    await _require_kind(session, kind)
    changed = await execute(
        session,
        "mute_kind",
        kind=kind,
        day=account.day,
        retry_on=None,
        reason="Muted by hand.",
        decided_by=str(caller.id),
    )
    if changed:
        record_event(session, current_tenant(), "insight_kind.muted", actor=caller, subject=kind)


async def unmute_kind(session: Session, kind: str, caller: Principal) -> None:
    """Let a kind speak again, judged by new insights alone; raises NotFoundError, NoAccountError."""
    account = await get_account(session)
    await _require_kind(session, kind)
    changed = await execute(
        session, "unmute_kind", kind=kind, day=account.day, decided_by=str(caller.id)
    )
    if changed:
        record_event(session, current_tenant(), "insight_kind.unmuted", actor=caller, subject=kind)


async def _require_kind(session: ReadSession, kind: str) -> None:
    if kind not in KINDS and not (await get(session, "knows_kind", kind=kind))["known"]:
        raise NotFoundError(f"there is no kind of insight {kind!r}; there are: {', '.join(KINDS)}")
