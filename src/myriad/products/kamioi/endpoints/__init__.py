"""Kamioi's API, under /api/v1/kamioi."""

from myriad.products.kamioi.endpoints import center, holdings, intake, migration, operation, own
from myriad.scale.http import Router

router = Router(tags=["kamioi"])
router.include_router(intake.router)
router.include_router(center.router)
router.include_router(own.router)
router.include_router(operation.router)
router.include_router(holdings.router)
router.include_router(migration.router)

__all__ = ["router"]
