"""Connecting a seller: the consent, the first sync, the end of it, and what Square tells us."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec

from myriad.kit.errors import ConflictError, InvalidInputError, NotFoundError
from myriad.products.keeper.errors import WebhookSignatureError
from myriad.products.keeper.queueing import enqueue_sync
from myriad.products.keeper.repository.connections import (
    list_merchant_connections,
    store_webhook_event,
)
from myriad.products.keeper.settings import KeeperSettings
from myriad.products.keeper.square import oauth
from myriad.products.keeper.square.connections import list_connections
from myriad.products.keeper.square.webhooks import is_genuine
from myriad.scale.data import Session
from myriad.scale.jobs.enqueue import enqueue
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

CALLBACK_PATH = "/keeper/connections/square/callback"
WEBHOOK_TASK = "keeper.webhook.process"


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


async def finish(
    session: Session,
    runtime: Runtime,
    tenant_id: TenantId,
    caller_id: UUID,
    *,
    code: str | None,
    state: str | None,
    error: str | None = None,
) -> UUID:
    """Store the permission, open the account, queue the first sync; return the connection's id.

    Raises AuthorizationFailedError.
    """
    connection_id = await oauth.callback(
        session,
        runtime,
        code=code,
        state=state,
        bound_to=_bound_to(tenant_id, caller_id),
        redirect_uri=redirect_uri(runtime.settings_of(KeeperSettings)),
        error=error,
    )
    await enqueue_sync(session, "increment")
    return connection_id


async def end(session: Session, runtime: Runtime, connection_id: UUID) -> None:
    """Give the permission back; the data stays. Raises NotFoundError."""
    found = await list_connections(session, connection_id)
    if not found:
        raise NotFoundError("no such connection")
    await oauth.disconnect(session, speaking_to(runtime, found[0].base_url), found[0])


def speaking_to(runtime: Runtime, base_url: str) -> Runtime:
    """Return the runtime with the settings that reach `base_url`."""
    settings = runtime.settings_of(KeeperSettings).for_base_url(base_url)
    others = [item for item in runtime.settings if not isinstance(item, KeeperSettings)]
    return replace(runtime, settings=(*others, settings))


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
