"""People decide strings: in the order of what hangs on them, two of them above a sum, and back.

`mapping.weight` is the money at stake times the doubt as of the last pass, so that the queue is read
in its order. `state_before` says what a version was while it held. `decision_request` is a change
that waits for a person beside what holds meanwhile. `descriptor_entity` is what banks call the
merchant behind a string. `model_batch` is one question to a model over many strings.
"""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations.operations import protect

revision = "kamioi_0010"
down_revision = "kamioi_0009"
branch_labels = None
depends_on = None

TABLES = ("decision_request", "descriptor_entity", "model_batch", "center_rule")

DDL = """
ALTER TABLE kamioi.mapping ADD COLUMN weight BIGINT DEFAULT 0 NOT NULL,
    ADD COLUMN state_before TEXT;
CREATE INDEX ix_mapping_queue ON kamioi.mapping (tenant_id, weight DESC, id DESC)
    WHERE valid_to IS NULL AND state = 'proposed';
CREATE INDEX ix_audit_sample_waiting ON kamioi.audit_sample (tenant_id, sampled_on)
    WHERE is_right IS NULL;
CREATE TABLE kamioi.decision_request (
    tenant_id UUID NOT NULL,
    descriptor_id UUID NOT NULL,
    version INTEGER NOT NULL,
    brand_id UUID,
    reason TEXT NOT NULL,
    asked_by UUID,
    members INTEGER DEFAULT 0 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_decision_request PRIMARY KEY (tenant_id, descriptor_id),
    CONSTRAINT ck_decision_request_reason CHECK (reason IN ('second_person', 'quorum')),
    CONSTRAINT fk_decision_request_descriptor
        FOREIGN KEY (tenant_id, descriptor_id) REFERENCES kamioi.descriptor (tenant_id, id)
        ON DELETE CASCADE,
    CONSTRAINT fk_decision_request_brand FOREIGN KEY (brand_id) REFERENCES kamioi.brand (id)
);
CREATE TABLE kamioi.descriptor_entity (
    tenant_id UUID NOT NULL,
    descriptor_id UUID NOT NULL,
    entity_id TEXT COLLATE "C" NOT NULL,
    CONSTRAINT pk_descriptor_entity PRIMARY KEY (tenant_id, descriptor_id, entity_id),
    CONSTRAINT fk_descriptor_entity_descriptor
        FOREIGN KEY (tenant_id, descriptor_id) REFERENCES kamioi.descriptor (tenant_id, id)
        ON DELETE CASCADE
);
CREATE INDEX ix_descriptor_entity_entity ON kamioi.descriptor_entity (tenant_id, entity_id);
CREATE TABLE kamioi.model_batch (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    asked_at timestamptz DEFAULT now() NOT NULL,
    model TEXT NOT NULL,
    strings INTEGER NOT NULL,
    cached INTEGER NOT NULL,
    chosen INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cost_usd_micros BIGINT NOT NULL,
    is_degraded BOOLEAN NOT NULL,
    CONSTRAINT pk_model_batch PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_model_batch_tenant_id
        FOREIGN KEY (tenant_id) REFERENCES platform.tenant (id) ON DELETE CASCADE
);
CREATE TABLE kamioi.center_rule (
    tenant_id UUID NOT NULL,
    second_person_minor BIGINT,
    version INTEGER DEFAULT 1 NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_center_rule PRIMARY KEY (tenant_id),
    CONSTRAINT ck_center_rule_second CHECK (second_person_minor >= 0),
    CONSTRAINT fk_center_rule_tenant_id
        FOREIGN KEY (tenant_id) REFERENCES platform.tenant (id) ON DELETE CASCADE
);
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DDL)
    for table in TABLES:
        protect(op, f"kamioi.{table}")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE kamioi.{table}")
    op.execute("DROP INDEX kamioi.ix_audit_sample_waiting")
    op.execute("DROP INDEX kamioi.ix_mapping_queue")
    op.execute("ALTER TABLE kamioi.mapping DROP COLUMN weight, DROP COLUMN state_before")
