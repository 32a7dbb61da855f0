"""Purchases on their way in: banks linked, files imported, Plaid's webhooks, and what stands."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Header, Query, UploadFile
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from myriad.kit.errors import NotFoundError
from myriad.products.kamioi.intake import ofx
from myriad.products.kamioi.intake.csv_files import CsvForm
from myriad.products.kamioi.intake.files import FileFacts, Imported, import_statement
from myriad.products.kamioi.intake.lines import FIRST_DAY, StatementFileError
from myriad.products.kamioi.intake.profiles import Spending
from myriad.products.kamioi.intake.recording import confirm
from myriad.products.kamioi.intake.values import DayOrder
from myriad.products.kamioi.looking import note_look
from myriad.products.kamioi.plaid import items
from myriad.products.kamioi.plaid.visits import VisitAddress
from myriad.products.kamioi.plaid.webhooks import receive_webhook
from myriad.products.kamioi.repository.sql import QUERIES
from myriad.scale.http import (
    RAW_JSON_BODY,
    BoundReader,
    CurrentRuntime,
    Page,
    PageRequest,
    Router,
    Staff,
    TenantReader,
    TenantSession,
    public,
)
from myriad.scale.tenancy import TenantId

router = Router()
_NOBODY: dict[int | str, dict[str, Any]] = {
    404: {"description": "The programme has no such member or account."}
}
_LAST_DAY = date(9999, 12, 31)
_LAST_ID = UUID(int=2**128 - 1)


class LinkRequest(BaseModel):
    """Whose bank is linked; without a public token Link is begun, with it the link is finished."""

    member_id: UUID
    public_token: str | None = Field(default=None, min_length=1, max_length=500)
    institution: str = Field(default="", max_length=200)


class LinkAnswer(BaseModel):
    """A token with which the member's browser opens Link, or the linked item."""

    link_token: str | None = None
    expiration: str | None = None
    item_id: UUID | None = None


class Received(BaseModel):
    """A webhook was taken in; `items` is how many linked banks or visits it concerns."""

    items: int


class Fault(BaseModel):
    """A line that was kept apart, and why."""

    line: int
    reason: str


class ImportAnswer(BaseModel):
    """What a file held; `faults` are the first bad lines, all of them wait in quarantine."""

    file_id: UUID
    read: int
    new: int
    known: int
    changed: int
    refused: int
    faults: list[Fault]


class Transaction(BaseModel):
    """One purchase as it stands; `amount_minor` > 0 is money out."""

    model_config = ConfigDict(extra="forbid")

    id: UUID
    booked_on: date
    shown_on: date
    state: Literal["pending", "posted", "removed", "expired"]
    kind: str
    amount_minor: int
    currency: str
    raw: str
    category: str | None
    mcc: str | None
    source: str
    is_held: bool
    account_id: UUID
    member_id: UUID
    descriptor_id: UUID | None


@router.post("/items/link", responses=_NOBODY)
async def link_item(body: LinkRequest, caller: Staff, runtime: CurrentRuntime) -> LinkAnswer:
    """Begin or finish linking a member's bank; the first reading is queued."""
    if body.public_token is None:
        found = await items.begin_link(runtime, caller.tenant_id, body.member_id)
        return LinkAnswer(
            link_token=str(found.get("link_token")), expiration=str(found.get("expiration"))
        )
    item_id = await items.finish_link(
        runtime,
        caller.tenant_id,
        body.member_id,
        body.public_token,
        institution=body.institution,
    )
    return LinkAnswer(item_id=item_id)


@router.post(
    "/webhooks/plaid",
    dependencies=[public("Plaid signs its webhooks; the signature is checked on the raw body.")],
    responses={401: {"description": "The signature does not prove that Plaid sent this body."}},
    openapi_extra=RAW_JSON_BODY,
)
async def receive_plaid(
    request: Request,
    runtime: CurrentRuntime,
    plaid_verification: Annotated[str | None, Header()] = None,
    programme: UUID | None = None,
    visit: UUID | None = None,
) -> Received:
    """Take in one of Plaid's webhooks; the same one twice is one reading.

    The address that Plaid was given for a visit to its pages names `programme` and `visit`.
    """
    body = await request.body()
    address = VisitAddress(TenantId(programme), visit) if programme and visit else None
    return Received(items=await receive_webhook(runtime, body, plaid_verification, address))


