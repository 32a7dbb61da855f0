"""A valuation's report as the answer to a request."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from myriad.products.upswitch.reports import MEDIA_TYPES, file_name
from myriad.products.upswitch.valuations.making import make_report
from myriad.products.upswitch.valuations.reading import load_valuation
from myriad.products.upswitch.views.valuations import ReportFormat
from myriad.scale.data import Session
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId, current_tenant


async def answer_report(
    runtime: Runtime, session: Session, valuation_id: UUID, format_: ReportFormat
) -> Response:
    """Return a valuation's report as a file to keep; raises ValuationNotFoundError."""
    view = await load_valuation(runtime, TenantId(current_tenant()), valuation_id)
    content = await make_report(runtime, session, valuation_id, format_)
    headers = {"Content-Disposition": f'attachment; filename="{file_name(view, format_)}"'}
    return Response(content, media_type=MEDIA_TYPES[format_], headers=headers)
