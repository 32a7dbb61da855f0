"""Tables that were protected before `data_0006` get its cheaper check, and keep what it says."""

from __future__ import annotations

import psycopg
import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine

from myriad.scale.data.database import sqlalchemy_url
from myriad.scale.data.migrations.operations import TENANT_MATCH
from myriad.scale.data.migrations.versions import data_0006_checks
from myriad.scale.embedded.servers import ServerUrls
from tests.fixtures.database import TwoTenants

_OLD = f"""
CREATE TABLE public.an_old_one (tenant_id uuid NOT NULL, note text);
ALTER TABLE public.an_old_one ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.an_old_one FORCE ROW LEVEL SECURITY;
GRANT INSERT ON public.an_old_one TO myriad_app;
CREATE POLICY its_tenant ON public.an_old_one TO myriad_app
    USING ({TENANT_MATCH}) WITH CHECK ({TENANT_MATCH});
"""
_CHECK = "SELECT with_check FROM pg_policies WHERE tablename = 'an_old_one'"


def test_an_old_table_asks_once_a_statement_and_still_refuses_another_tenants_row(
    database_urls: ServerUrls, tenants: TwoTenants
) -> None:
    with psycopg.connect(database_urls.database_url, autocommit=True) as owner:
        owner.execute(_OLD)
        try:
            engine = create_engine(sqlalchemy_url(database_urls.database_url))
            with (
                engine.begin() as open_one,
                Operations.context(MigrationContext.configure(open_one)),
            ):
                data_0006_checks.upgrade()
            engine.dispose()
            found = owner.execute(_CHECK).fetchone()
            assert found
            assert "( SELECT" in found[0]
            with psycopg.connect(database_urls.app_url) as app:
                app.execute("SELECT set_config('app.tenant_id', %s, false)", [str(tenants.first)])
                add = "INSERT INTO public.an_old_one VALUES (%s, 'mine')"
                app.execute(add, [tenants.first])
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    app.execute(add, [tenants.second])
        finally:
            owner.execute("DROP TABLE public.an_old_one")
