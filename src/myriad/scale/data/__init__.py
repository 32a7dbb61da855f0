"""PostgreSQL: sessions, hot reads, models and migrations."""

from myriad.scale.data.arrays import BinaryArray
from myriad.scale.data.database import AFTER_COMMIT, Database, ReadSession, Session
from myriad.scale.data.models import Model, TenantModel, TimestampedModel, metadata
from myriad.scale.data.queries import NamedQueries
from myriad.scale.data.reader import Reader
from myriad.scale.data.settings import APP_ROLE, CROSSING_ROLE, DatabaseSettings
from myriad.scale.data.tenant_queries import Row, TenantQueries
from myriad.scale.data.work import find_driver

__all__ = [
    "AFTER_COMMIT",
    "APP_ROLE",
    "CROSSING_ROLE",
    "BinaryArray",
    "Database",
    "DatabaseSettings",
    "Model",
    "NamedQueries",
    "ReadSession",
    "Reader",
    "Row",
    "Session",
    "TenantModel",
    "TenantQueries",
    "TimestampedModel",
    "find_driver",
    "metadata",
]
