"""Runs a simulated Square until it is told to stop."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import uvicorn

from myriad.kit.errors import InvalidInputError
from myriad.products.keeper.square.simulator.app import create_app
from myriad.products.keeper.square.simulator.purchases import purchases_seller
from myriad.products.keeper.square.simulator.settings import SimulatorSettings
from myriad.products.keeper.square.simulator.spa import spa_seller
from myriad.products.keeper.square.simulator.world import World


def build_world(*, purchases: Path | None, spa: bool, seed: int, customers: int) -> World:
    """Return a world with the generated spa, the seller of a purchase log, or both."""
    world = World()
    if spa or purchases is None:
        world.add(spa_seller(seed=seed, customers=customers, now=world.clock()))
    if purchases is not None:
        world.add(purchases_seller(purchases))
    return world


def serve(
    world: World,
    settings: SimulatorSettings | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 8377,
    quiet: bool = True,
) -> None:
    """Serve `world` until SIGINT or SIGTERM."""
    uvicorn.run(
        create_app(world, settings),
        host=host,
        port=port,
        log_level="error" if quiet else "info",
        access_log=not quiet,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=2,
    )


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
    _check_port(host, port)
    settings = SimulatorSettings(seed=seed, webhook_url=webhook_url)
    if not quiet:
        sys.stderr.write(describe(world, settings, f"http://{host}:{port}"))
    serve(world, settings, host=host, port=port, quiet=quiet)


def _check_port(host: str, port: int) -> None:
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        message = f"port {port} cannot be used ({error.strerror}); choose another with --port"
        raise InvalidInputError(message) from None


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
