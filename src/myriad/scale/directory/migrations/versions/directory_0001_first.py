"""Tenants, users, memberships, sessions, API keys, the audit log and idempotency keys."""

from alembic import op

from myriad.scale.data import APP_ROLE, CROSSING_ROLE
from myriad.scale.data.migrations import create_schema, grant, protect

revision = "directory_0001"
down_revision = None
branch_labels = ("directory",)
depends_on = None

_ALL = ("SELECT", "INSERT", "UPDATE", "DELETE")

_TABLES = """
CREATE TABLE platform.tenant (
    id uuid CONSTRAINT pk_tenant PRIMARY KEY DEFAULT uuidv7(),
    slug text NOT NULL CONSTRAINT uq_tenant_slug UNIQUE
        CONSTRAINT ck_tenant_slug CHECK (slug ~ '^[a-z0-9][a-z0-9-]{1,62}$'),
    name text NOT NULL CONSTRAINT ck_tenant_name CHECK (length(name) BETWEEN 1 AND 200),
    timezone text NOT NULL DEFAULT 'UTC',
    plan text NOT NULL DEFAULT 'standard',
    status text NOT NULL DEFAULT 'active'
        CONSTRAINT ck_tenant_status CHECK (status IN ('active', 'suspended')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE platform.user_account (
    id uuid CONSTRAINT pk_user_account PRIMARY KEY DEFAULT uuidv7(),
    email text NOT NULL CONSTRAINT uq_user_account_email UNIQUE
        CONSTRAINT ck_user_account_email CHECK (email = lower(email)),
    name text NOT NULL CONSTRAINT ck_user_account_name CHECK (length(name) BETWEEN 1 AND 200),
    password_hash text,
    is_operator boolean NOT NULL DEFAULT false,
    disabled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE platform.membership (
    tenant_id uuid NOT NULL
        CONSTRAINT fk_membership_tenant_id REFERENCES platform.tenant ON DELETE CASCADE,
    user_id uuid NOT NULL
        CONSTRAINT fk_membership_user_id REFERENCES platform.user_account ON DELETE CASCADE,
    role text NOT NULL CONSTRAINT ck_membership_role CHECK (role IN ('owner', 'staff')),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_membership PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX ix_membership_user_id ON platform.membership (user_id);
CREATE TABLE platform.login_session (
    token_hash bytea CONSTRAINT pk_login_session PRIMARY KEY
        CONSTRAINT ck_login_session_token_hash CHECK (length(token_hash) = 32),
    user_id uuid NOT NULL
        CONSTRAINT fk_login_session_user_id REFERENCES platform.user_account ON DELETE CASCADE,
    current_tenant_id uuid
        CONSTRAINT fk_login_session_current_tenant_id REFERENCES platform.tenant ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX ix_login_session_user_id ON platform.login_session (user_id);
CREATE INDEX ix_login_session_current_tenant_id ON platform.login_session (current_tenant_id);
CREATE TABLE platform.sign_in_throttle (
    email_digest bytea CONSTRAINT pk_sign_in_throttle PRIMARY KEY,
    failures integer NOT NULL,
    blocked_until timestamptz,
    failed_at timestamptz NOT NULL
);
CREATE INDEX ix_sign_in_throttle_failed_at ON platform.sign_in_throttle (failed_at);
CREATE TABLE platform.api_key (
    tenant_id uuid NOT NULL
        CONSTRAINT fk_api_key_tenant_id REFERENCES platform.tenant ON DELETE CASCADE,
    id uuid NOT NULL DEFAULT uuidv7(),
    name text NOT NULL CONSTRAINT ck_api_key_name CHECK (length(name) BETWEEN 1 AND 200),
    prefix text NOT NULL,
    token_hash bytea NOT NULL CONSTRAINT uq_api_key_token_hash UNIQUE
        CONSTRAINT ck_api_key_token_hash CHECK (length(token_hash) = 32),
    role text NOT NULL CONSTRAINT ck_api_key_role CHECK (role IN ('owner', 'staff')),
    scopes text[] NOT NULL
        CONSTRAINT ck_api_key_scopes CHECK (scopes <@ ARRAY['read', 'write']),
    created_by uuid
        CONSTRAINT fk_api_key_created_by REFERENCES platform.user_account ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    CONSTRAINT pk_api_key PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ix_api_key_tenant_id_created_by ON platform.api_key (tenant_id, created_by);
CREATE TABLE platform.audit_event (
    tenant_id uuid NOT NULL
        CONSTRAINT fk_audit_event_tenant_id REFERENCES platform.tenant ON DELETE CASCADE,
    id uuid NOT NULL DEFAULT uuidv7(),
    occurred_at timestamptz NOT NULL DEFAULT now(),
    actor_kind text NOT NULL
        CONSTRAINT ck_audit_event_actor_kind CHECK (actor_kind IN ('user', 'key', 'system')),
    actor_id uuid,
    action text NOT NULL,
    subject text NOT NULL DEFAULT '',
    detail jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT pk_audit_event PRIMARY KEY (tenant_id, id)
);
CREATE TABLE platform.idempotency_key (
    tenant_id uuid NOT NULL
        CONSTRAINT fk_idempotency_key_tenant_id REFERENCES platform.tenant ON DELETE CASCADE,
    route text NOT NULL,
    key text NOT NULL CONSTRAINT ck_idempotency_key_key CHECK (length(key) BETWEEN 1 AND 255),
    fingerprint bytea NOT NULL,
    status integer,
    headers jsonb NOT NULL DEFAULT '[]',
    body bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    CONSTRAINT pk_idempotency_key PRIMARY KEY (tenant_id, route, key)
);
CREATE INDEX ix_idempotency_key_tenant_id_expires_at
    ON platform.idempotency_key (tenant_id, expires_at);
"""


def _open_to_crossing(table: str) -> None:
    name = table.rsplit(".", 1)[-1]
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY {name}_crossing ON {table} TO {CROSSING_ROLE} "
        "USING (true) WITH CHECK (true)"
    )
    grant(op, table, CROSSING_ROLE, _ALL)


def _let_a_tenant_see_itself() -> None:
    op.execute(
        f"CREATE POLICY tenant_itself ON platform.tenant TO {APP_ROLE} "
        "USING (id = NULLIF(current_setting('app.tenant_id', true), '')::uuid) "
        "WITH CHECK (id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)"
    )
    grant(op, "platform.tenant", APP_ROLE, ("SELECT", "UPDATE (name, timezone, updated_at)"))


def _let_a_tenant_see_its_members() -> None:
    # The inner query runs under membership's own row security, so it names this tenant's only.
    op.execute(
        "CREATE POLICY user_account_members ON platform.user_account FOR SELECT TO myriad_app "
        "USING (id IN (SELECT user_id FROM platform.membership))"
    )
    grant(op, "platform.user_account", APP_ROLE, ("SELECT (id, email, name)",))


def upgrade() -> None:
    create_schema(op, "platform")
    op.execute(_TABLES)
    for table in ("tenant", "user_account", "login_session", "sign_in_throttle"):
        _open_to_crossing(f"platform.{table}")
    for table in ("membership", "api_key", "idempotency_key"):
        protect(op, f"platform.{table}")
    protect(op, "platform.audit_event", append_only=True)
    _let_a_tenant_see_itself()
    _let_a_tenant_see_its_members()


def downgrade() -> None:
    op.execute(
        "DROP TABLE platform.idempotency_key, platform.audit_event, platform.api_key, "
        "platform.sign_in_throttle, platform.login_session, platform.membership, "
        "platform.user_account, platform.tenant"
    )
