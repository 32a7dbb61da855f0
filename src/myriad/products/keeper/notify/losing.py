"""Telling the owner what nobody sees who does not look: a permission is gone, totals differ."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from myriad.kit.clock import utc_now
from myriad.products.keeper.notify.raising import Notice, raise_notice
from myriad.scale.data import Session


async def tell_lost(session: Session, connection: str, notice: str, href: str) -> None:
    """Tell that a connection has just ended from outside.

    `notice` is what its page says, the first sentence in short; `connection` names it. The caller
    has made sure that it had not ended before.
    """
    title, _, detail = notice.partition(". ")
    await raise_notice(
        session,
        Notice(
            kind="connection",
            dedup_key=f"lost:{connection}:{utc_now().isoformat()}",
            level="high",
            title=title,
            detail=detail,
            href=href,
            audience="owner",
        ),
    )


async def tell_drift(session: Session, location: str, days: Sequence[date]) -> None:
    """Tell that closed `days` of a location, in rising order, differ from Square.

    It is told again when a later day differs.
    """
    many = f"{len(days)} closed days differ" if len(days) > 1 else "A closed day differs"
    await raise_notice(
        session,
        Notice(
            kind="accuracy",
            dedup_key=f"drift:{location}:{days[-1]}",
            level="normal",
            title=f"{many} from Square",
            detail=f"The newest is {days[-1].day} {days[-1]:%B %Y}. Closed days are compared again "
            "every night; what still differs stands under Connections.",
            href="/keeper/connections",
            audience="owner",
        ),
    )
