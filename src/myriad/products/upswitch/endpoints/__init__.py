"""Upswitch's API, under /api/v1/upswitch."""

from myriad.products.upswitch.endpoints import companies
from myriad.scale.http import Router

router = Router(tags=["upswitch"])
router.include_router(companies.router)
