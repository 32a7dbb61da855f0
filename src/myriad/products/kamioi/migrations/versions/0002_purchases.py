"""Members, their banks and what they bought.

A tenant is the operator of a programme; its members are people, and every row that is a person's
carries `member_id`. Purchases stand by month of `booked_on`, the day on which a purchase was first
seen: it never changes, whatever day the bank shows later (`shown_on`), so that a row never moves.
"""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations.operations import force_row_security, protect

revision = "kamioi_0002"
down_revision = "kamioi_0001"
branch_labels = None
depends_on = None

TABLES = (
    "member",
    "member_rule",
    "bank_item",
    "bank_account",
    "descriptor",
    "purchase",
    "import_file",
    "notification",
)

PARTITIONED = ("purchase",)

DDL = """
CREATE TABLE kamioi.member (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    user_id UUID,
    name TEXT NOT NULL,
    currency TEXT DEFAULT 'USD' NOT NULL,
    time_zone TEXT DEFAULT 'UTC' NOT NULL,
    state TEXT DEFAULT 'active' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_member PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_member_user UNIQUE (tenant_id, user_id),
    CONSTRAINT ck_member_state CHECK (state IN ('active', 'paused', 'frozen', 'closed')),
    CONSTRAINT fk_member_tenant_id
        FOREIGN KEY (tenant_id) REFERENCES platform.tenant (id) ON DELETE CASCADE,
    CONSTRAINT fk_member_membership
        FOREIGN KEY (tenant_id, user_id) REFERENCES platform.membership (tenant_id, user_id)
        ON DELETE SET NULL (user_id)
);
CREATE TABLE kamioi.member_rule (
    tenant_id UUID NOT NULL,
    member_id UUID NOT NULL,
    multiplier SMALLINT DEFAULT 1 NOT NULL,
    rounds_whole_amounts BOOLEAN DEFAULT false NOT NULL,
    cap_day_minor BIGINT,
    cap_week_minor BIGINT,
    sweep_minor BIGINT DEFAULT 500 NOT NULL,
    guard_minor BIGINT DEFAULT 2500 NOT NULL,
    private_policy TEXT DEFAULT 'etf' NOT NULL,
    etf_security_id UUID,
    excluded_brand_ids UUID[] DEFAULT '{}' NOT NULL,
    version INTEGER DEFAULT 1 NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_member_rule PRIMARY KEY (tenant_id, member_id),
    CONSTRAINT ck_member_rule_multiplier CHECK (multiplier BETWEEN 1 AND 10),
    CONSTRAINT ck_member_rule_caps CHECK (cap_day_minor >= 0 AND cap_week_minor >= 0),
    CONSTRAINT ck_member_rule_sweep CHECK (sweep_minor >= 100),
    CONSTRAINT ck_member_rule_guard CHECK (guard_minor >= 0),
    CONSTRAINT ck_member_rule_private CHECK (private_policy IN ('etf', 'cash', 'skip')),
    CONSTRAINT fk_member_rule_member
        FOREIGN KEY (tenant_id, member_id) REFERENCES kamioi.member (tenant_id, id)
        ON DELETE CASCADE
);
CREATE TABLE kamioi.bank_item (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    member_id UUID NOT NULL,
    provider TEXT NOT NULL,
    external_id TEXT NOT NULL,
    institution TEXT DEFAULT '' NOT NULL,
    access_token_sealed BYTEA,
    cursor TEXT DEFAULT '' NOT NULL,
    status TEXT DEFAULT 'linked' NOT NULL,
    error_code TEXT,
    synced_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_bank_item PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_bank_item_external UNIQUE (tenant_id, provider, external_id),
    CONSTRAINT ck_bank_item_provider CHECK (provider IN ('plaid', 'ofx', 'csv')),
    CONSTRAINT ck_bank_item_status CHECK (status IN ('linked', 'needs_login', 'failing', 'removed')),
    CONSTRAINT ck_bank_item_cursor CHECK (length(cursor) <= 256),
    CONSTRAINT fk_bank_item_member
        FOREIGN KEY (tenant_id, member_id) REFERENCES kamioi.member (tenant_id, id)
        ON DELETE CASCADE
);
CREATE INDEX ix_bank_item_member ON kamioi.bank_item (tenant_id, member_id);
CREATE TABLE kamioi.bank_account (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    member_id UUID NOT NULL,
    item_id UUID NOT NULL,
    external_id TEXT NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    mask TEXT DEFAULT '' NOT NULL,
    kind TEXT DEFAULT 'checking' NOT NULL,
    currency TEXT NOT NULL,
    balance_minor BIGINT,
    balance_at timestamptz,
    is_funding BOOLEAN DEFAULT false NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_bank_account PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_bank_account_external UNIQUE (tenant_id, item_id, external_id),
    CONSTRAINT ck_bank_account_kind CHECK (kind IN ('checking', 'savings', 'card')),
    CONSTRAINT fk_bank_account_item
        FOREIGN KEY (tenant_id, item_id) REFERENCES kamioi.bank_item (tenant_id, id)
        ON DELETE CASCADE,
    CONSTRAINT fk_bank_account_member
        FOREIGN KEY (tenant_id, member_id) REFERENCES kamioi.member (tenant_id, id)
        ON DELETE CASCADE
);
CREATE INDEX ix_bank_account_member ON kamioi.bank_account (tenant_id, member_id);
CREATE TABLE kamioi.descriptor (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    norm TEXT COLLATE "C" NOT NULL,
    raw_example TEXT NOT NULL,
    processor TEXT,
    first_seen_on DATE NOT NULL,
    CONSTRAINT pk_descriptor PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_descriptor_norm UNIQUE (tenant_id, norm),
    CONSTRAINT fk_descriptor_tenant_id
        FOREIGN KEY (tenant_id) REFERENCES platform.tenant (id) ON DELETE CASCADE
);
CREATE TABLE kamioi.purchase (
    tenant_id UUID NOT NULL,
    booked_on DATE NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    member_id UUID NOT NULL,
    account_id UUID NOT NULL,
    external_id TEXT COLLATE "C" NOT NULL,
    pending_external_id TEXT COLLATE "C",
    state TEXT NOT NULL,
    kind TEXT NOT NULL,
    shown_on DATE NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    raw TEXT NOT NULL,
    descriptor_id UUID,
    merchant_entity_id TEXT,
    category TEXT,
    mcc TEXT,
    channel TEXT,
    source TEXT NOT NULL,
    is_held BOOLEAN DEFAULT false NOT NULL,
    seen_at timestamptz DEFAULT now() NOT NULL,
    changed_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_purchase PRIMARY KEY (tenant_id, booked_on, id),
    CONSTRAINT uq_purchase_external UNIQUE (tenant_id, account_id, external_id, booked_on),
    CONSTRAINT ck_purchase_state CHECK (state IN ('pending', 'posted', 'removed', 'expired')),
    CONSTRAINT ck_purchase_kind CHECK (kind IN ('purchase', 'refund', 'transfer', 'fee',
        'cash_advance', 'loan', 'rent', 'income')),
    CONSTRAINT ck_purchase_raw CHECK (length(raw) <= 500)
) PARTITION BY RANGE (booked_on);
CREATE TABLE kamioi.purchase_default PARTITION OF kamioi.purchase DEFAULT;
CREATE INDEX ix_purchase_member ON kamioi.purchase (tenant_id, member_id, booked_on DESC, id DESC);
CREATE INDEX ix_purchase_descriptor ON kamioi.purchase (tenant_id, descriptor_id, booked_on);
CREATE TABLE kamioi.import_file (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    member_id UUID NOT NULL,
    account_id UUID,
    name TEXT NOT NULL,
    form TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    state TEXT DEFAULT 'waiting' NOT NULL,
    rows_read INTEGER DEFAULT 0 NOT NULL,
    rows_new INTEGER DEFAULT 0 NOT NULL,
    rows_known INTEGER DEFAULT 0 NOT NULL,
    rows_refused INTEGER DEFAULT 0 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    ended_at timestamptz,
    CONSTRAINT pk_import_file PRIMARY KEY (tenant_id, id),
    CONSTRAINT ck_import_file_state CHECK (state IN ('waiting', 'running', 'done', 'failed')),
    CONSTRAINT fk_import_file_member
        FOREIGN KEY (tenant_id, member_id) REFERENCES kamioi.member (tenant_id, id)
        ON DELETE CASCADE
);
CREATE INDEX ix_import_file_member ON kamioi.import_file (tenant_id, member_id, created_at DESC);
CREATE TABLE kamioi.notification (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    member_id UUID NOT NULL,
    kind TEXT NOT NULL,
    facts JSONB DEFAULT '{}' NOT NULL,
    once_key TEXT NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    read_at timestamptz,
    CONSTRAINT pk_notification PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_notification_once UNIQUE (tenant_id, member_id, once_key),
    CONSTRAINT fk_notification_member
        FOREIGN KEY (tenant_id, member_id) REFERENCES kamioi.member (tenant_id, id)
        ON DELETE CASCADE
);
CREATE INDEX ix_notification_member
    ON kamioi.notification (tenant_id, member_id, created_at DESC, id DESC);
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DDL)
    for table in PARTITIONED:
        force_row_security(op, f"kamioi.{table}_default")
    for table in TABLES:
        protect(op, f"kamioi.{table}")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE kamioi.{table}")
