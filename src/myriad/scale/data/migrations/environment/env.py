"""Alembic's environment: runs on the connection that the runner opened."""

from alembic import context

from myriad.scale.data.models import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    include_schemas=True,
    version_table_schema="myriad",
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
