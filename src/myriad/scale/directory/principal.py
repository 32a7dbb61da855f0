"""Who is asking: a signed-in person or a program with a key."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal
from uuid import UUID

from myriad.scale.directory.errors import NoMembershipError
from myriad.scale.tenancy import TenantId


class Role(StrEnum):
    """What somebody may do in a tenant; an owner may do all that staff may.

    A member is a person whom the tenant serves: they see what is theirs alone, and run nothing.
    """

    MEMBER = "member"
    STAFF = "staff"
    OWNER = "owner"


READ = "read"
WRITE = "write"
SCOPES = frozenset({READ, WRITE})


@dataclass(frozen=True, slots=True)
class TenantFacts:
    """What every page and log line needs to know about a tenant."""

    id: TenantId
    name: str
    timezone: str
    plan: str
    is_suspended: bool


@dataclass(frozen=True, slots=True)
class TenantOfUser:
    """A tenant that a person may switch to."""

    id: TenantId
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller of a request: who, in which tenant, with which role and scopes.

    `is_operator` runs this installation, whatever the tenant. A person may belong to no tenant
    yet; then `tenant_id` raises NoMembershipError. `tenants` are the active ones of a person who
    is signed in, oldest membership first.
    """

    kind: Literal["user", "key"]
    id: UUID
    name: str
    email: str
    tenant: TenantFacts | None
    role: Role | None
    scopes: frozenset[str] = SCOPES
    is_operator: bool = False
    tenants: tuple[TenantOfUser, ...] = ()

    @property
    def tenant_id(self) -> TenantId:
        """The tenant that the caller acts for."""
        if self.tenant is None:
            raise NoMembershipError("you belong to no account yet; ask its owner to invite you")
        return self.tenant.id

    @property
    def is_staff(self) -> bool:
        """Whether the caller runs the tenant, as staff or as its owner."""
        return self.role in (Role.STAFF, Role.OWNER)

    @property
    def is_owner(self) -> bool:
        """Whether the caller owns the tenant."""
        return self.role is Role.OWNER
