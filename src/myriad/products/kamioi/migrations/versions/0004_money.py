"""Money: round-ups, sweeps, orders, allocations, lots and the ledger that they all stand in.

The ledger is append-only and double-entry: a transfer is written in one statement, and the
statement is refused unless each of its transfers comes to zero in each currency. Amounts are
signed: a debit is positive. What belongs to a person carries `member_id`.
"""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations.operations import force_row_security, protect

revision = "kamioi_0004"
down_revision = "kamioi_0003"
branch_labels = None
depends_on = None

TABLES = (
    "round_up",
    "sweep",
    "trade_order",
    "order_part",
    "fill",
    "allocation",
    "lot",
    "applied_action",
    "reconciliation",
)
APPENDED = ("ledger_entry",)

PARTITIONED = ("round_up", "ledger_entry")

DDL = """
CREATE TABLE kamioi.sweep (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    member_id UUID NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    state TEXT DEFAULT 'requested' NOT NULL,
    requested_at timestamptz DEFAULT now() NOT NULL,
    settles_on DATE NOT NULL,
    ended_at timestamptz,
    reason TEXT,
    CONSTRAINT pk_sweep PRIMARY KEY (tenant_id, id),
    CONSTRAINT ck_sweep_amount CHECK (amount_minor > 0),
    CONSTRAINT ck_sweep_state CHECK (state IN ('requested', 'settled', 'rejected')),
    CONSTRAINT fk_sweep_member
        FOREIGN KEY (tenant_id, member_id) REFERENCES kamioi.member (tenant_id, id)
        ON DELETE RESTRICT
);
-- The second pull of one member waits for the first.
CREATE UNIQUE INDEX uq_sweep_in_flight ON kamioi.sweep (tenant_id, member_id)
    WHERE state = 'requested';
CREATE INDEX ix_sweep_member ON kamioi.sweep (tenant_id, member_id, requested_at DESC);
CREATE TABLE kamioi.round_up (
    tenant_id UUID NOT NULL,
    booked_on DATE NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    purchase_id UUID NOT NULL,
    member_id UUID NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    destination TEXT NOT NULL,
    brand_id UUID,
    security_id UUID,
    state TEXT DEFAULT 'accrued' NOT NULL,
    sweep_id UUID,
    reverses_id UUID,
    accrued_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_round_up PRIMARY KEY (tenant_id, booked_on, id),
    CONSTRAINT uq_round_up_purchase UNIQUE (tenant_id, purchase_id, booked_on),
    CONSTRAINT ck_round_up_destination CHECK (destination IN ('security', 'cash', 'queue')),
    CONSTRAINT ck_round_up_state CHECK (state IN ('accrued', 'swept', 'reversed'))
) PARTITION BY RANGE (booked_on);
CREATE TABLE kamioi.round_up_default PARTITION OF kamioi.round_up DEFAULT;
CREATE INDEX ix_round_up_waiting ON kamioi.round_up (tenant_id, member_id, booked_on)
    WHERE state = 'accrued';
CREATE INDEX ix_round_up_member ON kamioi.round_up (tenant_id, member_id, booked_on DESC, id DESC);
CREATE INDEX ix_round_up_sweep ON kamioi.round_up (tenant_id, sweep_id);
CREATE TABLE kamioi.trade_order (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    client_order_id TEXT NOT NULL,
    security_id UUID NOT NULL,
    ticker TEXT NOT NULL,
    side TEXT DEFAULT 'buy' NOT NULL,
    window_at timestamptz NOT NULL,
    notional_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    state TEXT DEFAULT 'new' NOT NULL,
    broker TEXT NOT NULL,
    broker_order_id TEXT,
    reason TEXT,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_trade_order PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_trade_order_client UNIQUE (tenant_id, client_order_id),
    CONSTRAINT uq_trade_order_window UNIQUE (tenant_id, security_id, window_at, side),
    CONSTRAINT ck_trade_order_side CHECK (side IN ('buy', 'sell')),
    CONSTRAINT ck_trade_order_state CHECK (state IN (
        'new', 'sent', 'part_filled', 'filled', 'refused', 'expired', 'cancelled'
    )),
    CONSTRAINT ck_trade_order_notional CHECK (notional_minor > 0),
    CONSTRAINT fk_trade_order_tenant_id
        FOREIGN KEY (tenant_id) REFERENCES platform.tenant (id) ON DELETE CASCADE,
    CONSTRAINT fk_trade_order_security FOREIGN KEY (security_id) REFERENCES kamioi.security (id)
);
CREATE INDEX ix_trade_order_state ON kamioi.trade_order (tenant_id, state, window_at);
CREATE TABLE kamioi.order_part (
    tenant_id UUID NOT NULL,
    order_id UUID NOT NULL,
    member_id UUID NOT NULL,
    notional_minor BIGINT NOT NULL,
    CONSTRAINT pk_order_part PRIMARY KEY (tenant_id, order_id, member_id),
    CONSTRAINT ck_order_part_notional CHECK (notional_minor > 0),
    CONSTRAINT fk_order_part_order
        FOREIGN KEY (tenant_id, order_id) REFERENCES kamioi.trade_order (tenant_id, id)
        ON DELETE CASCADE,
    CONSTRAINT fk_order_part_member
        FOREIGN KEY (tenant_id, member_id) REFERENCES kamioi.member (tenant_id, id)
);
CREATE INDEX ix_order_part_member ON kamioi.order_part (tenant_id, member_id);
CREATE TABLE kamioi.fill (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    order_id UUID NOT NULL,
    broker_fill_id TEXT NOT NULL,
    qty NUMERIC(20, 9) NOT NULL,
    price NUMERIC(18, 6) NOT NULL,
    cost_minor BIGINT NOT NULL,
    filled_at timestamptz NOT NULL,
    CONSTRAINT pk_fill PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_fill_broker UNIQUE (tenant_id, order_id, broker_fill_id),
    CONSTRAINT ck_fill_qty CHECK (qty > 0),
    CONSTRAINT fk_fill_order
        FOREIGN KEY (tenant_id, order_id) REFERENCES kamioi.trade_order (tenant_id, id)
        ON DELETE CASCADE
);
CREATE TABLE kamioi.allocation (
    tenant_id UUID NOT NULL,
    fill_id UUID NOT NULL,
    member_id UUID NOT NULL,
    qty NUMERIC(20, 9) NOT NULL,
    cost_minor BIGINT NOT NULL,
    CONSTRAINT pk_allocation PRIMARY KEY (tenant_id, fill_id, member_id),
    CONSTRAINT ck_allocation_qty CHECK (qty >= 0 AND cost_minor >= 0),
    CONSTRAINT fk_allocation_fill
        FOREIGN KEY (tenant_id, fill_id) REFERENCES kamioi.fill (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_allocation_member
        FOREIGN KEY (tenant_id, member_id) REFERENCES kamioi.member (tenant_id, id)
);
CREATE INDEX ix_allocation_member ON kamioi.allocation (tenant_id, member_id);
CREATE TABLE kamioi.lot (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    member_id UUID NOT NULL,
    security_id UUID NOT NULL,
    fill_id UUID,
    qty NUMERIC(20, 9) NOT NULL,
    cost_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    opened_on DATE NOT NULL,
    closed_on DATE,
    CONSTRAINT pk_lot PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_lot_fill UNIQUE (tenant_id, fill_id, member_id),
    CONSTRAINT ck_lot_qty CHECK (qty >= 0),
    CONSTRAINT fk_lot_member
        FOREIGN KEY (tenant_id, member_id) REFERENCES kamioi.member (tenant_id, id),
    CONSTRAINT fk_lot_security FOREIGN KEY (security_id) REFERENCES kamioi.security (id)
);
CREATE INDEX ix_lot_member ON kamioi.lot (tenant_id, member_id, security_id, opened_on);
CREATE INDEX ix_lot_security ON kamioi.lot (tenant_id, security_id) WHERE closed_on IS NULL;
CREATE TABLE kamioi.applied_action (
    tenant_id UUID NOT NULL,
    action_id UUID NOT NULL,
    applied_at timestamptz DEFAULT now() NOT NULL,
    lots INTEGER NOT NULL,
    CONSTRAINT pk_applied_action PRIMARY KEY (tenant_id, action_id),
    CONSTRAINT fk_applied_action_tenant_id
        FOREIGN KEY (tenant_id) REFERENCES platform.tenant (id) ON DELETE CASCADE,
    CONSTRAINT fk_applied_action_action
        FOREIGN KEY (action_id) REFERENCES kamioi.corporate_action (id)
);
CREATE TABLE kamioi.reconciliation (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT uuidv7() NOT NULL,
    run_at timestamptz DEFAULT now() NOT NULL,
    subject TEXT NOT NULL,
    security_id UUID,
    ours NUMERIC(24, 9) NOT NULL,
    theirs NUMERIC(24, 9) NOT NULL,
    state TEXT NOT NULL,
    note TEXT DEFAULT '' NOT NULL,
    CONSTRAINT pk_reconciliation PRIMARY KEY (tenant_id, id),
    CONSTRAINT ck_reconciliation_state CHECK (state IN ('equal', 'open', 'explained')),
    CONSTRAINT fk_reconciliation_tenant_id
        FOREIGN KEY (tenant_id) REFERENCES platform.tenant (id) ON DELETE CASCADE
);
CREATE INDEX ix_reconciliation_run ON kamioi.reconciliation (tenant_id, run_at DESC, id DESC);
CREATE TABLE kamioi.ledger_entry (
    tenant_id UUID NOT NULL,
    booked_on DATE NOT NULL,
    transfer_id UUID NOT NULL,
    line SMALLINT NOT NULL,
    account TEXT NOT NULL,
    member_id UUID,
    security_id UUID,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    reason TEXT NOT NULL,
    about_id UUID,
    written_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_ledger_entry PRIMARY KEY (tenant_id, booked_on, transfer_id, line),
    CONSTRAINT ck_ledger_entry_account CHECK (account IN (
        'bank', 'in_transit', 'receivable', 'accrued', 'member_cash', 'invested', 'holdings',
        'dividends', 'fees', 'pool_remainder'
    ))
) PARTITION BY RANGE (booked_on);
CREATE TABLE kamioi.ledger_entry_default PARTITION OF kamioi.ledger_entry DEFAULT;
CREATE INDEX ix_ledger_entry_member
    ON kamioi.ledger_entry (tenant_id, member_id, booked_on DESC, transfer_id);
"""

BALANCED = """
CREATE FUNCTION kamioi.refuse_unbalanced() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
DECLARE
    off record;
BEGIN
    SELECT transfer_id, currency, sum(amount_minor) AS total INTO off
    FROM written GROUP BY tenant_id, transfer_id, currency HAVING sum(amount_minor) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'transfer % is off by % %', off.transfer_id, off.total, off.currency
            USING ERRCODE = 'check_violation',
                  HINT = 'write all entries of a transfer in one statement, their sum zero';
    END IF;
    RETURN NULL;
END;
$$;
CREATE TRIGGER ledger_entry_balanced AFTER INSERT ON kamioi.ledger_entry
    REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION kamioi.refuse_unbalanced();
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DDL)
    for table in PARTITIONED:
        force_row_security(op, f"kamioi.{table}_default")
    op.execute(BALANCED)
    for table in TABLES:
        protect(op, f"kamioi.{table}")
    for table in APPENDED:
        protect(op, f"kamioi.{table}", append_only=True)


def downgrade() -> None:
    for table in (*APPENDED, *reversed(TABLES)):
        op.execute(f"DROP TABLE kamioi.{table}")
    op.execute("DROP FUNCTION kamioi.refuse_unbalanced()")
