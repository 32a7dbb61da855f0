"""What running a programme takes: who looked, quality by the hour, foreign money, explained drift.

`foreign_purchase` holds a purchase in another currency apart until a person gives a rate or leaves
it out. `look` is one row for each person who looked at a member, place and day. `quality_hour` is
what the analytics job measured. `decision_day` counts decisions and their cost by method and model.
"""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations.operations import protect
from myriad.scale.data.rollups import Rollup, create_rollup, drop_rollup

revision = "kamioi_0009"
down_revision = "kamioi_0007"
branch_labels = None
depends_on = None

TABLES = ("foreign_purchase", "look", "quality_hour")

DDL = """
ALTER TABLE kamioi.corporate_action ADD COLUMN entered_by UUID;
ALTER TABLE kamioi.reconciliation ADD COLUMN ticker TEXT DEFAULT '' NOT NULL,
    ADD COLUMN explained_by UUID, ADD COLUMN explained_at timestamptz;
ALTER TABLE kamioi.reconciliation NO FORCE ROW LEVEL SECURITY;
UPDATE kamioi.reconciliation SET ticker = note, note = '';
ALTER TABLE kamioi.reconciliation FORCE ROW LEVEL SECURITY;
CREATE TABLE kamioi.foreign_purchase (
    tenant_id UUID NOT NULL,
    booked_on DATE NOT NULL,
    purchase_id UUID NOT NULL,
    member_id UUID NOT NULL,
    state TEXT DEFAULT 'waiting' NOT NULL,
    currency TEXT NOT NULL,
    rate NUMERIC(20, 10),
    minor_rate NUMERIC(24, 14),
    source TEXT DEFAULT '' NOT NULL,
    decided_by UUID,
    decided_at timestamptz,
    held_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_foreign_purchase PRIMARY KEY (tenant_id, booked_on, purchase_id),
    CONSTRAINT ck_foreign_purchase_state CHECK (state IN ('waiting', 'released', 'skipped')),
    CONSTRAINT ck_foreign_purchase_rate CHECK (state <> 'released' OR minor_rate > 0),
    CONSTRAINT fk_foreign_purchase_member
        FOREIGN KEY (tenant_id, member_id) REFERENCES kamioi.member (tenant_id, id)
        ON DELETE CASCADE
);
CREATE INDEX ix_foreign_purchase_member ON kamioi.foreign_purchase (tenant_id, member_id);
CREATE INDEX ix_foreign_purchase_waiting ON kamioi.foreign_purchase (tenant_id, booked_on)
    WHERE state = 'waiting';
CREATE TABLE kamioi.look (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    day DATE NOT NULL,
    member_id UUID NOT NULL,
    viewer_id UUID NOT NULL,
    viewer_kind TEXT NOT NULL,
    place TEXT NOT NULL,
    first_at timestamptz DEFAULT now() NOT NULL,
    last_at timestamptz DEFAULT now() NOT NULL,
    times INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT pk_look PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_look_day UNIQUE (tenant_id, member_id, day, viewer_id, place),
    CONSTRAINT ck_look_kind CHECK (viewer_kind IN ('user', 'key')),
    CONSTRAINT ck_look_times CHECK (times > 0),
    CONSTRAINT fk_look_member
        FOREIGN KEY (tenant_id, member_id) REFERENCES kamioi.member (tenant_id, id)
        ON DELETE CASCADE
);
CREATE TABLE kamioi.quality_hour (
    tenant_id UUID NOT NULL,
    hour timestamptz NOT NULL,
    facts JSONB NOT NULL,
    measured_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_quality_hour PRIMARY KEY (tenant_id, hour),
    CONSTRAINT fk_quality_hour_tenant_id
        FOREIGN KEY (tenant_id) REFERENCES platform.tenant (id) ON DELETE CASCADE
);
"""

DECISION_DAY = Rollup(
    target="kamioi.decision_day",
    source="kamioi.mapping",
    keys={
        "tenant_id": "tenant_id",
        "day": "(valid_from AT TIME ZONE 'UTC')::date",
        "method": "method",
        "model": "coalesce(model, '')",
    },
    count="decisions",
    sums={"cost_usd_micros": "cost_usd_micros"},
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DDL)
    for table in TABLES:
        protect(op, f"kamioi.{table}")
    create_rollup(op, DECISION_DAY)


def downgrade() -> None:
    drop_rollup(op, DECISION_DAY)
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE kamioi.{table}")
    op.execute(
        "ALTER TABLE kamioi.reconciliation DROP COLUMN ticker, DROP COLUMN explained_by,"
        " DROP COLUMN explained_at"
    )
    op.execute("ALTER TABLE kamioi.corporate_action DROP COLUMN entered_by")
