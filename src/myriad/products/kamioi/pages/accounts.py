"""Accounts and import: banks linked and mended, statements brought as files, what fees take."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Form, UploadFile
from starlette.responses import RedirectResponse, Response

from myriad.products.kamioi.banking import linking
from myriad.products.kamioi.banking.looking import (
    get_fee_drag,
    get_file,
    list_banks,
    list_files,
)
from myriad.products.kamioi.holding.asking import whose
from myriad.products.kamioi.intake.csv_files import CsvForm
from myriad.products.kamioi.intake.files import FileFacts, import_statement
from myriad.products.kamioi.intake.lines import StatementFileError
from myriad.products.kamioi.pages import account_screens as screens
from myriad.products.kamioi.people import CurrentMember, MemberFacts, MemberPage
from myriad.scale.http import BoundReader, CurrentRuntime, OwnReader, OwnSession, Router
from myriad.scale.ui.filters import capital

ACCOUNTS = "/kamioi/accounts"
_SEE_OTHER = 303

router = Router()


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, _SEE_OTHER)


async def _look(reader: BoundReader, member: MemberFacts) -> screens.AccountsView:
    return screens.AccountsView(
        await list_banks(reader, member.id),
        await list_files(reader, member.id),
        await get_fee_drag(reader, whose(member)),
    )


@router.get("/accounts")
async def accounts(
    page: MemberPage, member: CurrentMember, reader: OwnReader, done: str = ""
) -> Response:
    """Show the member's banks and files."""
    view = replace(await _look(reader, member), done=done)
    return screens.accounts(page, view)


@router.post("/accounts/link")
async def link(
    member: CurrentMember,
    runtime: CurrentRuntime,
    item_id: Annotated[UUID | None, Form()] = None,
) -> Response:
    """Begin a visit to Plaid's pages; of a linked bank to sign in to it again."""
    return _to(linking.page_of(await linking.begin_visit(runtime, member, item_id)))


@router.get("/accounts/links/{visit_id}")
async def visit(
    page: MemberPage, member: CurrentMember, runtime: CurrentRuntime, visit_id: UUID
) -> Response:
    """Say what Plaid's pages ask, and lead there."""
    return screens.visit(page, await linking.get_visit(runtime, member, visit_id))


@router.get("/accounts/links/{visit_id}/done")
async def come_back(member: CurrentMember, runtime: CurrentRuntime, visit_id: UUID) -> Response:
    """Take in what became of a visit when the browser comes back from it."""
    outcome = await linking.finish_visit(runtime, member, visit_id)
    return _to(linking.page_of(visit_id) if outcome == "open" else f"{ACCOUNTS}?done={outcome}")


@router.post("/accounts/items/{item_id}/remove")
async def remove(member: CurrentMember, runtime: CurrentRuntime, item_id: UUID) -> Response:
    """Let a bank go."""
    await linking.unlink(runtime, member, item_id)
    return _to(f"{ACCOUNTS}?done=removed")


@router.post("/accounts/{account_id}/funding")
async def choose(member: CurrentMember, session: OwnSession, account_id: UUID) -> Response:
    """Let pulls come from this account."""
    await linking.choose_funding(session, member, account_id)
    return _to(f"{ACCOUNTS}?done=funding")


@router.post("/accounts/import")
async def bring(
    page: MemberPage,
    member: CurrentMember,
    reader: OwnReader,
    file: UploadFile,
    answers: Annotated[screens.Answers, Depends(screens.answers_of)],
) -> Response:
    """Import a statement; what the file does not say is asked for, not guessed."""
    form = CsvForm(
        columns=answers.columns or None,
        spending=answers.spending or None,
        days=answers.days or None,
        currency=answers.currency or member.currency,
    )
    name = (file.filename or "statement")[:200]
    facts = FileFacts(member.id, name, None, answers.institution, answers.mask, form=form)
    try:
        database = reader.runtime.database
        done = await import_statement(database, member.tenant_id, await file.read(), facts)
    except StatementFileError as fault:
        view = replace(await _look(reader, member), fault=capital(fault.detail), answers=answers)
        return screens.accounts(page, view, status=422)
    return _to(f"{ACCOUNTS}/files/{done.file_id}")


@router.get("/accounts/files/{file_id}")
async def imported(
    page: MemberPage, member: CurrentMember, reader: OwnReader, file_id: UUID
) -> Response:
    """Say what a file held, and which of its lines were kept apart."""
    return screens.imported(page, *await get_file(reader, member.id, file_id))
