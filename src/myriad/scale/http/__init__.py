"""The HTTP edge: the conventions that every API and page of Myriad keeps.

A product's endpoint is a signature and one call:

    router = Router(tags=["shop"])                        not APIRouter: it knows Idempotency-Key

    @router.get("/customers", response_model=Page[CustomerRow])
    async def list_customers(paging: PageRequest, reader: TenantReader) -> Response:
        rows = await reader.rows(QUERIES["customers"], {"after": ..., "limit": paging.fetch})
        return paging.answer(rows, position=lambda row: (row["seen_on"], row["id"]))

    @router.post("/tasks/{task_id}/done", status_code=200)
    async def finish_task(task_id: UUID, caller: Staff, session: TenantSession) -> TaskRead:
        return await tasks.finish(session, caller, task_id)

Guards: `Staff` (who runs a tenant, or a key of it), `Owner`, `Operator`, `Belonging` (anybody of a
tenant, also those whom it serves), `Caller` (signed in, perhaps without a tenant), `Known` (of a suspended tenant as well), `MaybeCaller`, or `dependencies=[public("why")]`; they count the request under
its plan's rates (`rated("heavy")` puts a route into another class). All but the last two are a
`Principal` with tenant_id, tenant (name, timezone), role, id. Sessions: `TenantReadSession` until
a row changes, then `TenantSession` (commits before the answer leaves), `TenantReader` for named
SQL (`rows`, `row`). They imply `Staff`. A route that answers people about themselves, and binds all
it reads and writes to them, takes `OwnSession`, `OwnReader` and `OwnPageRequest`, which imply
`Belonging`. `CurrentRuntime` gives the process's Runtime.

Answers: return a model, or bytes by `json_rows(rows)`, `json_answer(value)`, `paging.answer(...)`;
events by a generator of `ServerSentEvent` on a route with `response_class=EventSourceResponse`
(a heartbeat goes out every 15 seconds). Errors: raise a MyriadError; it becomes a problem document
or, for a browser outside /api, a page. A foreign tenant's id is a NotFoundError like any unknown.

A page takes `CurrentPage` of `myriad.scale.ui.page`: navigation, tenants, zone, and the CSRF token
that its forms post as `csrf_token`; the guards check it.
"""

from starlette.requests import Request
from starlette.responses import Response

from myriad.scale.http.answers import (
    EventSourceResponse,
    Queued,
    ServerSentEvent,
    json_answer,
    json_bytes,
    json_rows,
)
from myriad.scale.http.app import create_app
from myriad.scale.http.cookies import (
    clear_session_cookie,
    find_session_token,
    set_session_cookie,
)
from myriad.scale.http.csrf import check_csrf, csrf_token
from myriad.scale.http.cursors import (
    OperatorPageRequest,
    OwnPageRequest,
    Page,
    PageRequest,
    Paging,
)
from myriad.scale.http.guards import (
    Belonging,
    Caller,
    CurrentRuntime,
    EverybodyMay,
    Known,
    MaybeCaller,
    Operator,
    Owner,
    Staff,
    public,
    runtime_of,
)
from myriad.scale.http.openapi import RAW_JSON_BODY
from myriad.scale.http.problem import Problem, problem_response, request_id_of
from myriad.scale.http.rates import rated
from myriad.scale.http.router import Router
from myriad.scale.http.sessions import (
    BoundReader,
    OwnReader,
    OwnSession,
    TenantReader,
    TenantReadSession,
    TenantSession,
)
from myriad.scale.http.settings import EdgeSettings

__all__ = [
    "RAW_JSON_BODY",
    "Belonging",
    "BoundReader",
    "Caller",
    "CurrentRuntime",
    "EdgeSettings",
    "EventSourceResponse",
    "EverybodyMay",
    "Known",
    "MaybeCaller",
    "Operator",
    "OperatorPageRequest",
    "OwnPageRequest",
    "OwnReader",
    "OwnSession",
    "Owner",
    "Page",
    "PageRequest",
    "Paging",
    "Problem",
    "Queued",
    "Request",
    "Response",
    "Router",
    "ServerSentEvent",
    "Staff",
    "TenantReadSession",
    "TenantReader",
    "TenantSession",
    "check_csrf",
    "clear_session_cookie",
    "create_app",
    "csrf_token",
    "find_session_token",
    "json_answer",
    "json_bytes",
    "json_rows",
    "problem_response",
    "public",
    "rated",
    "request_id_of",
    "runtime_of",
    "set_session_cookie",
]
