"""The demo of `./myriad up`: accounts connected to the simulated Square, their first sync queued.

The spa also has the reviews that its customers left.

`python -m myriad.apps.demo [--purchases FILE]` runs once at each start. A later start finds the
accounts and only sees to it that they are connected, because a new simulator knows no old tokens.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from myriad.apps.cli.prepare import OWNER_EMAIL
from myriad.apps.cli.servers import runtime_of
from myriad.apps.settings import load_settings
from myriad.kit.errors import MyriadError, UnavailableError
from myriad.products.keeper.google.mapping import read_reviews
from myriad.products.keeper.google.simulator.spa import spa_world
from myriad.products.keeper.opening import connect_simulated, open_tenant
from myriad.products.keeper.queueing import enqueue_sync
from myriad.products.keeper.repository.accounts import set_setting
from myriad.products.keeper.reviewing import GivenReview, take_in
from myriad.products.keeper.settings import KeeperSettings
from myriad.products.keeper.square.simulator.purchases import purchases_seller, read_purchases
from myriad.scale.data import Session
from myriad.scale.observe import logs
from myriad.scale.observe.logs import get_logger
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

SPA_SLUG, SPA_NAME = "alder-and-salt", "Alder & Salt Day Spa"
TIMEZONE = "America/New_York"
_TRIES, _PAUSE_SECONDS = 40, 0.25
_log = get_logger(__name__)


@dataclass(frozen=True)
class Account:
    """One account of the demo; a log of the past is looked at as of its last day."""

    slug: str
    name: str
    merchant_id: str | None = None
    as_of: date | None = None


def accounts(purchases: Path | None) -> list[Account]:
    """Return the accounts to fill; raises PurchaseLogError for a log that cannot be used."""
    spa = Account(SPA_SLUG, SPA_NAME)
    if purchases is None:
        return [spa]
    seller = purchases_seller(purchases, zone=TIMEZONE)
    last_day = read_purchases(purchases)[-1].day
    name = str(seller.merchant["business_name"])
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "purchases"
    return [spa, Account(slug, name, seller.merchant_id, last_day)]


async def fill(runtime: Runtime, account: Account) -> None:
    """Open, connect and fill one account; safe to repeat."""
    tenant_id = await open_tenant(
        runtime,
        slug=account.slug,
        name=account.name,
        timezone=TIMEZONE,
        owner_email=OWNER_EMAIL,
    )
    base_url = runtime.settings_of(KeeperSettings).square_base_url
    await _connect_when_up(runtime, tenant_id, base_url, account.merchant_id)
    reviews = await asyncio.to_thread(_reviews) if account.slug == SPA_SLUG else []
    async with runtime.database.session(tenant_id) as session:
        await take_in(session, reviews)
        await _begin(session, account)
    _log.info("demo_account_ready", slug=account.slug)


def _reviews() -> list[GivenReview]:
    """Return what the spa's customers wrote; a connected Google would tell the same."""
    spots = spa_world().first.spots.values()
    return read_reviews([item for spot in spots for item in spot.reviews.values()])[0]


async def _begin(session: Session, account: Account) -> None:
    if account.as_of is not None:
        await set_setting(session, "as_of", account.as_of.isoformat())
    await enqueue_sync(session, "increment")


async def _connect_when_up(
    runtime: Runtime, tenant_id: TenantId, base_url: str, merchant_id: str | None
) -> None:
    for _ in range(_TRIES - 1):
        with suppress(UnavailableError):
            await connect_simulated(runtime, tenant_id, base_url, merchant_id)
            return
        await asyncio.sleep(_PAUSE_SECONDS)
    await connect_simulated(runtime, tenant_id, base_url, merchant_id)


async def run(purchases: Path | None) -> None:
    """Fill every account of the demo."""
    wanted = await asyncio.to_thread(accounts, purchases)
    async with runtime_of(load_settings(), "demo") as runtime:
        for account in wanted:
            await fill(runtime, account)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill the demo and return the exit code; 2 when the purchase log cannot be used."""
    parser = argparse.ArgumentParser(description="Fill the demo's accounts.")
    parser.add_argument("--purchases", type=Path, help="a purchase log for a second account")
    logs.configure("demo")
    try:
        asyncio.run(run(parser.parse_args(arguments).purchases))
    except MyriadError as error:
        sys.stderr.write(f"{error.detail}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
