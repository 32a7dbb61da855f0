"""Entitlements: what a month allows of a metric, what was used and reserved of it, and by which call."""

from alembic import op

from myriad.scale.data.migrations import create_schema, protect

revision = "limits_0001"
down_revision = None
branch_labels = ("limits",)
depends_on = ("directory",)

_ENTITLEMENT = """
CREATE TABLE platform.entitlement (
    tenant_id uuid NOT NULL
        CONSTRAINT fk_entitlement_tenant_id REFERENCES platform.tenant ON DELETE CASCADE,
    metric text NOT NULL CONSTRAINT ck_entitlement_metric CHECK (metric ~ '^[a-z0-9_.]{1,100}$'),
    monthly_limit bigint CONSTRAINT ck_entitlement_monthly_limit CHECK (monthly_limit >= 0),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_entitlement PRIMARY KEY (tenant_id, metric)
);
COMMENT ON COLUMN platform.entitlement.monthly_limit IS
    'stands in place of what the plan allows; NULL means without limit';
"""
_USE = """
CREATE TABLE platform.entitlement_use (
    tenant_id uuid NOT NULL
        CONSTRAINT fk_entitlement_use_tenant_id REFERENCES platform.tenant ON DELETE CASCADE,
    metric text NOT NULL,
    subject_id uuid NOT NULL,
    period_start date NOT NULL,
    used bigint NOT NULL DEFAULT 0 CONSTRAINT ck_entitlement_use_used CHECK (used >= 0),
    reserved bigint NOT NULL DEFAULT 0
        CONSTRAINT ck_entitlement_use_reserved CHECK (reserved >= 0),
    CONSTRAINT pk_entitlement_use PRIMARY KEY (tenant_id, metric, subject_id, period_start)
) WITH (fillfactor = 70);
"""
_RESERVATION = """
CREATE TABLE platform.entitlement_reservation (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    metric text NOT NULL,
    subject_id uuid NOT NULL,
    period_start date NOT NULL,
    amount bigint NOT NULL CONSTRAINT ck_entitlement_reservation_amount CHECK (amount >= 0),
    state text NOT NULL DEFAULT 'reserved' CONSTRAINT ck_entitlement_reservation_state
        CHECK (state IN ('reserved', 'committed', 'refunded', 'expired')),
    reserved_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT pk_entitlement_reservation PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_entitlement_reservation_use
        FOREIGN KEY (tenant_id, metric, subject_id, period_start)
        REFERENCES platform.entitlement_use ON DELETE CASCADE
) WITH (fillfactor = 85);
CREATE INDEX ix_entitlement_reservation_use
    ON platform.entitlement_reservation (tenant_id, metric, subject_id, period_start);
CREATE INDEX ix_entitlement_reservation_open
    ON platform.entitlement_reservation (tenant_id, metric, subject_id, expires_at)
    WHERE state = 'reserved';
"""


def upgrade() -> None:
    create_schema(op, "platform")
    for table, text in (
        ("platform.entitlement", _ENTITLEMENT),
        ("platform.entitlement_use", _USE),
        ("platform.entitlement_reservation", _RESERVATION),
    ):
        op.execute(text)
        protect(op, table)


def downgrade() -> None:
    op.execute("DROP TABLE platform.entitlement_reservation")
    op.execute("DROP TABLE platform.entitlement_use")
    op.execute("DROP TABLE platform.entitlement")
