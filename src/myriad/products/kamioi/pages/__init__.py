"""Kamioi's screens: an endpoint is a signature and one call."""

from myriad.products.kamioi.pages import (
    accounts,
    auditing,
    center,
    foreign,
    mapping,
    members,
    migration,
    notifications,
    own,
    portfolio,
    positions,
    programme,
    quality,
    queue,
    securities,
    statements,
)
from myriad.scale.http import Router

router = Router(tags=["kamioi"])
router.include_router(programme.router)
router.include_router(own.router)
router.include_router(portfolio.router)
router.include_router(accounts.router)
router.include_router(notifications.router)
router.include_router(statements.router)
router.include_router(members.router)
router.include_router(center.router)
router.include_router(queue.router)
router.include_router(mapping.router)
router.include_router(quality.router)
router.include_router(securities.router)
router.include_router(positions.router)
router.include_router(auditing.router)
router.include_router(foreign.router)
router.include_router(migration.router)

__all__ = ["router"]
