"""The Upswitch screens: an endpoint is a signature and one call."""

from myriad.products.upswitch.pages import (
    companies,
    conversing,
    moves,
    operating,
    sessions,
    sharing,
    valuations,
)
from myriad.scale.http import Router

router = Router(tags=["upswitch"])
router.include_router(companies.router)
# `sharing` first: /valuations/{id}/report.pdf is its.
router.include_router(sharing.router)
router.include_router(valuations.router)
router.include_router(operating.router)
router.include_router(moves.router)
router.include_router(sessions.router)
router.include_router(conversing.router)

__all__ = ["router"]
