"""Reviews, their alerts and answers."""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations import protect

revision = "keeper_0004"
down_revision = "keeper_0003"
branch_labels = None
depends_on = None

TABLES = ("review", "review_alert", "review_summary")

DDL = """
CREATE TABLE keeper.review (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    source TEXT NOT NULL,
    ext_id TEXT NOT NULL,
    location_ext_id TEXT,
    stars SMALLINT,
    previous_stars SMALLINT,
    history JSONB DEFAULT '[]' NOT NULL,
    text TEXT DEFAULT '' NOT NULL,
    author TEXT,
    reviewed_at timestamptz NOT NULL,
    local_date DATE NOT NULL,
    changed_at timestamptz NOT NULL,
    taken_in_at timestamptz DEFAULT now() NOT NULL,
    deleted_at timestamptz,
    examined BOOLEAN DEFAULT false NOT NULL,
    p_negative DOUBLE PRECISION,
    mismatch TEXT,
    aspects JSONB DEFAULT '[]' NOT NULL,
    person_id UUID,
    visit_date DATE,
    match_p DOUBLE PRECISION,
    match_reason JSONB DEFAULT '{}' NOT NULL,
    reply_text TEXT,
    reply_state TEXT DEFAULT 'none' NOT NULL,
    reply_by TEXT,
    reply_at timestamptz,
    reply_error TEXT,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_review PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_review_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE,
    CONSTRAINT fk_review_tenant_id_person_id
        FOREIGN KEY (tenant_id, person_id)
        REFERENCES keeper.person (tenant_id, id) ON DELETE SET NULL (person_id),
    CONSTRAINT ck_review_stars CHECK (stars BETWEEN 1 AND 5),
    CONSTRAINT ck_review_reply_state
        CHECK (reply_state IN ('none', 'draft', 'approved', 'sent', 'failed'))
);
CREATE UNIQUE INDEX uq_review_ext_id ON keeper.review (tenant_id, source, ext_id);
CREATE INDEX ix_review_newest ON keeper.review (tenant_id, reviewed_at DESC, id DESC);
CREATE INDEX ix_review_person ON keeper.review (tenant_id, person_id);
CREATE INDEX ix_review_unexamined ON keeper.review (tenant_id, local_date) WHERE NOT examined;

CREATE TABLE keeper.review_alert (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    review_id UUID NOT NULL,
    changed_at timestamptz NOT NULL,
    reason TEXT NOT NULL,
    stars SMALLINT,
    p_negative DOUBLE PRECISION,
    seconds_after_intake DOUBLE PRECISION,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_review_alert PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_review_alert_tenant_id_review_id
        FOREIGN KEY (tenant_id, review_id)
        REFERENCES keeper.review (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX uq_review_alert_change
    ON keeper.review_alert (tenant_id, review_id, changed_at);

CREATE TABLE keeper.review_summary (
    tenant_id UUID NOT NULL,
    business_date DATE NOT NULL,
    month DATE NOT NULL,
    reviews INTEGER NOT NULL,
    rated INTEGER NOT NULL,
    stars_total INTEGER NOT NULL,
    negative INTEGER NOT NULL,
    mismatched INTEGER NOT NULL,
    matched INTEGER NOT NULL,
    aspects JSONB DEFAULT '{}' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_review_summary PRIMARY KEY (tenant_id, business_date, month),
    CONSTRAINT fk_review_summary_tenant_id
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
    for table in ("review_summary", "review_alert", "review"):
        op.execute(f"DROP TABLE keeper.{table}")
