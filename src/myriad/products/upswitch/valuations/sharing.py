"""Links that show one valuation to whoever has them, without a login, until they end.

The address carries the account and the link, encrypted and authenticated by the installation's
key, so that nobody can make or change one. When it ends and whether it was taken back stands in
the database, and is asked on every look.
"""

from __future__ import annotations

import base64
import binascii
from datetime import timedelta
from uuid import UUID

from myriad.kit.clock import utc_now
from myriad.kit.ids import new_id
from myriad.products.upswitch.errors import ShareLinkError
from myriad.products.upswitch.valuations.sql import execute, fetch, find
from myriad.products.upswitch.views.valuations import ShareLinkView
from myriad.scale.data import ReadSession, Session
from myriad.scale.directory import Principal
from myriad.scale.directory.audit import record_event
from myriad.scale.tenancy import TenantId
from myriad.scale.vault import Vault, VaultError

PATH = "/upswitch/shared"
LONGEST_TOKEN = 400
DEFAULT_DAYS, MOST_DAYS = 14, 90
_BOUND_TO = "upswitch:share"
_GONE = "it has ended, was taken back, or is damaged; ask whoever sent it for a new one"


def seal(vault: Vault, tenant_id: TenantId, link_id: UUID) -> str:
    """Return the token of a link."""
    sealed = vault.encrypt(tenant_id.bytes + link_id.bytes, _BOUND_TO)
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def unseal(vault: Vault, token: str) -> tuple[TenantId, UUID]:
    """Return the account and the link that a token names; raises ShareLinkError."""
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        opened = vault.decrypt(sealed, _BOUND_TO)
    except (binascii.Error, ValueError, VaultError):
        raise ShareLinkError(_GONE) from None
    return TenantId(UUID(bytes=opened[:16])), UUID(bytes=opened[16:])


async def share(
    session: Session, caller: Principal, valuation_id: UUID, days: int = DEFAULT_DAYS
) -> UUID:
    """Make a link to a valuation that ends after so many days; return its id."""
    link_id = new_id()
    await execute(
        session,
        "store_share_link",
        id=link_id,
        valuation_id=valuation_id,
        created_by=caller.id,
        expires_at=utc_now() + timedelta(days=days),
    )
    subject = str(valuation_id)
    record_event(session, caller.tenant_id, "valuation.shared", actor=caller, subject=subject)
    return link_id


async def revoke(session: Session, caller: Principal, valuation_id: UUID, link_id: UUID) -> None:
    """Take a link back; it shows nothing from now on. Raises ShareLinkError when there is none."""
    place = {"valuation_id": valuation_id, "id": link_id}
    if await execute(session, "revoke_share_link", **place):
        subject = str(valuation_id)
        record_event(session, caller.tenant_id, "valuation.unshared", actor=caller, subject=subject)
    elif await find(session, "find_share_link", id=link_id) is None:
        raise ShareLinkError("there is no such link to this valuation")


async def list_links(session: ReadSession, valuation_id: UUID) -> tuple[ShareLinkView, ...]:
    """Return the links to a valuation, the newest first."""
    rows = await fetch(session, "list_share_links", valuation_id=valuation_id)
    return tuple(ShareLinkView(**row) for row in rows)


async def open_link(session: ReadSession, link_id: UUID) -> UUID:
    """Return the valuation that a link still shows; raises ShareLinkError."""
    row = await find(session, "find_share_link", id=link_id)
    if row is None or row["revoked_at"] is not None or row["expires_at"] <= utc_now():
        raise ShareLinkError(_GONE)
    valuation_id: UUID = row["valuation_id"]
    return valuation_id
