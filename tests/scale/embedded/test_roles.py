"""A user's own PostgreSQL gets the two roles, or its administrator the two statements."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from myriad.scale.data.settings import with_role
from myriad.scale.embedded import EmbeddedPostgres, children, roles
from myriad.scale.embedded.errors import RoleError


@pytest.fixture
def own_server(home: Path) -> Iterator[str]:
    """The URL of a PostgreSQL that has only `admin` (may make roles) and `plain` (may not)."""
    server = EmbeddedPostgres(home)
    server.initialise()
    statements = [
        "DROP DATABASE myriad;",
        *(f"DROP ROLE myriad_{role};" for role in ("owner", "app", "crossing")),
        "CREATE ROLE admin LOGIN CREATEROLE PASSWORD 'it''s';",
        "CREATE ROLE plain LOGIN PASSWORD 'it''s';",
    ]
    server._run_single_user(server.data, statements)
    child = server.spawn()
    server.wait_ready(child)
    yield f"postgresql://admin:it%27s@127.0.0.1:{server.port}/postgres"
    children.stop(child, by=server.stop_signal, timeout_seconds=10)


def test_missing_roles_are_made_and_can_be_acted_as(own_server: str) -> None:
    """A login that may make roles gets both, cannot log in as them, and may repeat it."""
    roles.bootstrap(own_server)
    roles.bootstrap(own_server)
    for role in ("myriad_app", "myriad_crossing"):
        with psycopg.connect(with_role(own_server, role)) as connection:
            row = connection.execute("SELECT current_user, session_user").fetchone()
            assert row == (role, "admin")
            query = (
                "SELECT rolcanlogin OR rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = %s"
            )
            assert connection.execute(query, [role]).fetchone() == (False,)


def test_a_login_without_the_right_learns_the_statements(own_server: str) -> None:
    """The message is what an administrator has to run."""
    with pytest.raises(
        RoleError, match="CREATE ROLE myriad_app NOLOGIN; GRANT myriad_app TO plain"
    ):
        roles.bootstrap(own_server.replace("admin", "plain"))


def test_an_unreachable_server_is_named_by_its_variable() -> None:
    """A wrong host or port points to MYRIAD_DATABASE__URL."""
    with pytest.raises(RoleError, match="MYRIAD_DATABASE__URL"):
        roles.bootstrap("postgresql://nobody@127.0.0.1:1/none")
