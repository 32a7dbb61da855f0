"""Files beside the database: private, sealed per tenant, opened by links of five minutes."""

from myriad.scale.storage.errors import (
    FileNameError,
    FileNotStoredError,
    LinkError,
    StorageError,
)
from myriad.scale.storage.settings import StorageSettings
from myriad.scale.storage.store import Store
from myriad.scale.storage.tenant_files import LINK_SECONDS, TenantFiles

__all__ = [
    "LINK_SECONDS",
    "FileNameError",
    "FileNotStoredError",
    "LinkError",
    "StorageError",
    "StorageSettings",
    "Store",
    "TenantFiles",
]
