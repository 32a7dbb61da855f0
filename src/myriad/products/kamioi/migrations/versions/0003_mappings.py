"""What a descriptor stands for: versions of mappings, corrections, audits, what was refused."""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations.operations import protect

revision = "kamioi_0003"
down_revision = "kamioi_0002"
branch_labels = None
depends_on = None

TABLES = (
    "mapping",
    "member_override",
    "negative_memory",
    "audit_sample",
    "cost_cohort",
    "amortization_entry",
)

DDL = """
CREATE TABLE kamioi.mapping (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    descriptor_id UUID NOT NULL,
    version INTEGER NOT NULL,
    brand_id UUID,
    confidence REAL NOT NULL,
    score_bin SMALLINT DEFAULT 0 NOT NULL,
    method TEXT NOT NULL,
    state TEXT NOT NULL,
    evidence JSONB DEFAULT '{}' NOT NULL,
    model TEXT,
    prompt_sha256 TEXT,
    cost_usd_micros BIGINT DEFAULT 0 NOT NULL,
    decided_by UUID,
    seconded_by UUID,
    valid_from timestamptz DEFAULT now() NOT NULL,
    valid_to timestamptz,
    CONSTRAINT pk_mapping PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_mapping_version UNIQUE (tenant_id, descriptor_id, version),
    CONSTRAINT ck_mapping_confidence CHECK (confidence BETWEEN 0 AND 1),
    CONSTRAINT ck_mapping_method CHECK (method IN (
        'rule', 'entity', 'exact', 'prefix', 'ngram', 'llm', 'human', 'quorum'
    )),
    CONSTRAINT ck_mapping_state CHECK (state IN (
        'proposed', 'auto', 'approved', 'rejected', 'superseded'
    )),
    CONSTRAINT fk_mapping_descriptor
        FOREIGN KEY (tenant_id, descriptor_id) REFERENCES kamioi.descriptor (tenant_id, id)
        ON DELETE CASCADE,
    CONSTRAINT fk_mapping_brand FOREIGN KEY (brand_id) REFERENCES kamioi.brand (id)
);
-- One mapping of a descriptor holds at a time; brand NULL says that it is no brand.
CREATE UNIQUE INDEX uq_mapping_current ON kamioi.mapping (tenant_id, descriptor_id)
    WHERE valid_to IS NULL;
CREATE INDEX ix_mapping_state ON kamioi.mapping (tenant_id, state, id DESC) WHERE valid_to IS NULL;
CREATE INDEX ix_mapping_brand ON kamioi.mapping (tenant_id, brand_id) WHERE valid_to IS NULL;
CREATE TABLE kamioi.member_override (
    tenant_id UUID NOT NULL,
    member_id UUID NOT NULL,
    descriptor_id UUID NOT NULL,
    brand_id UUID,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_member_override PRIMARY KEY (tenant_id, member_id, descriptor_id),
    CONSTRAINT fk_member_override_member
        FOREIGN KEY (tenant_id, member_id) REFERENCES kamioi.member (tenant_id, id)
        ON DELETE CASCADE,
    CONSTRAINT fk_member_override_descriptor
        FOREIGN KEY (tenant_id, descriptor_id) REFERENCES kamioi.descriptor (tenant_id, id)
        ON DELETE CASCADE,
    CONSTRAINT fk_member_override_brand FOREIGN KEY (brand_id) REFERENCES kamioi.brand (id)
);
CREATE INDEX ix_member_override_descriptor
    ON kamioi.member_override (tenant_id, descriptor_id, brand_id);
CREATE TABLE kamioi.negative_memory (
    tenant_id UUID NOT NULL,
    descriptor_id UUID NOT NULL,
    brand_id UUID NOT NULL,
    decided_by UUID,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_negative_memory PRIMARY KEY (tenant_id, descriptor_id, brand_id),
    CONSTRAINT fk_negative_memory_descriptor
        FOREIGN KEY (tenant_id, descriptor_id) REFERENCES kamioi.descriptor (tenant_id, id)
        ON DELETE CASCADE,
    CONSTRAINT fk_negative_memory_brand FOREIGN KEY (brand_id) REFERENCES kamioi.brand (id)
);
CREATE TABLE kamioi.audit_sample (
    tenant_id UUID NOT NULL,
    mapping_id UUID NOT NULL,
    method TEXT NOT NULL,
    score_bin SMALLINT NOT NULL,
    sampled_on DATE NOT NULL,
    is_right BOOLEAN,
    decided_by UUID,
    decided_at timestamptz,
    CONSTRAINT pk_audit_sample PRIMARY KEY (tenant_id, mapping_id),
    CONSTRAINT fk_audit_sample_mapping
        FOREIGN KEY (tenant_id, mapping_id) REFERENCES kamioi.mapping (tenant_id, id)
        ON DELETE CASCADE
);
CREATE INDEX ix_audit_sample_bin ON kamioi.audit_sample (tenant_id, method, score_bin);
CREATE TABLE kamioi.cost_cohort (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    month DATE NOT NULL,
    cost_usd_micros BIGINT NOT NULL,
    life_months SMALLINT DEFAULT 12 NOT NULL,
    written_off_usd_micros BIGINT DEFAULT 0 NOT NULL,
    CONSTRAINT pk_cost_cohort PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_cost_cohort_month UNIQUE (tenant_id, month),
    CONSTRAINT ck_cost_cohort_life CHECK (life_months BETWEEN 1 AND 120),
    CONSTRAINT ck_cost_cohort_cost CHECK (cost_usd_micros >= 0),
    CONSTRAINT fk_cost_cohort_tenant_id
        FOREIGN KEY (tenant_id) REFERENCES platform.tenant (id) ON DELETE CASCADE
);
CREATE TABLE kamioi.amortization_entry (
    tenant_id UUID NOT NULL,
    cohort_id UUID NOT NULL,
    period DATE NOT NULL,
    kind TEXT DEFAULT 'straight_line' NOT NULL,
    amount_usd_micros BIGINT NOT NULL,
    CONSTRAINT pk_amortization_entry PRIMARY KEY (tenant_id, cohort_id, period, kind),
    CONSTRAINT ck_amortization_entry_kind CHECK (kind IN ('straight_line', 'write_off')),
    CONSTRAINT fk_amortization_entry_cohort
        FOREIGN KEY (tenant_id, cohort_id) REFERENCES kamioi.cost_cohort (tenant_id, id)
        ON DELETE CASCADE
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
