"""The products of this installation, and what each database and process needs of them all."""

from __future__ import annotations

from pathlib import Path

from myriad.products.kamioi.manifest import PRODUCT as KAMIOI
from myriad.products.keeper.manifest import PRODUCT as KEEPER
from myriad.products.upswitch.manifest import PRODUCT as UPSWITCH
from myriad.scale.manifest import Product

PRODUCTS: tuple[Product, ...] = (KEEPER, UPSWITCH, KAMIOI)

_SCALE = Path(__file__).parents[1] / "scale"
SCALE_MIGRATIONS: tuple[Path, ...] = tuple(
    _SCALE / capability / "migrations" / "versions"
    for capability in ("directory", "data", "limits", "jobs", "schedule", "ai")
)


def migration_locations() -> tuple[Path, ...]:
    """Return the folder of every migration branch, capabilities before products."""
    return (*SCALE_MIGRATIONS, *(product.migrations for product in PRODUCTS))
