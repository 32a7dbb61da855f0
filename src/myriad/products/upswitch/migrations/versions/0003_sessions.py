"""Conversations: sessions, messages, facts."""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations.operations import protect

revision = "upswitch_0003"
down_revision = "upswitch_0002"
branch_labels = None
depends_on = None

TABLES = ("session", "message", "fact")

# A fact is never changed: another one takes its place. Beside the one that holds, one may stand
# that a model has understood and nobody has confirmed.
DDL = """
CREATE TABLE upswitch.session (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    user_id UUID,
    company_number BIGINT NOT NULL,
    company_name TEXT NOT NULL,
    country TEXT DEFAULT 'BE' NOT NULL,
    state TEXT DEFAULT 'open' NOT NULL,
    locale TEXT DEFAULT 'en' NOT NULL,
    live JSONB DEFAULT '{}' NOT NULL,
    spent_usd_micros BIGINT DEFAULT 0 NOT NULL,
    expires_at timestamptz DEFAULT now() + interval '24 hours' NOT NULL,
    used_at timestamptz DEFAULT now() NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_session PRIMARY KEY (tenant_id, id),
    CONSTRAINT ck_session_state CHECK (state IN ('open', 'closed')),
    CONSTRAINT ck_session_country CHECK (country IN ('BE')),
    CONSTRAINT ck_session_spent CHECK (spent_usd_micros >= 0),
    CONSTRAINT fk_session_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES platform.tenant (id) ON DELETE CASCADE
);
CREATE INDEX ix_session_used ON upswitch.session (tenant_id, used_at DESC, id DESC);
CREATE TABLE upswitch.message (
    tenant_id UUID NOT NULL,
    session_id UUID NOT NULL,
    seq INTEGER NOT NULL,
    role TEXT NOT NULL,
    content TEXT NOT NULL,
    spoken_by TEXT NOT NULL,
    answers INTEGER,
    request_key TEXT,
    tokens INTEGER DEFAULT 0 NOT NULL,
    cost_usd_micros BIGINT DEFAULT 0 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_message PRIMARY KEY (tenant_id, session_id, seq),
    CONSTRAINT ck_message_role CHECK (role IN ('user', 'assistant')),
    CONSTRAINT ck_message_spoken_by CHECK (spoken_by IN ('person', 'script', 'model')),
    CONSTRAINT fk_message_tenant_id_session_id
        FOREIGN KEY (tenant_id, session_id)
        REFERENCES upswitch.session (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX uq_message_request_key ON upswitch.message (tenant_id, session_id, request_key)
    WHERE request_key IS NOT NULL;
CREATE TABLE upswitch.fact (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    session_id UUID NOT NULL,
    key TEXT NOT NULL,
    value JSONB NOT NULL,
    unit TEXT DEFAULT '' NOT NULL,
    period TEXT DEFAULT '' NOT NULL,
    source TEXT NOT NULL,
    confidence DOUBLE PRECISION DEFAULT 1 NOT NULL,
    evidence TEXT DEFAULT '' NOT NULL,
    confirmed_at timestamptz,
    superseded_by UUID,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_fact PRIMARY KEY (tenant_id, id),
    CONSTRAINT ck_fact_source CHECK (source IN ('user', 'registry', 'llm', 'default')),
    CONSTRAINT ck_fact_confidence CHECK (confidence >= 0 AND confidence <= 1),
    CONSTRAINT fk_fact_tenant_id_session_id
        FOREIGN KEY (tenant_id, session_id)
        REFERENCES upswitch.session (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX uq_fact_held ON upswitch.fact (tenant_id, session_id, key, period)
    WHERE superseded_by IS NULL AND confirmed_at IS NOT NULL;
CREATE UNIQUE INDEX uq_fact_proposed ON upswitch.fact (tenant_id, session_id, key, period)
    WHERE superseded_by IS NULL AND confirmed_at IS NULL;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DDL)
    for table in TABLES:
        protect(op, f"upswitch.{table}")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE upswitch.{table}")