@router.post("/import/ofx", responses=_NOBODY)
async def import_ofx(
    caller: Staff,
    runtime: CurrentRuntime,
    file: UploadFile,
    member_id: Annotated[UUID, Query()],
    account_id: Annotated[UUID | None, Query(description="an account that the file is of")] = None,
    spending: Annotated[Spending | None, Query(description="the sign of a purchase")] = None,
) -> ImportAnswer:
    """Import a statement in OFX or QFX; a second import of the same changes nothing."""
    content = await file.read()
    if not ofx.is_ofx(content):
        raise StatementFileError("this file is no OFX; send a CSV to /import/csv")
    facts = FileFacts(
        member_id, (file.filename or "statement")[:200], account_id, form=CsvForm(spending=spending)
    )
    return _answer(await import_statement(runtime.database, caller.tenant_id, content, facts))


@router.post("/import/csv", responses=_NOBODY)
async def import_csv(
    caller: Staff,
    runtime: CurrentRuntime,
    reader: TenantReader,
    file: UploadFile,
    member_id: Annotated[UUID, Query()],
    account_id: Annotated[UUID | None, Query(description="an account that the file is of")] = None,
    institution: Annotated[str, Query(max_length=100)] = "",
    mask: Annotated[str, Query(max_length=8, description="the last digits of the account")] = "",
    columns: Annotated[
        str | None,
        Query(max_length=400, description="as in `date=When,amount=Sum,description=What`"),
    ] = None,
    spending: Annotated[Spending | None, Query(description="the sign of a purchase")] = None,
    days: Annotated[DayOrder | None, Query(description="the order of the day's parts")] = None,
    currency: Annotated[
        str | None, Query(pattern="^[A-Z]{3}$", description="the member's unless it is given")
    ] = None,
) -> ImportAnswer:
    """Import a statement in CSV; what the file does not say is asked for, not guessed."""
    content = await file.read()
    if ofx.is_ofx(content):
        raise StatementFileError("this file is OFX; send it to /import/ofx")
    known = currency or await _currency_of(reader, member_id)
    form = CsvForm(columns=columns, spending=spending, days=days, currency=known)
    name = (file.filename or "statement")[:200]
    facts = FileFacts(member_id, name, account_id, institution, mask, form=form)
    return _answer(await import_statement(runtime.database, caller.tenant_id, content, facts))


async def _currency_of(reader: BoundReader, member_id: UUID) -> str:
    facts = {"tenant_id": reader.tenant_id, "member_id": member_id}
    row = await reader.row(QUERIES["find_member"], facts)
    if row is None:
        raise NotFoundError("the programme has no such member")
    return str(row["currency"])


def _answer(imported: Imported) -> ImportAnswer:
    return ImportAnswer(
        file_id=imported.file_id,
        read=imported.read,
        new=imported.new,
        known=imported.known,
        changed=imported.changed,
        refused=imported.refused,
        faults=[Fault(line=line, reason=reason) for line, reason in imported.faults],
    )


@router.get("/admin/transactions", response_model=Page[Transaction])
async def list_transactions(
    paging: PageRequest,
    caller: Staff,
    runtime: CurrentRuntime,
    reader: TenantReader,
    member_id: Annotated[UUID, Query()],
    since: Annotated[date, Query()] = FIRST_DAY,
    until: Annotated[date, Query()] = _LAST_DAY,
) -> Response:
    """Return a member's purchases, the last booked first; that somebody looked is noted."""
    await note_look(runtime.database, caller, member_id, "api")
    after_day, after_id = paging.after or (_LAST_DAY, _LAST_ID)
    rows = await reader.rows(
        QUERIES["kamioi_transactions"],
        {
            "member_id": member_id,
            "since": since,
            "until": until,
            "after_day": after_day,
            "after_id": after_id,
            "limit": paging.fetch,
        },
    )
    return paging.answer(rows, position=lambda row: (row["booked_on"], row["id"]))


@router.post("/admin/transactions/{booked_on}/{purchase_id}/confirm", status_code=204)
async def confirm_transaction(
    booked_on: date, purchase_id: UUID, caller: Staff, session: TenantSession
) -> None:
    """Let a purchase above 10,000 that waits for its member round up."""
    await confirm(session, booked_on, purchase_id)
