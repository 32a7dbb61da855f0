"""A corporate action that becomes known after later ones of its shares were applied.

Those are taken back and are due again, so that everything is done in the order of ex-dates: on the
shares of each day, not on those of today.
"""

from __future__ import annotations

from typing import Any

from myriad.products.kamioi.repository import sql as queries
from myriad.scale.data import ReadSession, Session


async def list_later(session: ReadSession, action: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what was applied already and depends on the action, by ex-date.

    Upon a dividend nothing depends: it is paid for the shares of its day whenever it is known.
    """
    if action["kind"] == "cash_dividend":
        return []
    touched = {action["security_id"], action["new_security_id"]} - {None}
    later = []
    for one in await queries.fetch(session, "list_applied"):
        own = {one["security_id"], one["new_security_id"]} - {None}
        if one["ex_date"] > action["ex_date"] and touched & own:
            touched |= own
            later.append(one)
    return later


async def take_back(session: Session, later: list[dict[str, Any]]) -> None:
    """Take these back, the last first; their money and lots are as if they had never been."""
    for one in reversed(later):
        about = {name: one[name] for name in ("ex_date", "kind", "new_security_id")}
        await queries.execute(session, "take_back_action", action_id=one["id"], **about)
