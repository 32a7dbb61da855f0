"""Connecting a Google account as jobs: consent, the code redeemed, the end of it, notifications.

A request only checks and enqueues; what asks Google runs as a job, so that a slow Google holds
nobody's page.
"""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

from myriad.kit.errors import ConflictError, NotFoundError
from myriad.products.keeper.errors import AuthorizationFailedError
from myriad.products.keeper.google import oauth
from myriad.products.keeper.google.certificates import certificates_at
from myriad.products.keeper.google.client import open_client
from myriad.products.keeper.google.connections import (
    ENDED_NOTICE,
    GoogleTokens,
    end_google,
    list_google,
    store_google,
)
from myriad.products.keeper.google.errors import GoogleAnswerError
from myriad.products.keeper.google.mapping import account_of
from myriad.products.keeper.google.policy import GOOGLE
from myriad.products.keeper.google.sql import find_readers
from myriad.products.keeper.google.webhooks import (
    Notification,
    check_oidc,
    check_secret,
    read_notification,
)
from myriad.products.keeper.repository.accounts import open_account, set_setting
from myriad.products.keeper.repository.connections import store_webhook_event
from myriad.products.keeper.schedules import SCHEDULES
from myriad.products.keeper.settings import KeeperSettings
from myriad.products.keeper.square.work import Work
from myriad.scale.data import Session
from myriad.scale.jobs.enqueue import enqueue
from myriad.scale.observe.logs import get_logger
from myriad.scale.runtime import Runtime
from myriad.scale.schedule import ensure_schedules
from myriad.scale.tenancy import TenantId, current_tenant

CALLBACK_PATH = "/keeper/connections/google/callback"
CONNECT_TASK, END_TASK = "keeper.google.connect", "keeper.google.disconnect"
READ_TASK, READ_ONE_TASK = "keeper.google.read", "keeper.google.read_one"
REPLY_TASK = "keeper.google.reply"
_log = get_logger(__name__)


class GoogleNotConfiguredError(ConflictError):
    """This installation has no Google application that an owner could allow."""

    code = "keeper_google_not_configured"
    title = "No Google application"


def begin(runtime: Runtime, tenant_id: TenantId, caller_id: UUID) -> str:
    """Return the address of Google's consent page; raises GoogleNotConfiguredError."""
    settings = runtime.settings_of(KeeperSettings)
    if not settings.can_connect_google:
        message = "set MYRIAD_KEEPER__GOOGLE_CLIENT_ID and its secret first"
        raise GoogleNotConfiguredError(message)
    return oauth.start(
        settings,
        runtime.vault,
        bound_to=f"{tenant_id}:{caller_id}",
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
) -> UUID:
    """Check Google's answer, open the account, and queue what redeems the code.

    Raises AuthorizationFailedError for an answer that was denied or belongs to somebody else.
    """
    sealed = await take_code(session, runtime, tenant_id, caller_id, code=code, state=state)
    return await enqueue(session, CONNECT_TASK, {"code": sealed}, job_class="interactive")


async def take_code(
    session: Session,
    runtime: Runtime,
    tenant_id: TenantId,
    caller_id: UUID,
    *,
    code: str | None,
    state: str | None,
) -> str:
    """Check Google's answer, open the account and return the code sealed, for `connect`.

    Raises AuthorizationFailedError for an answer that was denied or belongs to somebody else.
    """
    bound_to = f"{tenant_id}:{caller_id}"
    good = oauth.check_answer(runtime.vault, state=state, code=code, bound_to=bound_to)
    await open_account(session)
    await ensure_schedules(session, tenant_id, SCHEDULES)
    await set_setting(session, "google_notice", "")
    return base64.b64encode(runtime.vault.encrypt(good.encode(), _code_place())).decode()


async def connect(work: Work, sealed_code: str) -> list[UUID]:
    """Redeem a code, store each business account that it reaches, and have changes told.

    Raises AuthorizationFailedError; what went wrong is kept for the owner to read.
    """
    settings = work.runtime.settings_of(KeeperSettings)
    code = work.runtime.vault.decrypt(base64.b64decode(sealed_code), _code_place()).decode()
    try:
        tokens = await oauth.redeem(settings, code, redirect_uri(settings))
        found = await _store_accounts(work, settings, tokens)
    except (AuthorizationFailedError, GoogleAnswerError) as error:
        await work.session.rollback()
        await set_setting(work.session, "google_notice", error.detail)
        await work.checkpoint()
        raise
    await enqueue_reading(work.session, "full", job_class="interactive")
    return found


