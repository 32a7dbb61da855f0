"""What asking models cost, call by call and day by day, and batches under way at providers."""

from alembic import op

from myriad.scale.data.migrations import create_schema, protect

revision = "ai_0001"
down_revision = None
branch_labels = ("ai",)
depends_on = ("directory",)

_TABLES = """
CREATE TABLE platform.ai_call (
    tenant_id uuid NOT NULL
        CONSTRAINT fk_ai_call_tenant_id REFERENCES platform.tenant ON DELETE CASCADE,
    id uuid NOT NULL DEFAULT uuidv7(),
    called_at timestamptz NOT NULL DEFAULT now(),
    product text NOT NULL,
    task text NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    model_class text NOT NULL,
    mode text NOT NULL CONSTRAINT ck_ai_call_mode CHECK (mode IN ('live', 'stream', 'batch')),
    outcome text NOT NULL CONSTRAINT ck_ai_call_outcome
        CHECK (outcome IN ('answered', 'invalid', 'cut', 'broken', 'timeout')),
    price_version text NOT NULL,
    input_tokens integer NOT NULL,
    cached_tokens integer NOT NULL,
    output_tokens integer NOT NULL,
    cost_usd_micros bigint NOT NULL CONSTRAINT ck_ai_call_cost CHECK (cost_usd_micros >= 0),
    is_estimated boolean NOT NULL DEFAULT false,
    duration_ms integer NOT NULL,
    CONSTRAINT pk_ai_call PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ix_ai_call_called_at ON platform.ai_call (called_at);
CREATE TABLE platform.ai_spend (
    tenant_id uuid NOT NULL
        CONSTRAINT fk_ai_spend_tenant_id REFERENCES platform.tenant ON DELETE CASCADE,
    day date NOT NULL,
    task text NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    mode text NOT NULL,
    price_version text NOT NULL,
    product text NOT NULL,
    model_class text NOT NULL,
    calls bigint NOT NULL,
    input_tokens bigint NOT NULL,
    cached_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    cost_usd_micros bigint NOT NULL,
    CONSTRAINT pk_ai_spend
        PRIMARY KEY (tenant_id, day, task, provider, model, model_class, mode, price_version)
) WITH (fillfactor = 80);
CREATE INDEX ix_ai_spend_day ON platform.ai_spend (day);
CREATE TABLE platform.ai_batch (
    tenant_id uuid NOT NULL
        CONSTRAINT fk_ai_batch_tenant_id REFERENCES platform.tenant ON DELETE CASCADE,
    id uuid NOT NULL DEFAULT uuidv7(),
    task text NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    model_class text NOT NULL,
    state text NOT NULL CONSTRAINT ck_ai_batch_state
        CHECK (state IN ('waiting', 'submitted', 'done', 'failed')),
    handle jsonb,
    requests jsonb NOT NULL,
    answers jsonb,
    reservation jsonb,
    then_task text,
    error text,
    price_version text NOT NULL DEFAULT '',
    cost_usd_micros bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    submitted_at timestamptz,
    ended_at timestamptz,
    CONSTRAINT pk_ai_batch PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ix_ai_batch_open ON platform.ai_batch (created_at)
    WHERE state IN ('waiting', 'submitted');
"""


def upgrade() -> None:
    create_schema(op, "platform")
    op.execute(_TABLES)
    protect(op, "platform.ai_call")
    protect(op, "platform.ai_spend")
    protect(op, "platform.ai_batch")


def downgrade() -> None:
    op.execute("DROP TABLE platform.ai_batch, platform.ai_spend, platform.ai_call")
