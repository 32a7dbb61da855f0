"""The cache: layers in process and in Redis, generations, one maker at a time.

See README.md of this package.
"""

from myriad.scale.cache.cache import Cache
from myriad.scale.cache.namespace import (
    EVERYBODY,
    Keys,
    Namespace,
    declare,
    get_namespace,
    list_namespaces,
)
from myriad.scale.cache.opening import open_cache
from myriad.scale.cache.policy import POLICIES, Policy
from myriad.scale.cache.shelf import Found, Shelf
from myriad.scale.cache.statistics import How
from myriad.scale.cache.wake import (
    SESSION_CACHE,
    changes_no_view,
    committing,
    invalidate_after_commit,
    tell_tenant_changed,
)

__all__ = [
    "EVERYBODY",
    "POLICIES",
    "SESSION_CACHE",
    "Cache",
    "Found",
    "How",
    "Keys",
    "Namespace",
    "Policy",
    "Shelf",
    "changes_no_view",
    "committing",
    "declare",
    "get_namespace",
    "invalidate_after_commit",
    "list_namespaces",
    "open_cache",
    "tell_tenant_changed",
]
