"""Upswitch at a glance."""

from __future__ import annotations

from pathlib import Path

from myriad.products.upswitch.schedules import SCHEDULES
from myriad.scale.manifest import NavigationItem, Product

_HERE = Path(__file__).parent

PRODUCT = Product(
    name="upswitch",
    title="Upswitch",
    summary="What a company is worth, and why, line by line.",
    home="/upswitch/companies",
    router="myriad.products.upswitch.endpoints:router",
    pages="myriad.products.upswitch.pages:router",
    tasks="myriad.products.upswitch.tasks",
    migrations=_HERE / "migrations" / "versions",
    templates=_HERE / "templates",
    schedules=SCHEDULES,
    navigation=(
        NavigationItem("Companies", "/upswitch/companies", "c"),
        NavigationItem("Valuations", "/upswitch/sessions", "v"),
        NavigationItem("Results", "/upswitch/valuations", "r"),
        NavigationItem("Moved values", "/upswitch/moves", "m"),
    ),
    operations=(
        NavigationItem("Upswitch operations", "/upswitch/ops", "u"),
        NavigationItem("Company register", "/upswitch/register", "k"),
    ),
    alerts="myriad.products.upswitch.pages.moves:alerts",
    measures="myriad.products.upswitch.measuring:measure_by",
    resources=(
        ("session_id", "upswitch.session"),
        ("valuation_id", "upswitch.valuation"),
        ("share_id", "upswitch.share_link"),
        ("move_id", "upswitch.value_move"),
    ),
)
