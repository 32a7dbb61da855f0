"""A rate stated by the owner of a programme, where no purchase that waited has given one."""

from __future__ import annotations

from myriad.kit.clock import utc_now
from myriad.products.kamioi.money.rates import StatedRate, put_rate
from myriad.scale.data import Session
from myriad.scale.directory import Principal
from myriad.scale.directory.audit import record_event


async def state_rate(session: Session, caller: Principal, given: StatedRate) -> None:
    """Keep what a currency is worth from today on, and note who said so.

    Only sums are compared by it; purchases are released one by one. Raises InvalidInputError for
    one currency on both sides.
    """
    await put_rate(session, given, utc_now().date(), caller.id)
    record_event(
        session,
        caller.tenant_id,
        "kamioi.rate.stated",
        actor=caller,
        rate=f"1 {given.currency} = {given.rate} {given.into_currency}",
        source=given.source,
    )
