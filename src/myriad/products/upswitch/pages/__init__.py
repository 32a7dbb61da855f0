"""The Upswitch screens: an endpoint is a signature and one call."""

from myriad.products.upswitch.pages import companies
from myriad.scale.http import Router

router = Router(tags=["upswitch"])
router.include_router(companies.router)

__all__ = ["router"]
