"""Connecting a seller: the consent, the first sync, the end of it, and what Square tells us."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

import msgspec

from myriad.kit.errors import ConflictError, InvalidInputError, NotFoundError
from myriad.products.keeper.errors import AuthorizationFailedError, WebhookSignatureError
from myriad.products.keeper.queueing import enqueue_sync
from myriad.products.keeper.repository import consents
from myriad.products.keeper.repository.accounts import set_setting
from myriad.products.keeper.repository.connections import (
    list_merchant_connections,
    store_webhook_event,
)
from myriad.products.keeper.settings import KeeperSettings
from myriad.products.keeper.square import oauth
from myriad.products.keeper.square.connections import list_connections, mark_revoked
from myriad.products.keeper.square.speaking import speaking_to
from myriad.products.keeper.square.webhooks import is_genuine
from myriad.scale.data import Session
from myriad.scale.directory.audit import record_event
from myriad.scale.directory.principal import Principal
from myriad.scale.jobs.enqueue import enqueue
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId, current_tenant

CALLBACK_PATH = "/keeper/connections/square/callback"
WEBHOOK_TASK = "keeper.webhook.process"
CONNECT_TASK, DISCONNECT_TASK = "keeper.square.connect", "keeper.square.disconnect"


class NotConfiguredError(ConflictError):
    """This installation has no Square application that a seller could allow."""

    code = "keeper_not_configured"
    title = "No Square application"


def begin(runtime: Runtime, tenant_id: TenantId, caller_id: UUID) -> str:
    """Return the address of Square's consent page for this caller.

    Raises NotConfiguredError without an application.
    """
    settings = runtime.settings_of(KeeperSettings)
    if not settings.can_connect:
        raise NotConfiguredError("set MYRIAD_KEEPER__SQUARE_APPLICATION_ID and its secret first")
    return oauth.start(
        settings,
        runtime.vault,
        bound_to=_bound_to(tenant_id, caller_id),
        redirect_uri=redirect_uri(settings),
    )


async def take_answer(
    session: Session,
    runtime: Runtime,
    caller: Principal,
    *,
    code: str | None,
    state: str | None,
    error: str | None = None,
) -> UUID:
    """Check Square's answer and queue what remains to be said to Square; return the job's id.

    A state counts once. Raises AuthorizationFailedError.
    """
    tenant_id = caller.tenant_id
    bound_to = _bound_to(tenant_id, caller.id)
    checked = oauth.check_answer(runtime.vault, code, state, bound_to, error)
    consent_id = await consents.take_state(session, hashlib.sha256((state or "").encode()).digest())
    if consent_id is None:
        raise AuthorizationFailedError("this answer of Square was used already; connect again")
    sealed = runtime.vault.encrypt(checked.encode(), _place(tenant_id, consent_id))
    record_event(session, tenant_id, "square.consented", actor=caller, subject=str(consent_id))
    job_id = await enqueue(
        session,
        CONNECT_TASK,
        {"consent_id": str(consent_id)},
        dedup_key=f"connect:{consent_id}",
        job_class="interactive",
    )
    await consents.keep_code(session, consent_id, sealed, job_id)
    return job_id


async def finish(session: Session, runtime: Runtime, consent_id: UUID) -> None:
    """Exchange the code of a consent for a permission and queue the first sync.

    What Square refuses is kept with the consent, for the owner to read.
    """
    sealed = await consents.find_code(session, consent_id)
    if sealed is None:
        return
    code = runtime.vault.decrypt(sealed, _place(current_tenant(), consent_id)).decode()
    uri = redirect_uri(runtime.settings_of(KeeperSettings))
    try:
        connection_id = await oauth.accept(session, runtime, code, uri)
    except AuthorizationFailedError as error:
        await consents.end(session, consent_id, "failed", message=error.detail)
        return
    await consents.end(session, consent_id, "granted", connection_id=connection_id)
    record_event(session, current_tenant(), "square.connected", subject=str(connection_id))
    await enqueue_sync(session, "increment")


async def end(session: Session, connection_id: UUID, actor: Principal | None) -> UUID:
    """Stop reading at once and queue giving the permission back; the data stays.

    Returns the job's id. Raises NotFoundError.
    """
    found = await list_connections(session, connection_id)
    if not found:
        raise NotFoundError("no such connection")
    await mark_revoked(session, oauth.DISCONNECTED_NOTICE, connection_id=connection_id)
    record_event(
        session, current_tenant(), "square.disconnected", actor=actor, subject=str(connection_id)
    )
    job_id = await enqueue(
        session,
        DISCONNECT_TASK,
        {"connection_id": str(connection_id)},
        dedup_key=f"disconnect:{connection_id}",
        job_class="interactive",
    )
    await set_setting(session, "job_id", str(job_id))
    return job_id


async def give_back(session: Session, runtime: Runtime, connection_id: UUID) -> None:
    """Tell Square that the permission is given back, unless it was given anew meanwhile."""
    for connection in await list_connections(session, connection_id):
        if connection.status == "revoked":
            await oauth.give_back(speaking_to(runtime, connection.base_url), connection)


def _place(tenant_id: TenantId, consent_id: UUID) -> str:
    return f"keeper:consent:{tenant_id}:{consent_id}"


def redirect_uri(settings: KeeperSettings) -> str:
    """Return where Square sends the seller back to."""
    return settings.public_url.rstrip("/") + CALLBACK_PATH


def _bound_to(tenant_id: TenantId, caller_id: UUID) -> str:
    return f"{tenant_id}:{caller_id}"


class _Event(msgspec.Struct):
    merchant_id: str
    type: str
    event_id: str


async def receive_webhook(runtime: Runtime, body: bytes, signature: str | None) -> bool:
    """Keep a webhook of Square's for every tenant that reads its seller; False for a replay.

    Nothing is done here but a row and a job, so that Square is answered at once. Raises
    WebhookSignatureError before anything is read, InvalidInputError for a body without an event.
    """
    settings = runtime.settings_of(KeeperSettings)
    key = settings.square_webhook_key.get_secret_value()
    url = settings.square_webhook_url
    if not key or not url or not is_genuine(body, signature, key=key, url=url):
        raise WebhookSignatureError("the signature does not match the body")
    try:
        event = msgspec.json.decode(body, type=_Event)
        content: dict[str, Any] = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise InvalidInputError("the body is no Square event") from None
    is_new = False
    for tenant_id in await _readers_of(runtime, event.merchant_id):
        async with runtime.database.session(tenant_id) as session:
            if await store_webhook_event(session, event.event_id, event.type, content):
                await enqueue(session, WEBHOOK_TASK, {"event_id": event.event_id})
                is_new = True
    return is_new


async def _readers_of(runtime: Runtime, merchant_id: str) -> list[TenantId]:
    async with runtime.database.crossing("whose webhook this is") as session:
        rows = await list_merchant_connections(session, merchant_id)
    return list(dict.fromkeys(TenantId(row["tenant_id"]) for row in rows))
