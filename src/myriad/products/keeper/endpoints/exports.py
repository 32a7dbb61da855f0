"""Everything of an account as one file."""

from __future__ import annotations

from starlette.responses import Response

from myriad.products.keeper.export_answer import answer_export
from myriad.scale.http import CurrentRuntime, Owner, Router, TenantSession

router = Router()


@router.get(
    "/export",
    response_class=Response,
    responses={
        200: {"content": {"application/zip": {}}},
        429: {"description": "Other exports are running; Retry-After says when to ask again."},
    },
)
async def export(caller: Owner, runtime: CurrentRuntime, session: TenantSession) -> Response:
    """Return a zip of CSV files with everything, and a README that says what each column means."""
    return await answer_export(session, runtime, caller)
