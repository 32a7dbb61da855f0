"""People who were erased here: Square still sends them, and nothing personal of them is stored.

Only keyed digests (HMAC-SHA256) of Square's ids and card signs are kept, so the list itself tells
nobody who was erased. The key never enters the database.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from myriad.kit.errors import MyriadError
from myriad.products.keeper.square.sql import ask, run
from myriad.scale.data import ReadSession, Session
from myriad.scale.tenancy import TenantId, current_tenant
from myriad.scale.vault import Vault

Json = dict[str, Any]
CUSTOMER, CARD = "customer", "card"
_KEY = "keeper-erased"
# What else of an object speaks of its customer, beside the reference itself.
_PERSONAL = (
    "customer_id",
    "buyer_email_address",
    "buyer_phone_number",
    "billing_address",
    "shipping_address",
    "note",
    "customer_note",
    "seller_note",
    "receipt_url",
    "receipt_number",
    "fulfillments",
    "address",
)


class ErasureKeyError(MyriadError):
    """People were erased here, but the key that recognises them was not handed over."""

    code = "keeper_erasure_key"
    title = "Erased people cannot be recognised"


def digest(key: bytes, tenant_id: TenantId, kind: str, value: str) -> bytes:
    """Return the digest under which an erased id is kept."""
    return hmac.digest(key, f"{tenant_id}\0{kind}\0{value}".encode(), hashlib.sha256)


@dataclass(frozen=True)
class Erased:
    """The erased ids of one tenant; empty for most."""

    key: bytes = b""
    tenant_id: TenantId | None = None
    known: frozenset[bytes] = field(default_factory=frozenset)

    def holds(self, kind: str, value: object) -> bool:
        """Tell whether the id belongs to somebody who was erased."""
        if not self.known or not isinstance(value, str) or self.tenant_id is None:
            return False
        return digest(self.key, self.tenant_id, kind, value) in self.known

    def without(self, kind: str, items: Iterable[Json]) -> list[Json]:
        """Return the objects without what is personal of erased people; their profiles not at all."""
        if not self.known:
            return list(items)
        if kind == CUSTOMER:
            return [item for item in items if not self.holds(CUSTOMER, item.get("id"))]
        return [self._anonymous(item) for item in items]

    def _anonymous(self, item: Json) -> Json:
        bare = dict(item)
        if self.holds(CUSTOMER, item.get("customer_id")):
            bare = {name: value for name, value in bare.items() if name not in _PERSONAL}
            bare.pop("card_details", None)
            if isinstance(bare.get("line_items"), list):
                bare["line_items"] = [_plain_line(line) for line in bare["line_items"]]
        elif self.holds(CARD, _card(item).get("fingerprint")):
            bare.pop("card_details", None)
        return bare

    def concerns(self, node: Any) -> bool:
        """Tell whether an event speaks of somebody who was erased, anywhere in it."""
        if not self.known:
            return False
        if isinstance(node, Mapping):
            return any(self.concerns(value) for value in node.values())
        if isinstance(node, list):
            return any(self.concerns(value) for value in node)
        return self.holds(CUSTOMER, node) or self.holds(CARD, node)


def _card(item: Json) -> Json:
    details = item.get("card_details")
    card = details.get("card") if isinstance(details, dict) else None
    return card if isinstance(card, dict) else {}


def _plain_line(line: Any) -> Any:
    """Return an order's line; a name that somebody typed may be a person's and goes."""
    if not isinstance(line, dict) or line.get("catalog_object_id"):
        return line
    return {name: value for name, value in line.items() if name not in ("name", "note")}


async def load_erased(session: ReadSession, vault: Vault | None) -> Erased:
    """Return the tenant's erased ids; raises ErasureKeyError where they exist and no key does."""
    rows = await ask(session, "list_erased_keys")
    if not rows:
        return Erased()
    if vault is None:
        raise ErasureKeyError(
            "people were erased in this account; pass the vault to recognise them"
        )
    known = frozenset(bytes(row["digest"]) for row in rows)
    return Erased(vault.derive(_KEY), current_tenant(), known)


async def remember(session: Session, vault: Vault, kind: str, values: Iterable[str]) -> None:
    """Remember ids as erased."""
    key, tenant_id = vault.derive(_KEY), current_tenant()
    digests = [digest(key, tenant_id, kind, value) for value in values]
    await run(session, "remember_erased", kind=kind, digests=digests)
