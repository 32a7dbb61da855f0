"""Grades, muted kinds and the group that is not called."""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations import protect

revision = "keeper_0007"
down_revision = "keeper_0006"
branch_labels = None
depends_on = None

TABLES = ("control_group", "call_assignment", "muted_kind")

DDL = """
CREATE TABLE keeper.control_group (
    tenant_id UUID NOT NULL,
    salt BYTEA DEFAULT uuid_send(gen_random_uuid()) NOT NULL,
    is_on BOOLEAN DEFAULT true NOT NULL,
    changed_by TEXT,
    changed_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_control_group PRIMARY KEY (tenant_id),
    CONSTRAINT fk_control_group_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE
);

CREATE TABLE keeper.call_assignment (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    person_id UUID NOT NULL,
    entered_on DATE NOT NULL,
    horizon_date DATE NOT NULL,
    arm TEXT NOT NULL,
    stratum SMALLINT NOT NULL,
    place INTEGER NOT NULL,
    playbook TEXT NOT NULL,
    value_at_risk BIGINT NOT NULL,
    stopped_on DATE,
    returned BOOLEAN,
    net BIGINT,
    measured_on DATE,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_call_assignment PRIMARY KEY (tenant_id, id),
    CONSTRAINT ck_call_assignment_arm CHECK (arm IN ('call', 'control')),
    CONSTRAINT fk_call_assignment_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE,
    CONSTRAINT fk_call_assignment_tenant_id_person_id
        FOREIGN KEY (tenant_id, person_id)
        REFERENCES keeper.person (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_call_assignment_horizon
    ON keeper.call_assignment (tenant_id, horizon_date, arm);
CREATE INDEX ix_call_assignment_place ON keeper.call_assignment (tenant_id, stratum, place);
CREATE UNIQUE INDEX uq_call_assignment_person
    ON keeper.call_assignment (tenant_id, person_id, entered_on);

CREATE TABLE keeper.muted_kind (
    tenant_id UUID NOT NULL,
    kind TEXT NOT NULL,
    muted_on DATE,
    retry_on DATE,
    reason TEXT DEFAULT '' NOT NULL,
    decided_by TEXT DEFAULT 'keeper' NOT NULL,
    judged_from DATE,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_muted_kind PRIMARY KEY (tenant_id, kind),
    CONSTRAINT fk_muted_kind_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE
);
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DDL)
    for table in TABLES:
        protect(op, f"keeper.{table}")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE keeper.{table}")
