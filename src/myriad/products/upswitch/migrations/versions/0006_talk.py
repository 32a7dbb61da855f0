"""Words under way, the language of a session and of its reports."""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations import protect

revision = "upswitch_0006"
down_revision = "upswitch_0005"
branch_labels = None
depends_on = None

_UP = """
ALTER TABLE upswitch.session
    ADD CONSTRAINT ck_session_locale CHECK (locale IN ('en', 'nl', 'fr'));
ALTER TABLE upswitch.report
    ADD COLUMN locale text NOT NULL DEFAULT 'en'
        CONSTRAINT ck_report_locale CHECK (locale IN ('en', 'nl', 'fr')),
    DROP CONSTRAINT pk_report,
    ADD CONSTRAINT pk_report PRIMARY KEY (tenant_id, valuation_id, format, locale);
CREATE TABLE upswitch.draft (
    tenant_id uuid NOT NULL,
    session_id uuid NOT NULL,
    seq integer NOT NULL,
    text text NOT NULL DEFAULT '',
    is_stopped boolean NOT NULL DEFAULT false,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_draft PRIMARY KEY (tenant_id, session_id, seq),
    CONSTRAINT fk_draft_session FOREIGN KEY (tenant_id, session_id)
        REFERENCES upswitch.session ON DELETE CASCADE
);
"""

_DOWN = """
DROP TABLE upswitch.draft;
ALTER TABLE upswitch.session DROP CONSTRAINT ck_session_locale;
DELETE FROM upswitch.report WHERE locale <> 'en';
ALTER TABLE upswitch.report
    DROP CONSTRAINT pk_report,
    ADD CONSTRAINT pk_report PRIMARY KEY (tenant_id, valuation_id, format),
    DROP COLUMN locale;
"""


def upgrade() -> None:
    op.execute(_UP)
    protect(op, "upswitch.draft")


def downgrade() -> None:
    op.execute(_DOWN)