async def _store_accounts(work: Work, settings: KeeperSettings, tokens: GoogleTokens) -> list[UUID]:
    limiter, breaker = GOOGLE.limits_of(work.runtime.cache)
    found = []
    async with open_client(
        base_url=settings.google_base_url,
        token=tokens.access,
        account=f"accounts/of-{current_tenant()}",
        limiter=limiter,
        breaker=breaker,
    ) as client:
        for account in await client.accounts():
            name = str(account["name"])
            places = await client.places(name)
            if settings.google_topic:
                await client.subscribe(name, settings.google_topic)
            found.append(
                await store_google(
                    work.session,
                    work.runtime.vault,
                    tokens,
                    account=name,
                    title=str(account.get("accountName") or name),
                    base_url=settings.google_base_url,
                    scopes=list(oauth.SCOPES),
                    places=places,
                )
            )
    if not found:
        raise AuthorizationFailedError("this Google account manages no business profile")
    return found


async def enqueue_end(session: Session, connection_id: UUID) -> UUID:
    """Queue the end of a connection; raises NotFoundError."""
    if not await list_google(session, connection_id):
        raise NotFoundError("no such connection")
    return await enqueue(
        session,
        END_TASK,
        {"connection_id": str(connection_id)},
        dedup_key=f"google-end:{connection_id}",
        job_class="interactive",
    )


async def end(work: Work, connection_id: UUID) -> None:
    """Forget the tokens and give the permission back once no account needs it; reviews stay."""
    found = await list_google(work.session, connection_id)
    if not found:
        return
    await end_google(work.session, connection_id, ENDED_NOTICE)
    others = [item for item in await list_google(work.session) if item.status == "active"]
    await work.checkpoint()
    if not others:
        await oauth.revoke(work.runtime, found[0])


async def enqueue_reading(
    session: Session, mode: str = "increment", *, job_class: Any = None
) -> UUID | None:
    """Queue a reading of reviews, one at a time for an account; None without a connection."""
    if not any(item.status != "revoked" for item in await list_google(session)):
        return None
    return await enqueue(
        session, READ_TASK, {"mode": mode}, dedup_key=f"google:{mode}", job_class=job_class
    )


async def receive(
    runtime: Runtime, body: bytes, *, authorization: str | None, token: str | None
) -> bool:
    """Keep a notification for every tenant that reads its account; False for a replay.

    Raises WebhookSignatureError before anything is read, InvalidInputError for a foreign body.
    """
    settings = runtime.settings_of(KeeperSettings)
    if settings.google_webhook_audience:
        check_oidc(
            authorization,
            await certificates_at(settings.google_certs_url).get(),
            audience=settings.google_webhook_audience,
            email=settings.google_webhook_email,
        )
    else:
        check_secret(token, settings.google_webhook_secret.get_secret_value())
    return await _keep(runtime, read_notification(body))


async def _keep(runtime: Runtime, told: Notification) -> bool:
    # What names no account, such as news of a location, is taken so that Google sends it no more.
    account = account_of(told.review or told.location)
    if not account.startswith("accounts/"):
        return False
    async with runtime.database.crossing("whose Google notification this is") as session:
        rows = await find_readers(session, account)
    is_new = False
    for tenant_id in dict.fromkeys(TenantId(row["tenant_id"]) for row in rows):
        async with runtime.database.session(tenant_id) as session:
            if await _store(session, told):
                is_new = True
    return is_new


async def _store(session: Session, told: Notification) -> bool:
    body = {"type": told.type, "location": told.location, "review": told.review}
    kind = f"google.{told.type or 'unknown'}"
    if not await store_webhook_event(session, told.event_id, kind, body):
        return False
    if told.review:
        payload = {"review": told.review, "event_id": told.event_id}
        await enqueue(session, READ_ONE_TASK, payload, job_class="interactive")
    return True


def redirect_uri(settings: KeeperSettings) -> str:
    """Return where Google sends the owner back to."""
    return settings.public_url.rstrip("/") + CALLBACK_PATH


def _code_place() -> str:
    return f"keeper:google:{current_tenant()}:code"
