"""The simulated services of the demo in one process: `python -m myriad.apps.simulators`.

Each listens at a port of its own and is the server that its own command runs alone; none knows of
the others. Together they share what an interpreter costs, and the spa is drawn once for Square,
where its customers pay, and for Google, where they write.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from starlette.types import ASGIApp

from myriad.kit.clock import utc_now
from myriad.kit.errors import MyriadError
from myriad.products.kamioi.broker.simulator import AlpacaSimulator
from myriad.products.kamioi.demo.people import DEMO_DAYS
from myriad.products.kamioi.facts.simulated import Closes
from myriad.products.kamioi.plaid.simulator import PlaidWorld
from myriad.products.kamioi.plaid.simulator import create_app as create_plaid
from myriad.products.kamioi.plaid.simulator.programme import populate
from myriad.products.keeper.google.simulator.app import create_app as create_google
from myriad.products.keeper.google.simulator.spa import add_spa
from myriad.products.keeper.google.simulator.state import GoogleSettings
from myriad.products.keeper.google.simulator.world import GoogleWorld
from myriad.products.keeper.square.simulator import SimulatorSettings
from myriad.products.keeper.square.simulator import create_app as create_square
from myriad.products.keeper.square.simulator.server import build_world
from myriad.products.upswitch.registry.simulator import DEMO_ENTERPRISES, DEMO_SEED
from myriad.products.upswitch.registry.simulator.app import create_app as create_registers
from myriad.products.upswitch.registry.simulator.names import names_of
from myriad.scale.simulator.serving import serve_all

SEED, CUSTOMERS = 1, 500


def create_apps(given: argparse.Namespace) -> dict[int, ASGIApp]:
    """Return the application of each port; raises PurchaseLogError for a log that is no use."""
    square = build_world(purchases=given.purchases, spa=True, seed=SEED, customers=CUSTOMERS)
    settings = SimulatorSettings(seed=SEED, webhook_url=given.square_webhook_url)
    apps: dict[int, ASGIApp] = {given.square: create_square(square, settings)}
    if given.google:
        google = GoogleWorld()
        spa = next(iter(square.sellers.values()))
        add_spa(google, spa, SEED, google.clock())
        told = GoogleSettings(seed=SEED, webhook_url=given.google_webhook_url)
        apps[given.google] = create_google(google, told)
    if given.registers:
        apps[given.registers] = create_registers(
            named=lambda: names_of(DEMO_ENTERPRISES, DEMO_SEED)
        )
    return apps | create_banks(given)


def create_banks(given: argparse.Namespace) -> dict[int, ASGIApp]:
    """Return the simulated banks, whose people have lived since a day, and the simulated broker."""
    apps: dict[int, ASGIApp] = {}
    if given.plaid:
        banks = PlaidWorld(SEED)
        populate(banks, given.since)
        apps[given.plaid] = create_plaid(banks, webhook_url=given.plaid_webhook_url)
    if given.alpaca:
        apps[given.alpaca] = AlpacaSimulator(Closes(given.since)).app()
    return apps


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM; 2 when the purchase log or a port cannot be used."""
    parser = argparse.ArgumentParser(description="Serve the simulated services of the demo.")
    parser.add_argument("--square", type=int, required=True, metavar="PORT")
    parser.add_argument("--square-webhook-url", default="")
    parser.add_argument("--google", type=int, metavar="PORT")
    parser.add_argument("--google-webhook-url", default="")
    parser.add_argument("--registers", type=int, metavar="PORT")
    parser.add_argument("--plaid", type=int, metavar="PORT")
    parser.add_argument("--plaid-webhook-url", default="")
    parser.add_argument("--alpaca", type=int, metavar="PORT")
    parser.add_argument(
        "--since",
        type=date.fromisoformat,
        default=utc_now().date() - timedelta(days=DEMO_DAYS),
        metavar="DAY",
        help="the day on which the people of the simulated banks began to buy",
    )
    parser.add_argument("--purchases", type=Path, help="a purchase log for a second seller")
    try:
        asyncio.run(serve_all(create_apps(parser.parse_args(arguments))))
    except MyriadError as error:
        sys.stderr.write(f"{error.detail}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
