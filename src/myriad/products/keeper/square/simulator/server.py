"""Runs a simulated Square until it is told to stop."""

from __future__ import annotations

from pathlib import Path

from myriad.products.keeper.square.simulator.app import create_app
from myriad.products.keeper.square.simulator.purchases import purchases_seller
from myriad.products.keeper.square.simulator.settings import SimulatorSettings
from myriad.products.keeper.square.simulator.spa import spa_seller
from myriad.products.keeper.square.simulator.world import World
from myriad.scale.simulator.serving import serve


def build_world(*, purchases: Path | None, spa: bool, seed: int, customers: int) -> World:
    """Return a world with the generated spa, the seller of a purchase log, or both."""
    world = World()
    if spa or purchases is None:
        world.add(spa_seller(seed=seed, customers=customers, now=world.clock()))
    if purchases is not None:
        world.add(purchases_seller(purchases))
    return world


def run_simulator(
    *,
    purchases: Path | None = None,
    spa: bool = False,
    seed: int = 1,
    port: int = 8377,
    host: str = "127.0.0.1",
    customers: int = 500,
    webhook_url: str = "",
    quiet: bool = False,
) -> None:
    """Serve a purchase log, the generated spa (the default), or both.

    Raises PurchaseLogError before anything listens when the log cannot be used, InvalidInputError
    when the port is taken.
    """
    world = build_world(purchases=purchases, spa=spa, seed=seed, customers=customers)
    settings = SimulatorSettings(seed=seed, webhook_url=webhook_url)
    greeting = describe(world, settings, f"http://{host}:{port}")
    serve(create_app(world, settings), host=host, port=port, quiet=quiet, greeting=greeting)


def describe(world: World, settings: SimulatorSettings, url: str) -> str:
    """Return what a person needs to connect to this simulator."""
    lines = [f"Simulated Square at {url}"]
    for seller in world.sellers.values():
        tables = seller.tables
        lines.append(
            f"  {seller.merchant['business_name']} ({seller.merchant_id}): "
            f"{len(tables['customer'].records):,} customers, "
            f"{len(tables['payment'].records):,} payments"
        )
    lines.append(f"  application {settings.application_id}")
    return "\n".join(lines) + "\n"
