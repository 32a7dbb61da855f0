"""Which server the commands of standbys and backups mean: this home's own, or the user's."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from myriad.apps.cli.context import CliContext
from myriad.apps.cli.environment import embedded_names
from myriad.apps.copying import load_copy_settings
from myriad.kit.errors import InvalidInputError, UnavailableError
from myriad.scale.data.backup import BackupSettings, BackupStore
from myriad.scale.embedded.postgres import BACKUP, EmbeddedPostgres
from myriad.scale.embedded.servers import running_servers
from myriad.scale.embedded.state import read_state
from myriad.scale.embedded.tools import PostgresTools

POSTGRES = frozenset({"postgres"})


def is_embedded() -> bool:
    """Say whether the database is the one of this home."""
    return bool(POSTGRES & embedded_names())


@contextlib.contextmanager
def source_url(context: CliContext, given: str | None) -> Iterator[str]:
    """Yield the URL of a login with REPLICATION on the primary, which answers.

    As given, else of the settings, else of this home's own server, started for the block unless
    `up` runs it. Raises InvalidInputError where there is none, and where the login may not do what
    the block asks of it; UnavailableError where the server is silent.
    """
    with contextlib.ExitStack() as stack:
        url = given or _url_of_settings(context.home) or stack.enter_context(_own_url(context.home))
        _require_answer(url)
        try:
            yield url
        except psycopg.errors.InsufficientPrivilege as error:
            raise InvalidInputError(
                f"{login_of(url)} may not do that: {error.diag.message_primary}. "
                "docs/how-to/backups.md says how the login is made"
            ) from None


def find_live_url(context: CliContext, given: str | None) -> str | None:
    """Return the URL of a login with REPLICATION, or None where no server is known to run."""
    state = read_state(context.home)
    found = given or _given_url(context.home)
    if found or not (is_embedded() and state.is_alive and state.kind == "up"):
        return found
    return EmbeddedPostgres(context.home, state.ports.get("postgres")).url(BACKUP)


def _given_url(home: Path) -> str | None:
    found = load_copy_settings(home=home).database.backup_url
    return found.get_secret_value() if found else None


def _url_of_settings(home: Path) -> str | None:
    found = _given_url(home)
    if found is None and not is_embedded():
        raise InvalidInputError(
            "name a login with REPLICATION by --url or MYRIAD_DATABASE__BACKUP_URL; "
            "docs/how-to/backups.md says how it is made"
        )
    return found


@contextlib.contextmanager
def _own_url(home: Path) -> Iterator[str]:
    state = read_state(home)
    if state.is_alive and state.kind == "up":
        yield EmbeddedPostgres(home, state.ports.get("postgres")).url(BACKUP)
        return
    if not EmbeddedPostgres(home).data.exists():
        raise InvalidInputError(f"there is no database in {home} yet; ./myriad up makes it")
    with running_servers(home, POSTGRES):
        yield EmbeddedPostgres(home, read_state(home).ports["postgres"]).url(BACKUP)


def _require_answer(url: str) -> None:
    try:
        with psycopg.connect(url, dbname="postgres", connect_timeout=10):
            return
    except psycopg.OperationalError as error:
        raise UnavailableError(
            f"the server cannot be reached as {login_of(url)}: {str(error).strip()}. If `up` began "
            "under an earlier version, end it by ./myriad down and start it again"
        ) from None


@contextlib.contextmanager
def writable() -> Iterator[None]:
    """Say of a folder that cannot be written which one it is, and what to do."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            raise
        raise UnavailableError(
            f"{error.filename} cannot be written or read: {error.strerror}. Give the right to the "
            "account that runs this, make room, or name another folder"
        ) from None


def login_of(url: str) -> str:
    """Return the role of a URL."""
    return urlsplit(url).username or BACKUP


def restoring_login(home: Path) -> str:
    """Return the role by which a restored copy is asked: that which takes its backups."""
    url = _given_url(home)
    return login_of(url) if url else BACKUP


def tools_for(context: CliContext, binaries: Path | None, *folders: Path) -> PostgresTools:
    """Return PostgreSQL's programs under the account that owns what they work on."""
    own = [EmbeddedPostgres(context.home).folder] if is_embedded() else []
    return PostgresTools.for_folders(*own, *folders, binaries=binaries)


def backup_settings(
    context: CliContext, folder: Path | None, node: str | None
) -> tuple[BackupSettings, BackupStore]:
    """Return what is set for backups, and their folder: as given, as set, else in the home folder."""
    settings = load_copy_settings(home=context.home).backup
    given = {"folder": folder, "node": node}
    chosen = settings.model_copy(update={key: one for key, one in given.items() if one is not None})
    return chosen, chosen.store_within(context.home)
