"""What Plaid tells by itself: an item has news or wants its owner, a visit to its pages has ended."""

from __future__ import annotations

import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from myriad.kit.clock import utc_now
from myriad.kit.errors import InvalidInputError
from myriad.products.kamioi.intake.recording import today_utc
from myriad.products.kamioi.plaid.client import open_client
from myriad.products.kamioi.plaid.items import end_consent, enqueue_sync, get_item, mark
from myriad.products.kamioi.plaid.signatures import KeyRing, check_webhook
from myriad.products.kamioi.plaid.visits import (
    FINISH_TASK,
    GRACE_SECONDS,
    VisitAddress,
    unseal,
)
from myriad.products.kamioi.repository import sql
from myriad.products.kamioi.repository.sql import QUERIES
from myriad.products.kamioi.settings import KamioiSettings
from myriad.scale.jobs.enqueue import enqueue
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

# Several webhooks in a row are one reading, this long after the last of them.
SETTLE_SECONDS = 3.0
_NEWS = ("SYNC_UPDATES_AVAILABLE", "DEFAULT_UPDATE", "INITIAL_UPDATE", "HISTORICAL_UPDATE")
# Told a week before a bank can be read no more; until then it can.
_ENDING = ("PENDING_EXPIRATION", "PENDING_DISCONNECT")
_ENDS_AFTER = timedelta(days=7)
_LOGIN = ("USER_PERMISSION_REVOKED",)
_rings: WeakKeyDictionary[Any, dict[str, KeyRing]] = WeakKeyDictionary()


async def receive_webhook(
    runtime: Runtime, body: bytes, signature: str | None, address: VisitAddress | None = None
) -> int:
    """Take in a webhook once its signature is proven; return how many items or visits it concerns.

    The same one twice is one reading. Raises PlaidSignatureError, InvalidInputError.
    """
    settings = runtime.settings_of(KamioiSettings)
    rings = _rings.setdefault(runtime.cache, {})
    keys = rings.setdefault(settings.plaid_base_url, KeyRing())
    async with open_client(settings, runtime.cache) as client:
        await check_webhook(signature, body, keys, client.webhook_key)
    told = _read(body)
    if (told.get("webhook_type"), told.get("webhook_code")) == ("LINK", "SESSION_FINISHED"):
        return await _hear_of_visit(runtime, told, address)
    rows = await runtime.database.crossing_rows(
        "whose bank a webhook tells of",
        QUERIES["items_by_external"],
        {"external_id": str(told.get("item_id", ""))},
    )
    for row in rows:
        await _apply(runtime, TenantId(row["tenant_id"]), row["id"], told)
    return len(rows)


async def _hear_of_visit(
    runtime: Runtime, told: dict[str, Any], address: VisitAddress | None
) -> int:
    """Queue finishing a visit that has ended, in case that no browser comes back from it.

    The address is not signed, the body is: a visit whose token it does not name stays as it is. The
    public tokens it brings are not kept; the job asks for them when it exchanges them.
    """
    if address is None:
        return 0
    async with runtime.database.session(address.tenant_id) as session:
        row = await sql.find(session, "find_visitor", id=address.visit_id)
        if row is None or row["state"] != "open":
            return 0
        kept = unseal(runtime.vault, address.visit_id, row["link_token_sealed"])
        named = str(told.get("link_token", ""))
        if not hmac.compare_digest(kept.token.encode(), named.encode()):
            return 0
        await enqueue(
            session,
            FINISH_TASK,
            {"visit_id": str(address.visit_id)},
            dedup_key=f"plaid-visit:{address.visit_id}",
            run_at=utc_now() + timedelta(seconds=GRACE_SECONDS),
        )
    return 1


def _read(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise InvalidInputError("the body is no webhook of Plaid's")
    return told


def _ends_at(told: dict[str, Any]) -> datetime:
    """Return when the consent ends: the moment that is told, else a week from now."""
    try:
        ends = datetime.fromisoformat(str(told["consent_expiration_time"]))
    except (KeyError, ValueError):
        return utc_now() + _ENDS_AFTER
    return ends if ends.tzinfo else ends.replace(tzinfo=UTC)


async def _apply(
    runtime: Runtime, tenant_id: TenantId, item_id: UUID, told: dict[str, Any]
) -> None:
    code = str(told.get("webhook_code", ""))
    fault = told.get("error") or {}
    async with runtime.database.session(tenant_id) as session:
        if told.get("webhook_type") == "TRANSACTIONS" and code in _NEWS:
            await enqueue_sync(session, item_id, settle_seconds=SETTLE_SECONDS)
        elif told.get("webhook_type") == "ITEM" and code in _ENDING:
            await end_consent(session, await get_item(session, item_id), _ends_at(told))
        elif told.get("webhook_type") == "ITEM" and (code in _LOGIN or code == "ERROR"):
            item = await get_item(session, item_id)
            named = str(fault.get("error_code") or code)[:100]
            is_login = code in _LOGIN or named == "ITEM_LOGIN_REQUIRED"
            await mark(session, item, "needs_login" if is_login else "failing", named, today_utc())
        elif code == "LOGIN_REPAIRED":
            item = await get_item(session, item_id)
            await mark(session, item, "linked", "", today_utc())
            await enqueue_sync(session, item_id)
