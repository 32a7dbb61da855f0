"""Alerts and how they reach people."""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations import protect

revision = "keeper_0008"
down_revision = "keeper_0007"
branch_labels = None
depends_on = None

TABLES = ("notice", "notice_delivery")

DDL = """
CREATE TABLE keeper.notice (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    dedup_key TEXT NOT NULL,
    kind TEXT NOT NULL,
    level TEXT NOT NULL,
    audience TEXT DEFAULT 'everyone' NOT NULL,
    title TEXT NOT NULL,
    detail TEXT DEFAULT '' NOT NULL,
    href TEXT DEFAULT '' NOT NULL,
    person_id UUID,
    review_id UUID,
    seen_at timestamptz,
    seen_by TEXT,
    cleared_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_notice PRIMARY KEY (tenant_id, id),
    CONSTRAINT ck_notice_level CHECK (level IN ('urgent', 'high', 'normal')),
    CONSTRAINT ck_notice_audience CHECK (audience IN ('everyone', 'owner')),
    CONSTRAINT fk_notice_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE,
    CONSTRAINT fk_notice_tenant_id_person_id
        FOREIGN KEY (tenant_id, person_id)
        REFERENCES keeper.person (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX uq_notice_dedup_key ON keeper.notice (tenant_id, dedup_key);
CREATE INDEX ix_notice_person ON keeper.notice (tenant_id, person_id);
CREATE INDEX ix_notice_unseen
    ON keeper.notice (tenant_id, id DESC) WHERE seen_at IS NULL AND cleared_at IS NULL;

CREATE TABLE keeper.notice_delivery (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    notice_id UUID NOT NULL,
    channel TEXT NOT NULL,
    user_id UUID NOT NULL,
    form TEXT DEFAULT 'own' NOT NULL,
    state TEXT DEFAULT 'waiting' NOT NULL,
    attempts SMALLINT DEFAULT 0 NOT NULL,
    provider_id TEXT,
    error TEXT,
    due_at timestamptz DEFAULT now() NOT NULL,
    sent_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_notice_delivery PRIMARY KEY (tenant_id, id),
    CONSTRAINT ck_notice_delivery_channel CHECK (channel IN ('mail')),
    CONSTRAINT ck_notice_delivery_form CHECK (form IN ('own', 'digest')),
    CONSTRAINT ck_notice_delivery_state
        CHECK (state IN ('waiting', 'sent', 'failed', 'skipped')),
    CONSTRAINT fk_notice_delivery_tenant_id_notice_id
        FOREIGN KEY (tenant_id, notice_id)
        REFERENCES keeper.notice (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX uq_notice_delivery_notice
    ON keeper.notice_delivery (tenant_id, notice_id, user_id, channel);
CREATE INDEX ix_notice_delivery_user
    ON keeper.notice_delivery (tenant_id, user_id, state, due_at);
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DDL)
    for table in TABLES:
        protect(op, f"keeper.{table}")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE keeper.{table}")
