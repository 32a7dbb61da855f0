"""Somebody who may answer reviews."""

from __future__ import annotations

from uuid import UUID

from myriad.kit.ids import new_id
from myriad.scale.directory.principal import Principal, Role, TenantFacts


def principal_of(tenant_id: UUID, role: Role = Role.STAFF) -> Principal:
    """Return a member of the tenant."""
    facts = TenantFacts(tenant_id, "Willow Spa", "UTC", "free", is_suspended=False)  # type: ignore[arg-type]
    return Principal("user", new_id(), "Jo", "jo@example.com", facts, role)
