"""Invitations: a link that lets one person into a tenant, once and for a week.

Only the token's hash is kept. `about` is what of a product the invitation is for; the directory
does not read it.
"""

from alembic import op

from myriad.scale.data.migrations import protect

revision = "directory_0003"
down_revision = "directory_0002"
branch_labels = None
depends_on = None

_TABLE = """
CREATE TABLE platform.invitation (
    tenant_id uuid NOT NULL
        CONSTRAINT fk_invitation_tenant_id REFERENCES platform.tenant ON DELETE CASCADE,
    id uuid NOT NULL DEFAULT uuidv7(),
    email text NOT NULL CONSTRAINT ck_invitation_email CHECK (email = lower(email)),
    name text NOT NULL CONSTRAINT ck_invitation_name CHECK (length(name) BETWEEN 1 AND 200),
    role text NOT NULL CONSTRAINT ck_invitation_role CHECK (role IN ('member', 'staff')),
    about text NOT NULL DEFAULT '',
    token_hash bytea NOT NULL CONSTRAINT uq_invitation_token_hash UNIQUE
        CONSTRAINT ck_invitation_token_hash CHECK (length(token_hash) = 32),
    created_by uuid
        CONSTRAINT fk_invitation_created_by REFERENCES platform.user_account ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    accepted_at timestamptz,
    accepted_by uuid
        CONSTRAINT fk_invitation_accepted_by REFERENCES platform.user_account ON DELETE SET NULL,
    CONSTRAINT pk_invitation PRIMARY KEY (tenant_id, id)
);
-- One open invitation for one thing: a later one takes the place of the earlier.
CREATE UNIQUE INDEX uq_invitation_open ON platform.invitation (tenant_id, email, about)
    WHERE accepted_at IS NULL;
CREATE INDEX ix_invitation_accepted_by ON platform.invitation (tenant_id, accepted_by);
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(_TABLE)
    protect(op, "platform.invitation")


def downgrade() -> None:
    op.execute("DROP TABLE platform.invitation")
