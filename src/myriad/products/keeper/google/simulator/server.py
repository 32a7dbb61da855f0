"""Runs a simulated Google until it is told to stop."""

from __future__ import annotations

from myriad.products.keeper.google.simulator.app import create_app
from myriad.products.keeper.google.simulator.spa import spa_world
from myriad.products.keeper.google.simulator.state import GoogleSettings
from myriad.products.keeper.google.simulator.world import GoogleWorld
from myriad.scale.simulator.serving import serve


def run_simulator(
    *,
    seed: int = 1,
    port: int = 8378,
    host: str = "127.0.0.1",
    customers: int = 500,
    webhook_url: str = "",
    quiet: bool = False,
) -> None:
    """Serve the generated spa's reviews until SIGINT or SIGTERM.

    Raises InvalidInputError when the port is taken.
    """
    world = spa_world(seed=seed, customers=customers)
    settings = GoogleSettings(seed=seed, webhook_url=webhook_url)
    greeting = describe(world, settings, f"http://{host}:{port}")
    serve(create_app(world, settings), host=host, port=port, quiet=quiet, greeting=greeting)


def describe(world: GoogleWorld, settings: GoogleSettings, url: str) -> str:
    """Return what a person needs to connect to this simulator."""
    lines = [f"Simulated Google Business Profile at {url}"]
    lines += [
        f"  {spot.title} ({spot.name}): {len(spot.reviews):,} reviews"
        for business in world.businesses.values()
        for spot in business.spots.values()
    ]
    lines.append(f"  application {settings.client_id}")
    lines.append(f"  start Keeper with MYRIAD_KEEPER__GOOGLE_BASE_URL={url}")
    return "\n".join(lines) + "\n"
