"""The shares of a programme, and what their companies did to them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from myriad.products.kamioi.money.actions import find_lack
from myriad.products.kamioi.money.arithmetic import minor_of
from myriad.products.kamioi.repository import sql as queries
from myriad.scale.data import ReadSession

SHOWN = 500
ACTIONS_SHOWN = 100


class Holding(msgspec.Struct, frozen=True):
    """A security that members hold or wait for.

    `close` is the last known, of `close_on`, as `close_source` tells it.
    """

    id: UUID
    name: str
    kind: str
    status: str
    is_fractionable: bool
    currency: str
    ticker: str
    exchange: str
    qty: Decimal
    cost_minor: int
    members: int
    waiting_minor: int
    close: Decimal | None
    close_on: date | None
    close_source: str | None

    @property
    def value_minor(self) -> int | None:
        """What it is worth at the last close."""
        return None if self.close is None else minor_of(self.qty * self.close, self.currency)


class Action(msgspec.Struct, frozen=True):
    """What a company did, and whether it is applied to the programme's lots.

    `lacks` is what it waits for that a person can bring; empty when nothing.
    """

    id: UUID
    security_id: UUID
    kind: str
    ex_date: date
    ratio_num: int | None
    ratio_den: int | None
    cash_per_share: Decimal | None
    currency: str | None
    new_security_id: UUID | None
    source: str
    name: str
    ticker: str
    applied_at: datetime | None
    lots: int | None
    lacks: str = ""

    @property
    def terms(self) -> str:
        """The ratio, the cash for a share, or both, in words."""
        parts = []
        if self.ratio_num is not None:
            parts.append(f"{self.ratio_num:,} for {self.ratio_den:,}")
        if self.cash_per_share is not None:
            cash = self.cash_per_share.normalize()
            parts.append(f"{cash:f} {self.currency or ''} a share".replace("  ", " "))
        return ", ".join(parts)


class Securities(msgspec.Struct, frozen=True):
    """Holdings, those that cost most first, and actions, the latest first."""

    holdings: tuple[Holding, ...]
    actions: tuple[Action, ...]

    def due(self, today: date) -> list[Action]:
        """Return what should be applied by now and is not."""
        return [one for one in self.actions if one.applied_at is None and one.ex_date <= today]


async def get_securities(session: ReadSession, today: date) -> Securities:
    """Return the programme's securities as of `today`."""
    found = await queries.fetch_all(
        session,
        {
            "list_programme_securities": {"day": today, "limit": SHOWN},
            "list_programme_actions": {"limit": ACTIONS_SHOWN},
        },
    )
    view = Securities(
        msgspec.convert(found["list_programme_securities"], tuple[Holding, ...]),
        msgspec.convert(found["list_programme_actions"], tuple[Action, ...]),
    )
    lacks = {
        one.id: await find_lack(session, msgspec.structs.asdict(one)) for one in view.due(today)
    }
    said = [msgspec.structs.replace(one, lacks=lacks.get(one.id, "")) for one in view.actions]
    return msgspec.structs.replace(view, actions=tuple(said))
