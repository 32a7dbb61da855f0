"""As much of a run as a test needs: persons and visits, or the call list as well."""

from __future__ import annotations

from datetime import date

from myriad.products.keeper.agents.graph import AGENTS, run_agent
from myriad.products.keeper.repository.accounts import set_business_date
from tests.products.keeper.ledger import LAST, Shop


async def know_people(shop: Shop, day: date = LAST) -> None:
    """Read visits and persons up to a day, and let the account speak of it."""
    context = await shop.context(day)
    for name in ("data", "matching"):
        assert (await run_agent(AGENTS[name], context)).state == "ok"
    async with shop.runtime.database.session(shop.tenant_id) as session:
        await set_business_date(session, day, "USD")


async def make_list(shop: Shop, day: date = LAST) -> None:
    """Find whom to call on a day, also when that was done before."""
    report = await run_agent(AGENTS["analysis"], await shop.context(day), True)
    assert report.state == "ok"
