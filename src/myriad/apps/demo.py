"""The demo of `./myriad up`: accounts connected to the simulated Square, their first sync queued.

The spa is also connected to the simulated Google, which has the reviews that its customers left.
Upswitch gets a register of companies that do not exist, and values two of them for the spa's owner.
Kamioi gets a programme of simulated banks, and one of card transactions where a file is given.

`python -m myriad.apps.demo [--purchases FILE] [--transactions FILE] [--since DAY]` runs once at each
start. A later start finds the accounts and only sees to it that they are connected, because a new
simulator knows no old tokens.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from myriad.apps.cli.servers import runtime_of
from myriad.apps.settings import load_settings
from myriad.kit.errors import MyriadError, UnavailableError
from myriad.products.keeper.google.opening import accept_google, ask_google
from myriad.products.keeper.opening import connect_simulated
from myriad.products.keeper.queueing import enqueue_sync
from myriad.products.keeper.repository.accounts import set_setting
from myriad.products.keeper.settings import KeeperSettings, is_simulated
from myriad.products.keeper.square.simulator.purchases import purchases_seller, read_purchases
from myriad.products.upswitch.registry.sql import QUERIES as REGISTRY
from myriad.products.upswitch.settings import UpswitchSettings
from myriad.products.upswitch.valuations.sql import QUERIES as VALUATIONS
from myriad.scale.data import Session
from myriad.scale.data.database import NOBODY
from myriad.scale.directory import Principal, Role
from myriad.scale.directory.opening import open_tenant, slug_of
from myriad.scale.directory.sessions import facts_of
from myriad.scale.directory.tenants import find_tenant_by_slug
from myriad.scale.directory.users import FIRST_OWNER_EMAIL, find_user_by_email
from myriad.scale.manifest import load
from myriad.scale.observe import logs
from myriad.scale.observe.logs import get_logger
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

SPA_SLUG, SPA_NAME = "alder-and-salt", "Alder & Salt Day Spa"
TIMEZONE = "America/New_York"
_TRIES, _PAUSE_SECONDS = 40, 0.25
_UPSWITCH = "myriad.products.upswitch.opening"
_PROGRAMMES = "myriad.apps.demo_programmes"
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
    return [spa, Account(slug_of(name, "purchases"), name, seller.merchant_id, last_day)]


async def fill(runtime: Runtime, account: Account) -> None:
    """Open, connect and fill one account; safe to repeat."""
    tenant_id = await open_tenant(
        runtime.database,
        slug=account.slug,
        name=account.name,
        timezone=TIMEZONE,
        owner_email=FIRST_OWNER_EMAIL,
    )
    settings = runtime.settings_of(KeeperSettings)
    base_url = settings.square_base_url
    await _when_up(lambda: connect_simulated(runtime, tenant_id, base_url, account.merchant_id))
    async with runtime.database.session(tenant_id) as session:
        await _begin(session, account)
    if account.slug == SPA_SLUG and is_simulated(settings.google_base_url):
        await _when_up(lambda: _connect_google(runtime, tenant_id))
    _log.info("demo_account_ready", slug=account.slug)


async def _connect_google(runtime: Runtime, tenant_id: TenantId) -> None:
    """Go through the consent of the simulated Google and read the reviews."""
    await accept_google(runtime, tenant_id, await ask_google(runtime, tenant_id))


async def _begin(session: Session, account: Account) -> None:
    if account.as_of is not None:
        await set_setting(session, "as_of", account.as_of.isoformat())
    await enqueue_sync(session, "increment")


async def _when_up(connect: Callable[[], Awaitable[object]]) -> None:
    """Connect as soon as the simulator answers; the last try's failure is raised."""
    for _ in range(_TRIES - 1):
        with suppress(UnavailableError):
            await connect()
            return
        await asyncio.sleep(_PAUSE_SECONDS)
    await connect()


async def run(
    purchases: Path | None, transactions: Path | None = None, since: date | None = None
) -> None:
    """Fill every account of the demo, then Upswitch and Kamioi."""
    wanted = await asyncio.to_thread(accounts, purchases)
    async with runtime_of(load_settings(), "demo") as runtime:
        await asyncio.gather(fill_register(runtime), fill_all(runtime, wanted))
        await fill_valuations(runtime)
        if since is not None:
            await _when_up(lambda: load(f"{_PROGRAMMES}:fill_banks")(runtime, since))
        if transactions is not None:
            await load(f"{_PROGRAMMES}:fill_cards")(runtime, transactions)


async def fill_all(runtime: Runtime, wanted: Sequence[Account]) -> None:
    """Fill Keeper's accounts one after another."""
    for account in wanted:
        await fill(runtime, account)


async def fill_register(runtime: Runtime) -> None:
    """Load the simulated register where there is none, beside what else is filled."""
    if not runtime.settings_of(UpswitchSettings).is_simulated:
        return
    if not await runtime.database.reader.rows(NOBODY, REGISTRY["last_kbo_extract"], {}):
        # Numerics are imported by the first start only.
        await load(f"{_UPSWITCH}:fill_register")(runtime.database)


async def fill_valuations(runtime: Runtime) -> None:
    """Value two companies of the simulated register for the spa's owner; safe to repeat."""
    caller = await _owner_of_spa(runtime)
    is_simulated = runtime.settings_of(UpswitchSettings).is_simulated
    if caller is None or not is_simulated or await _has_valuations(runtime, caller.tenant_id):
        return
    await _when_up(lambda: load(f"{_UPSWITCH}:fill_valuations")(runtime, caller))
    _log.info("demo_valuations_ready")


async def _owner_of_spa(runtime: Runtime) -> Principal | None:
    """Return the spa's first owner as who asks; None before anybody can sign in."""
    async with runtime.database.crossing("the demo's owner is found") as session:
        tenant = await find_tenant_by_slug(session, SPA_SLUG)
        user = await find_user_by_email(session, FIRST_OWNER_EMAIL)
        if tenant is None or user is None:
            return None
        return Principal("user", user.id, user.name, user.email, facts_of(tenant), Role.OWNER)


async def _has_valuations(runtime: Runtime, tenant_id: TenantId) -> bool:
    asked = {"tenant_id": tenant_id}
    return bool(
        await runtime.database.reader.rows(tenant_id, VALUATIONS["find_any_valuation"], asked)
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill the demo and return the exit code; 2 when the purchase log cannot be used."""
    parser = argparse.ArgumentParser(description="Fill the demo's accounts.")
    parser.add_argument("--purchases", type=Path, help="a purchase log for a second account")
    parser.add_argument("--transactions", type=Path, help="card transactions for a programme")
    parser.add_argument("--since", type=date.fromisoformat, help="when the banks' people began")
    logs.configure("demo")
    given = parser.parse_args(arguments)
    try:
        asyncio.run(run(given.purchases, given.transactions, given.since))
    except MyriadError as error:
        sys.stderr.write(f"{error.detail}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
