"""What is known of the register beside its rows: loads under way, files seen, VAT answers, moves.

`kbo_load`, `kbo_file` and `vat_answer` belong to no tenant: everybody reads them and only the
crossing role writes them. `value_move` says that a stored value moved, and whom it was told;
`move_choice` who wants no e-mail of it.
"""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations import protect

revision = "upswitch_0005"
down_revision = "upswitch_0004"
branch_labels = None
depends_on = None

PUBLIC_TABLES = ("kbo_load", "kbo_file", "vat_answer")
TENANT_TABLES = ("value_move", "move_choice")

DDL = """
CREATE TABLE upswitch.kbo_load (
    id uuid NOT NULL,
    file text NOT NULL,
    is_full boolean NOT NULL,
    number integer NOT NULL,
    state text DEFAULT 'running' NOT NULL CONSTRAINT ck_kbo_load_state
        CHECK (state IN ('running', 'done', 'failed', 'interrupted')),
    step text DEFAULT '' NOT NULL,
    done bigint DEFAULT 0 NOT NULL,
    total bigint DEFAULT 0 NOT NULL,
    detail text DEFAULT '' NOT NULL,
    started_at timestamptz DEFAULT now() NOT NULL,
    told_at timestamptz DEFAULT now() NOT NULL,
    ended_at timestamptz,
    CONSTRAINT pk_kbo_load PRIMARY KEY (id)
);
CREATE INDEX ix_kbo_load_started ON upswitch.kbo_load (started_at);
CREATE TABLE upswitch.kbo_file (
    name text NOT NULL,
    number integer NOT NULL,
    is_full boolean NOT NULL,
    snapshot_date date,
    size_bytes bigint NOT NULL,
    state text NOT NULL CONSTRAINT ck_kbo_file_state
        CHECK (state IN ('waiting', 'loaded', 'passed', 'unusable')),
    detail text DEFAULT '' NOT NULL,
    seen_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_kbo_file PRIMARY KEY (name)
);
CREATE TABLE upswitch.vat_answer (
    number bigint NOT NULL,
    is_valid boolean NOT NULL,
    since timestamptz NOT NULL,
    asked_at timestamptz NOT NULL,
    name text,
    address text,
    CONSTRAINT pk_vat_answer PRIMARY KEY (number)
);
CREATE TABLE upswitch.value_move (
    tenant_id uuid NOT NULL
        CONSTRAINT fk_value_move_tenant_id REFERENCES platform.tenant ON DELETE CASCADE,
    id uuid NOT NULL,
    before_id uuid NOT NULL,
    after_id uuid NOT NULL,
    session_id uuid,
    company_number bigint,
    company_name text NOT NULL,
    reason text NOT NULL CONSTRAINT ck_value_move_reason
        CHECK (reason IN ('filing', 'parameters')),
    before_minor bigint NOT NULL,
    after_minor bigint NOT NULL,
    currency text NOT NULL,
    share double precision NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    seen_at timestamptz,
    mailed_at timestamptz,
    CONSTRAINT pk_value_move PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_value_move_after UNIQUE (tenant_id, after_id),
    CONSTRAINT fk_value_move_after FOREIGN KEY (tenant_id, after_id)
        REFERENCES upswitch.valuation ON DELETE CASCADE
);
CREATE INDEX ix_value_move_unseen ON upswitch.value_move (tenant_id, created_at)
    WHERE seen_at IS NULL;
CREATE TABLE upswitch.move_choice (
    tenant_id uuid NOT NULL
        CONSTRAINT fk_move_choice_tenant_id REFERENCES platform.tenant ON DELETE CASCADE,
    user_id uuid NOT NULL
        CONSTRAINT fk_move_choice_user_id REFERENCES platform.user_account ON DELETE CASCADE,
    wants_mail boolean NOT NULL,
    CONSTRAINT pk_move_choice PRIMARY KEY (tenant_id, user_id)
);
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DDL)
    for table in PUBLIC_TABLES:
        op.execute(f"SELECT upswitch.open_registry_table('{table}', '{table}')")
    for table in TENANT_TABLES:
        protect(op, f"upswitch.{table}")


def downgrade() -> None:
    for table in (*TENANT_TABLES, *PUBLIC_TABLES):
        op.execute(f"DROP TABLE upswitch.{table}")
