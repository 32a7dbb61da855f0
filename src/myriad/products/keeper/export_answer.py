"""The export as an answer, for the page and for programs."""

from __future__ import annotations

from starlette.responses import Response, StreamingResponse

from myriad.products.keeper.exporting import check_room, note_export, stream_export
from myriad.products.keeper.repository.accounts import get_account
from myriad.scale.data import Session
from myriad.scale.directory.principal import Principal
from myriad.scale.runtime import Runtime


async def answer_export(session: Session, runtime: Runtime, caller: Principal) -> Response:
    """Return the zip as an answer that is made while it is sent, and note who asked for it.

    Raises NoAccountError, ExportBusyError.
    """
    await get_account(session)
    check_room()
    note_export(session, caller.tenant_id, caller)
    return StreamingResponse(
        stream_export(runtime.database, caller.tenant_id),
        media_type="application/zip",
        headers={
            "Content-Disposition": 'attachment; filename="keeper-export.zip"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )
