"""The two roles without rights of their own, on a PostgreSQL that belongs to the user."""

from __future__ import annotations

from typing import LiteralString

import psycopg
from psycopg import sql

from myriad.scale.embedded.errors import RoleError
from myriad.scale.embedded.postgres import APP, CROSSING

OLDEST_VERSION = 180000


def bootstrap(url: str) -> None:
    """Make the roles `myriad_app` and `myriad_crossing` if missing, for the login of `url`.

    They cannot log in; the login may act as them (`SET ROLE`). Raises RoleError, with what an
    administrator has to do, when the login is not permitted to, or when the server is too old.
    """
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
            _require_version(connection.info.server_version)
            for role in (APP, CROSSING):
                _ensure(connection, role)
    except psycopg.OperationalError as error:
        raise RoleError(f"MYRIAD_DATABASE__URL cannot be reached: {error}") from None


def _require_version(version: int) -> None:
    if version < OLDEST_VERSION:
        message = f"PostgreSQL 18 or newer is needed, and this server is {version // 10000}"
        raise RoleError(message)


def _ensure(connection: psycopg.Connection, role: str) -> None:
    try:
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        if known is None:
            _execute(connection, "CREATE ROLE {} NOLOGIN NOSUPERUSER NOBYPASSRLS", role)
        allowed = connection.execute("SELECT pg_has_role(current_user, %s, 'SET')", [role])
        if allowed.fetchone() != (True,):
            _execute(connection, "GRANT {} TO CURRENT_USER WITH INHERIT FALSE, SET TRUE", role)
    except psycopg.errors.InsufficientPrivilege:
        login = connection.info.user
        message = (
            f"The login {login} may not make the role {role}. Have an administrator run: "
            f"CREATE ROLE {role} NOLOGIN; "
            f"GRANT {role} TO {login} WITH INHERIT FALSE, SET TRUE;"
        )
        raise RoleError(message, role=role) from None


def _execute(connection: psycopg.Connection, statement: LiteralString, role: str) -> None:
    connection.execute(sql.SQL(statement).format(sql.Identifier(role)))
