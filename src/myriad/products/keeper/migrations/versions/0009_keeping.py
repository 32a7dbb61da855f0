"""What an owner prefers, who saw whom, what was erased, and consents that were used."""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations import protect

revision = "keeper_0009"
down_revision = "keeper_0008"
branch_labels = None
depends_on = None

TABLES = ("preference", "view_log", "erased_key", "consent")

DDL = """
-- Benchmarks of the network read it too, so it may stand here already.
ALTER TABLE keeper.account
    ADD COLUMN IF NOT EXISTS network_opt_in BOOLEAN DEFAULT false NOT NULL;

CREATE TABLE keeper.preference (
    tenant_id UUID NOT NULL,
    takings_per_month BIGINT,
    calls_per_week INTEGER,
    quiet_start TIME,
    quiet_end TIME,
    urgent_may_pass BOOLEAN DEFAULT true NOT NULL,
    closed_days JSONB DEFAULT '[]' NOT NULL,
    public_holidays BOOLEAN DEFAULT true NOT NULL,
    opening_hours JSONB DEFAULT '{}' NOT NULL,
    staff_privacy TEXT DEFAULT 'own' NOT NULL,
    control_group BOOLEAN DEFAULT true NOT NULL,
    reply_tone TEXT DEFAULT 'warm' NOT NULL,
    notify_emails JSONB DEFAULT '{}' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_preference PRIMARY KEY (tenant_id),
    CONSTRAINT fk_preference_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE
);

CREATE TABLE keeper.view_log (
    tenant_id UUID NOT NULL,
    hour timestamptz NOT NULL,
    person_id UUID NOT NULL,
    actor_id UUID NOT NULL,
    actor_kind TEXT NOT NULL,
    places TEXT[] DEFAULT '{}' NOT NULL,
    seen_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_view_log PRIMARY KEY (tenant_id, person_id, hour, actor_id),
    CONSTRAINT fk_view_log_tenant_id_person_id
        FOREIGN KEY (tenant_id, person_id)
        REFERENCES keeper.person (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_view_log_newest
    ON keeper.view_log (tenant_id, hour DESC, person_id DESC, actor_id DESC);

CREATE TABLE keeper.erased_key (
    tenant_id UUID NOT NULL,
    kind TEXT NOT NULL,
    digest BYTEA NOT NULL,
    erased_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_erased_key PRIMARY KEY (tenant_id, kind, digest),
    CONSTRAINT fk_erased_key_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE
);

CREATE TABLE keeper.consent (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    state_digest BYTEA NOT NULL,
    code_enc BYTEA,
    outcome TEXT DEFAULT 'waiting' NOT NULL,
    message TEXT,
    connection_id UUID,
    job_id UUID,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_consent PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_consent_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES platform.tenant (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX uq_consent_state ON keeper.consent (tenant_id, state_digest);

-- The source shows a review again and again; what was erased of it here stays erased.
ALTER TABLE keeper.review ADD COLUMN erased_at timestamptz;

CREATE FUNCTION keeper.keep_review_erased() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.author := NULL;
    NEW.text := '';
    NEW.history := '[]';
    NEW.person_id := NULL;
    NEW.visit_date := NULL;
    NEW.match_p := NULL;
    NEW.match_reason := '{}';
    NEW.erased_at := OLD.erased_at;
    RETURN NEW;
END $$;

CREATE TRIGGER keep_review_erased BEFORE UPDATE ON keeper.review
FOR EACH ROW WHEN (OLD.erased_at IS NOT NULL)
EXECUTE FUNCTION keeper.keep_review_erased();
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DDL)
    for table in TABLES:
        protect(op, f"keeper.{table}")


def downgrade() -> None:
    op.execute("DROP TRIGGER keep_review_erased ON keeper.review")
    op.execute("DROP FUNCTION keeper.keep_review_erased")
    op.execute("ALTER TABLE keeper.review DROP COLUMN erased_at")
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE keeper.{table}")
    op.execute("ALTER TABLE keeper.account DROP COLUMN IF EXISTS network_opt_in")
