"""Files of one tenant: sealed with a key of its own, read by links that end, gone when deleted."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

import msgspec

from myriad.scale.storage.errors import LinkError
from myriad.scale.storage.store import Store
from myriad.scale.tenancy import TenantId
from myriad.scale.vault import Vault

LINK_SECONDS = 300
_ROOT = "tenants"
_MAC_BYTES = 32


class _Link(msgspec.Struct, array_like=True, frozen=True):
    tenant_id: UUID
    name: str
    until: int


class TenantFiles:
    """The files of every tenant, each sealed with its tenant's key and bound to its name.

    Keys are derived from the master key (AES-256-GCM, see `scale.vault`): a file moved to another
    tenant or name does not open, and whoever reads the folder or the bucket reads nothing.
    """

    def __init__(self, store: Store, vault: Vault) -> None:
        self.store = store
        self._vault = vault
        self._link_key = vault.derive("storage links")

    async def put(self, tenant_id: TenantId, name: str, content: bytes) -> None:
        """Seal and write a file in place of whatever had its name."""
        key = _key(tenant_id, name)
        await self.store.put(key, self._of(tenant_id).encrypt(content, key))

    async def get(self, tenant_id: TenantId, name: str) -> bytes:
        """Return a file; raise FileNotStoredError, or VaultError when it is not what was written."""
        key = _key(tenant_id, name)
        return self._of(tenant_id).decrypt(await self.store.get(key), key)

    async def iter_names(self, tenant_id: TenantId, prefix: str) -> AsyncIterator[str]:
        """Yield the names of a tenant's files below `prefix`, in order."""
        root = _key(tenant_id, "")
        async for key in self.store.iter_keys(root + prefix):
            yield key.removeprefix(root)

    async def delete(self, tenant_id: TenantId, name: str) -> None:
        """Delete a file, which is no fault when there is none."""
        await self.store.delete(_key(tenant_id, name))

    async def forget(self, tenant_id: TenantId) -> int:
        """Delete every file of a tenant and return how many there were."""
        return await self.store.delete_below(_key(tenant_id, "").rstrip("/"))

    def link(
        self, tenant_id: TenantId, name: str, now: datetime, *, seconds: int = LINK_SECONDS
    ) -> str:
        """Return what opens one file for `seconds`, for the end of an address; it needs no sign-in."""
        until = int(now.timestamp()) + seconds
        body = msgspec.msgpack.encode(_Link(tenant_id, name, until))
        return base64.urlsafe_b64encode(self._mac(body) + body).decode().rstrip("=")

    async def open_link(self, link: str, now: datetime) -> bytes:
        """Return the file of a link; raise LinkError when it is over or not ours."""
        tenant_id, name = self.read_link(link, now)
        return await self.get(tenant_id, name)

    def read_link(self, link: str, now: datetime) -> tuple[TenantId, str]:
        """Return whose and which file a link opens; raise LinkError when it is over or not ours."""
        try:
            raw = base64.urlsafe_b64decode(link + "=" * (-len(link) % 4))
        except (binascii.Error, ValueError):
            raise LinkError("This link is not complete; ask for a new one.") from None
        mac, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(body)):
            raise LinkError("This link is not complete; ask for a new one.")
        found = msgspec.msgpack.decode(body, type=_Link)
        if now.timestamp() >= found.until:
            raise LinkError("This link has ended; ask for a new one.")
        return TenantId(found.tenant_id), found.name

    def _mac(self, body: bytes) -> bytes:
        return hmac.digest(self._link_key, body, hashlib.sha256)

    def _of(self, tenant_id: TenantId) -> Vault:
        return Vault(self._vault.derive(f"storage of {tenant_id}"))


def _key(tenant_id: TenantId, name: str) -> str:
    return f"{_ROOT}/{tenant_id}/{name}"
