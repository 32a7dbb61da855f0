"""Valuations, their methods, reports, simulations and share links; vintages of parameters.

A valuation keeps what it was made of: its inputs, the vintage, the engine's number. The same three
are the same valuation, which `hash` holds. Vintages belong to no tenant: everybody reads them and
only the crossing role writes them; none is ever deleted. A valuation outlives the conversation
that it came from, so `session_id` is no reference.
"""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations import protect

revision = "upswitch_0004"
down_revision = "upswitch_0003"
branch_labels = None
depends_on = ("directory",)

TENANT_TABLES = ("valuation", "method_result", "simulation", "report", "share_link")

DDL = """
CREATE TABLE upswitch.parameter_set (
    id uuid NOT NULL,
    vintage text NOT NULL,
    source text NOT NULL,
    valid_from date NOT NULL,
    rows jsonb NOT NULL,
    sha256 text NOT NULL,
    stored_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_parameter_set PRIMARY KEY (id),
    CONSTRAINT uq_parameter_set_sha256 UNIQUE (sha256)
);
CREATE INDEX ix_parameter_set_valid_from ON upswitch.parameter_set (valid_from);
CREATE TABLE upswitch.valuation (
    tenant_id uuid NOT NULL
        CONSTRAINT fk_valuation_tenant_id REFERENCES platform.tenant ON DELETE CASCADE,
    id uuid DEFAULT uuidv7() NOT NULL,
    session_id uuid,
    parent_id uuid,
    kind text NOT NULL CONSTRAINT ck_valuation_kind
        CHECK (kind IN ('session', 'document', 'scenario', 'replay', 'watch')),
    title text DEFAULT '' NOT NULL,
    company_number bigint,
    company_name text NOT NULL,
    engine_version text NOT NULL,
    parameter_set_id uuid NOT NULL,
    inputs jsonb NOT NULL,
    outputs jsonb NOT NULL,
    assumptions jsonb DEFAULT '{}' NOT NULL,
    low_minor bigint NOT NULL,
    middle_minor bigint NOT NULL,
    high_minor bigint NOT NULL,
    currency text NOT NULL,
    as_of date NOT NULL,
    duration_us integer NOT NULL,
    hash text NOT NULL,
    created_by uuid,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_valuation PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_valuation_hash UNIQUE NULLS NOT DISTINCT (tenant_id, session_id, hash),
    CONSTRAINT ck_valuation_range
        CHECK (low_minor <= middle_minor AND middle_minor <= high_minor)
);
CREATE INDEX ix_valuation_created ON upswitch.valuation (tenant_id, created_at, id);
CREATE INDEX ix_valuation_company ON upswitch.valuation (tenant_id, company_number, created_at);
CREATE TABLE upswitch.method_result (
    tenant_id uuid NOT NULL,
    valuation_id uuid NOT NULL,
    place smallint NOT NULL,
    method text NOT NULL,
    low_minor bigint,
    middle_minor bigint,
    high_minor bigint,
    weight double precision NOT NULL,
    trace jsonb NOT NULL,
    CONSTRAINT pk_method_result PRIMARY KEY (tenant_id, valuation_id, place),
    CONSTRAINT fk_method_result_valuation FOREIGN KEY (tenant_id, valuation_id)
        REFERENCES upswitch.valuation ON DELETE CASCADE
);
CREATE TABLE upswitch.simulation (
    tenant_id uuid NOT NULL,
    valuation_id uuid NOT NULL,
    paths integer NOT NULL,
    seed bigint NOT NULL,
    result jsonb NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_simulation PRIMARY KEY (tenant_id, valuation_id, paths, seed),
    CONSTRAINT fk_simulation_valuation FOREIGN KEY (tenant_id, valuation_id)
        REFERENCES upswitch.valuation ON DELETE CASCADE
);
CREATE TABLE upswitch.report (
    tenant_id uuid NOT NULL,
    valuation_id uuid NOT NULL,
    format text NOT NULL CONSTRAINT ck_report_format CHECK (format IN ('pdf', 'xlsx')),
    content bytea NOT NULL,
    sha256 text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_report PRIMARY KEY (tenant_id, valuation_id, format),
    CONSTRAINT fk_report_valuation FOREIGN KEY (tenant_id, valuation_id)
        REFERENCES upswitch.valuation ON DELETE CASCADE
);
CREATE TABLE upswitch.share_link (
    tenant_id uuid NOT NULL,
    id uuid DEFAULT uuidv7() NOT NULL,
    valuation_id uuid NOT NULL,
    created_by uuid,
    created_at timestamptz DEFAULT now() NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT pk_share_link PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_share_link_valuation FOREIGN KEY (tenant_id, valuation_id)
        REFERENCES upswitch.valuation ON DELETE CASCADE
);
CREATE INDEX ix_share_link_valuation ON upswitch.share_link (tenant_id, valuation_id);
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DDL)
    op.execute("SELECT upswitch.open_registry_table('parameter_set', 'parameter_set')")
    for table in TENANT_TABLES:
        protect(op, f"upswitch.{table}")


def downgrade() -> None:
    for table in (*reversed(TENANT_TABLES), "parameter_set"):
        op.execute(f"DROP TABLE upswitch.{table}")
