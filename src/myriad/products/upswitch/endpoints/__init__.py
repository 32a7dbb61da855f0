"""Upswitch's API, under /api/v1/upswitch."""

from myriad.products.upswitch.endpoints import companies, parameters, sessions, valuations
from myriad.scale.http import Router

router = Router(tags=["upswitch"])
router.include_router(companies.router)
router.include_router(sessions.router)
router.include_router(valuations.router)
router.include_router(parameters.router)
