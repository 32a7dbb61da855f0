"""Visits to the pages that Plaid hosts: what is kept of one, and where Plaid tells that it ended."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from myriad.scale.tenancy import TenantId
from myriad.scale.vault import Vault

FINISH_TASK = "kamioi.link.finish"
# The browser mostly comes back by itself; this long after Plaid's word the visit is finished anyway.
GRACE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class VisitAddress:
    """The visit that a webhook's address names; it proves nothing."""

    tenant_id: TenantId
    visit_id: UUID


@dataclass(frozen=True, slots=True)
class VisitSecret:
    """What a visit is asked about with, and where its pages are."""

    token: str
    url: str


def _place(visit_id: UUID) -> str:
    return f"kamioi:link:{visit_id}"


def seal(vault: Vault, visit_id: UUID, secret: VisitSecret) -> bytes:
    """Return a visit's secret as it is stored."""
    return vault.encrypt(json.dumps(asdict(secret)).encode(), _place(visit_id))


def unseal(vault: Vault, visit_id: UUID, sealed: bytes) -> VisitSecret:
    """Return what was sealed for this visit; raises VaultError for what was not."""
    return VisitSecret(**json.loads(vault.decrypt(bytes(sealed), _place(visit_id))))


def webhook_of(base: str, tenant_id: TenantId, visit_id: UUID) -> str:
    """Return the address at which Plaid tells that a visit ended; empty when `base` is."""
    if not base:
        return ""
    join = "&" if urlsplit(base).query else "?"
    return f"{base}{join}{urlencode({'programme': str(tenant_id), 'visit': str(visit_id)})}"
