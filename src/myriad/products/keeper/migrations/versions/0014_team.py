"""What a night keeps of the team: the facts of each day, packed, and how far they have come."""

from __future__ import annotations

from alembic import op

from myriad.scale.data.migrations import protect

revision = "keeper_0014"
down_revision = "keeper_0013"
branch_labels = None
depends_on = None

TABLES = ("team_day", "team_state")

DDL = """
CREATE TABLE keeper.team_day (
    tenant_id UUID NOT NULL,
    local_date DATE NOT NULL,
    visits BYTEA DEFAULT '' NOT NULL,
    appointments BYTEA DEFAULT '' NOT NULL,
    bookings BYTEA DEFAULT '' NOT NULL,
    sales BYTEA DEFAULT '' NOT NULL,
    shifts BYTEA DEFAULT '' NOT NULL,
    cards BYTEA DEFAULT '' NOT NULL,
    services BYTEA DEFAULT '' NOT NULL,
    names BYTEA DEFAULT '' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_team_day PRIMARY KEY (tenant_id, local_date),
    CONSTRAINT fk_team_day_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE
);

CREATE TABLE keeper.team_state (
    tenant_id UUID NOT NULL,
    business_date DATE NOT NULL,
    noted_at timestamptz NOT NULL,
    whole_on DATE NOT NULL,
    places TEXT NOT NULL,
    words TEXT[] DEFAULT '{}' NOT NULL,
    services INTEGER[] DEFAULT '{}' NOT NULL,
    people BYTEA DEFAULT '' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_team_state PRIMARY KEY (tenant_id),
    CONSTRAINT fk_team_state_tenant_id
        FOREIGN KEY (tenant_id)
        REFERENCES keeper.account (tenant_id) ON DELETE CASCADE
);
"""

# A foreign key locks each person's row for each row of a night. What it did is done for all persons
# that leave at once; a night stores only rows of persons who are there. Who asks for one person's
# days finds them by skipping through the days of the primary key.
LIGHTER = """
ALTER TABLE keeper.person_metrics DROP CONSTRAINT fk_person_metrics_tenant_id_person_id;
DROP INDEX keeper.ix_person_metrics_person;
CREATE FUNCTION keeper.drop_metrics_of_persons() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM keeper.person_metrics m USING gone g
    WHERE m.tenant_id = g.tenant_id AND m.person_id = g.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER drop_metrics AFTER DELETE ON keeper.person
    REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION keeper.drop_metrics_of_persons();
"""

HEAVIER = """
DROP TRIGGER drop_metrics ON keeper.person;
DROP FUNCTION keeper.drop_metrics_of_persons;
CREATE INDEX ix_person_metrics_person
    ON keeper.person_metrics (tenant_id, person_id, business_date);
ALTER TABLE keeper.person_metrics ADD CONSTRAINT fk_person_metrics_tenant_id_person_id
    FOREIGN KEY (tenant_id, person_id) REFERENCES keeper.person (tenant_id, id) ON DELETE CASCADE;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(DDL)
    op.execute(LIGHTER)
    for table in TABLES:
        protect(op, f"keeper.{table}")
    op.execute("GRANT MAINTAIN ON keeper.team_day, keeper.team_state TO myriad_app")


def downgrade() -> None:
    op.execute(HEAVIER)
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE keeper.{table}")
