"""Linked banks: sealed tokens, what state they are in, whose they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from myriad.kit.errors import ConflictError, InvalidInputError, NotFoundError
from myriad.kit.ids import new_id
from myriad.products.kamioi.plaid.client import PlaidClient, open_client
from myriad.products.kamioi.plaid.errors import PlaidAnswerError
from myriad.products.kamioi.repository import sql
from myriad.products.kamioi.settings import KamioiSettings
from myriad.scale.data import ReadSession, Session
from myriad.scale.jobs.enqueue import enqueue
from myriad.scale.limits import Patience
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId, current_tenant
from myriad.scale.vault import Vault

SYNC_TASK = "kamioi.item.sync"


@dataclass(frozen=True, slots=True)
class PlaidItem:
    """One link to a bank; the token still sealed."""

    id: UUID
    member_id: UUID
    external_id: str
    institution: str
    access_token_sealed: bytes | None
    cursor: str
    status: str


def _place(external_id: str) -> str:
    return f"kamioi:plaid:{current_tenant()}:{external_id}"


def unseal(vault: Vault, item: PlaidItem) -> str:
    """Return the access token; raises NotFoundError for an item without one, VaultError."""
    if item.access_token_sealed is None:
        raise NotFoundError("the bank is linked no more; link it again")
    return vault.decrypt(bytes(item.access_token_sealed), _place(item.external_id)).decode()


async def get_item(session: ReadSession, item_id: UUID) -> PlaidItem:
    """Return a linked bank of the tenant, or raise NotFoundError."""
    row = await sql.find(session, "plaid_item", item_id=item_id)
    if row is None:
        raise NotFoundError("there is no such linked bank")
    return PlaidItem(**row)


async def check_member(session: ReadSession, member_id: UUID) -> None:
    """Raise NotFoundError unless the tenant has this member."""
    if await sql.find(session, "find_member", member_id=member_id) is None:
        raise NotFoundError("there is no such member")


async def begin_link(runtime: Runtime, tenant_id: TenantId, member_id: UUID) -> dict[str, Any]:
    """Return the token with which a member's browser opens Link."""
    async with runtime.database.read_session(tenant_id) as session:
        await check_member(session, member_id)
    settings = runtime.settings_of(KamioiSettings)
    async with open_client(settings, runtime.cache) as client:
        return await client.create_link_token(str(member_id))


async def finish_link(
    runtime: Runtime,
    tenant_id: TenantId,
    member_id: UUID,
    public_token: str,
    *,
    institution: str = "",
    patience: Patience | None = None,
) -> UUID:
    """Exchange what Link gave, keep the token sealed, queue the first reading; return the item.

    Raises NotFoundError, ConflictError for an item of another member, InvalidInputError for a token
    that Plaid does not take.
    """
    async with runtime.database.read_session(tenant_id) as session:
        await check_member(session, member_id)
    settings = runtime.settings_of(KamioiSettings)
    async with open_client(settings, runtime.cache, patience=patience) as client:
        gained = await exchange(client, public_token, institution)
    async with runtime.database.session(tenant_id) as session:
        return await keep_item(session, runtime.vault, member_id, gained)


@dataclass(frozen=True, slots=True)
class Gained:
    """A bank that a public token opened: the token that reads it, and Plaid's id of it."""

    access_token: str
    external_id: str
    institution: str


async def exchange(client: PlaidClient, public_token: str, institution: str) -> Gained:
    """Return the bank that Link gave; raises InvalidInputError for a token that Plaid refuses.

    A public token is good for one exchange.
    """
    try:
        token, external_id = await client.exchange(public_token)
    except PlaidAnswerError as error:
        message = f"Plaid does not take this public token ({error.detail}); open Link again"
        raise InvalidInputError(message, [("/public_token", "what Link gave")]) from None
    return Gained(token, external_id, institution)


async def keep_item(session: Session, vault: Vault, member_id: UUID, gained: Gained) -> UUID:
    """Keep a bank with its token sealed, queue its first reading; return the item.

    Raises ConflictError for an item of another member.
    """
    row = await sql.find(
        session,
        "store_plaid_item",
        id=new_id(),
        member_id=member_id,
        external_id=gained.external_id,
        institution=gained.institution[:200],
        sealed=vault.encrypt(gained.access_token.encode(), _place(gained.external_id)),
    )
    if row is None:
        raise ConflictError("this bank is linked by another member")
    item_id: UUID = row["id"]
    await enqueue_sync(session, item_id)
    return item_id


async def enqueue_sync(
    session: Session, item_id: UUID, *, settle_seconds: float | None = None
) -> UUID:
    """Queue reading what is new of an item; one at a time."""
    return await enqueue(
        session,
        SYNC_TASK,
        {"item_id": str(item_id)},
        dedup_key=f"plaid:{item_id}",
        debounce_seconds=settle_seconds,
    )


async def enqueue_all(session: Session) -> int:
    """Queue reading every linked bank of the tenant; return how many."""
    rows = await sql.fetch(session, "linked_items")
    for row in rows:
        await enqueue_sync(session, row["id"])
    return len(rows)


async def end_consent(session: Session, item: PlaidItem, ends_at: datetime) -> None:
    """Keep when the member's consent ends, and tell them; until then the bank is read.

    An item that was let go stays so, and nobody is told of it.
    """
    if await sql.execute(session, "end_consent", item_id=item.id, ends_at=ends_at):
        ends_on = ends_at.date().isoformat()
        facts = {"item_id": str(item.id), "institution": item.institution, "ends_on": ends_on}
        await sql.execute(
            session,
            "notify_member",
            member_id=item.member_id,
            kind="bank_consent_ends",
            facts=facts,
            once_key=f"consent:{item.id}:{ends_on}",
        )


async def mark(
    session: Session, item: PlaidItem, status: str, error_code: str, today: date
) -> None:
    """Keep how an item stands; its member is told once a day when that asks for them.

    An item that was let go stays so, and nobody is told of it.
    """
    marked = await sql.execute(
        session, "mark_plaid_item", item_id=item.id, status=status, error_code=error_code
    )
    if marked and status == "needs_login":
        await sql.execute(
            session,
            "notify_member",
            member_id=item.member_id,
            kind="bank_needs_login",
            facts={"item_id": str(item.id), "institution": item.institution},
            once_key=f"login:{item.id}:{today}",
        )
