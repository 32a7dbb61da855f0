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
from myriad.scale.cache.wake import invalidate_after_commit

__all__ = [
    "EVERYBODY",
    "POLICIES",
    "Cache",
    "Keys",
    "Namespace",
    "Policy",
    "declare",
    "get_namespace",
    "invalidate_after_commit",
    "list_namespaces",
    "open_cache",
]
