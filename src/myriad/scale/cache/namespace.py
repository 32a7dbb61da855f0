"""What a kind of cached thing is called, how it is written, and under which keys it lies.

A key is `myr:{environment}:{namespace}:v{schema}:{tenant}:{generation}:{digest of arguments}`. The
digest is BLAKE2b of the canonical JSON, so that every process finds the same entry and ("ab", "c")
is not ("a", "bc").
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Generic, TypeVar

import msgspec

from myriad.kit.errors import InvalidInputError, MyriadError
from myriad.scale.cache.policy import POLICIES, Policy
from myriad.scale.data.database import NOBODY
from myriad.scale.tenancy import TenantId

ValueT = TypeVar("ValueT")
EVERYBODY = NOBODY
TENANT = "tenant"
_PREFIX = "myr"
_DIGEST_BYTES = 16
_NAMESPACES: dict[str, Namespace[Any]] = {}


class NamespaceError(MyriadError):
    """A namespace is declared twice, or used for another tenant's data than it may be."""

    code = "broken_namespace"
    title = "Broken namespace"


@dataclass(frozen=True)
class Namespace(Generic[ValueT]):
    """A kind of cached thing: `name` such as `shop.today`, its value's type, its policy's row.

    Raise `version` whenever the value's shape or meaning changes: processes of both releases then
    keep apart. `is_shared` says that every tenant may see the same value; without it an entry
    belongs to a tenant. `follows_tenant` says that any committed change of the tenant's rows may
    change the value: all such namespaces share the tenant's one generation, which every transaction
    that may have written begins anew. A value is handed out again and again, so nobody may change
    it.
    """

    name: str
    kind: type[ValueT]
    policy: Policy
    version: int = 1
    is_shared: bool = False
    follows_tenant: bool = False
    decoder: msgspec.msgpack.Decoder[ValueT] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Remember the namespace, so that operators can see and purge it."""
        object.__setattr__(self, "decoder", msgspec.msgpack.Decoder(self.kind))
        known = _NAMESPACES.setdefault(self.name, self)
        if known != self:
            raise NamespaceError(f"the namespace {self.name!r} is declared twice")

    @property
    def trust_seconds(self) -> float:
        """How long a process trusts the generation that it knows.

        One that follows its tenant is asked for at every look: who changed something and looks
        again may be answered by another process.
        """
        return 0.0 if self.follows_tenant else self.policy.local_seconds

    def check_tenant(self, tenant_id: TenantId) -> None:
        """Raise NamespaceError when the entry would be everybody's by mistake, or nobody's."""
        if (tenant_id == EVERYBODY) != self.is_shared:
            whose = "everybody's" if self.is_shared else "a tenant's"
            raise NamespaceError(f"entries of {self.name!r} are {whose}")


def declare(
    name: str,
    kind: type[ValueT],
    policy: str,
    *,
    version: int = 1,
    is_shared: bool = False,
    follows_tenant: bool = False,
) -> Namespace[ValueT]:
    """Return the namespace under the row of that name in the table of policies."""
    return Namespace(name, kind, POLICIES[policy], version, is_shared, follows_tenant)


def list_namespaces() -> list[Namespace[Any]]:
    """Return every namespace that this process knows, by name."""
    return sorted(_NAMESPACES.values(), key=lambda namespace: namespace.name)


def get_namespace(name: str) -> Namespace[Any]:
    """Return the namespace of that name, or raise InvalidInputError naming those there are."""
    found = _NAMESPACES.get(name)
    if found is None:
        known = ", ".join(sorted(_NAMESPACES))
        raise InvalidInputError(f"no namespace {name!r}; there are: {known}")
    return found


def family_of(name: str) -> str:
    """Return whose generation of a tenant the namespace has: its own, or that of all who follow."""
    found = _NAMESPACES.get(name)
    return TENANT if found is not None and found.follows_tenant else name


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one installation; `environment` keeps installations on one server apart."""

    environment: str

    def generation(self, namespace: str, tenant_id: TenantId | None) -> str:
        """Return where the generation of a tenant, or with None of the whole namespace, stands."""
        return f"{_PREFIX}:{self.environment}:gen:{namespace}:{tenant_id or 'all'}"

    def entry(
        self, namespace: Namespace[Any], tenant_id: TenantId, generation: str, digest: str
    ) -> str:
        """Return where an entry lies."""
        return (
            f"{_PREFIX}:{self.environment}:{namespace.name}:v{namespace.version}:"
            f"{tenant_id}:{generation}:{digest}"
        )

    def statistics(self, hour: str) -> str:
        """Return where the counts of an hour stand."""
        return f"{_PREFIX}:{self.environment}:stats:{hour}"


def digest_of(arguments: tuple[Hashable, ...]) -> str:
    """Return the digest of arguments; the same in every process."""
    canonical = msgspec.json.encode(arguments, order="sorted")
    return blake2b(canonical, digest_size=_DIGEST_BYTES).hexdigest()
