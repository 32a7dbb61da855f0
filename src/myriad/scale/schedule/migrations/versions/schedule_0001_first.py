"""The schedules of every tenant, one row each, with the moment of their next fire."""

from alembic import op

from myriad.scale.data.migrations import create_schema, protect

revision = "schedule_0001"
down_revision = None
branch_labels = ("schedule",)
depends_on = ("directory",)

_TABLE = """
CREATE TABLE platform.schedule (
    tenant_id uuid NOT NULL
        CONSTRAINT fk_schedule_tenant_id REFERENCES platform.tenant ON DELETE CASCADE,
    id uuid NOT NULL DEFAULT uuidv7(),
    name text NOT NULL CONSTRAINT ck_schedule_name CHECK (length(name) BETWEEN 1 AND 200),
    task text NOT NULL,
    every text NOT NULL
        CONSTRAINT ck_schedule_every CHECK (every IN ('nightly', 'hourly', 'weekly')),
    job_class text NOT NULL DEFAULT 'default',
    payload jsonb NOT NULL DEFAULT '{}',
    slot smallint NOT NULL CONSTRAINT ck_schedule_slot CHECK (slot BETWEEN 0 AND 95),
    second smallint NOT NULL CONSTRAINT ck_schedule_second CHECK (second BETWEEN 0 AND 224),
    weekday smallint NOT NULL CONSTRAINT ck_schedule_weekday CHECK (weekday BETWEEN 0 AND 6),
    enabled boolean NOT NULL DEFAULT true,
    next_fire_at timestamptz NOT NULL,
    last_fire_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_schedule PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_schedule_tenant_id_name UNIQUE (tenant_id, name)
) WITH (fillfactor = 85);
CREATE INDEX ix_schedule_next_fire_at ON platform.schedule (next_fire_at) WHERE enabled;
"""


def upgrade() -> None:
    create_schema(op, "platform")
    op.execute(_TABLE)
    protect(op, "platform.schedule")


def downgrade() -> None:
    op.execute("DROP TABLE platform.schedule")
