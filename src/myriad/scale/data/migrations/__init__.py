"""Migrations: one Alembic branch per capability or product, all run by the owner's role.

A branch is a folder `migrations/versions` beside its models. A table of a tenant is put under row
security by `protect`, what every tenant may read is put there by `publish`, any other table is opened by `grant`.
"""

from myriad.scale.data.migrations.operations import create_schema, grant, protect, publish
from myriad.scale.data.migrations.runner import is_current, upgrade

__all__ = ["create_schema", "grant", "is_current", "protect", "publish", "upgrade"]
