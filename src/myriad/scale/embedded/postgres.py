"""PostgreSQL 18 as a direct child: TCP on 127.0.0.1 only, scram passwords, durable commits."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from myriad.scale.embedded import children
from myriad.scale.embedded.account import Account, choose_account
from myriad.scale.embedded.binaries import get_postgres_folder
from myriad.scale.embedded.errors import ServerStartError
from myriad.scale.embedded.files import free_port, get_secret, private_folder

DATABASE = "myriad"
OWNER, APP, CROSSING = "myriad_owner", "myriad_app", "myriad_crossing"
# Copies the cluster for standbys and backups; sees what a copy shows anyway, and writes no row.
BACKUP = "myriad_backup"
_ROLES = (OWNER, APP, CROSSING, BACKUP)
_POLL_SECONDS = 0.02
_SLOT = re.compile(r"^primary_slot_name = '(\w+)'$", re.MULTILINE)
_STOP_SECONDS = 20.0

# For a laptop: little memory at rest, nothing given up in durability. What is shared is taken from
# the machine when it is first used; the log is not compressed, for pglz costs more than it saves.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "512MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "io_workers": "2",
    "wal_level": "replica",
    # Costs nothing until a backup names where to; see _ARCHIVE_NOTHING.
    "archive_mode": "on",
    # A standby that is gone must not fill the disk of its primary.
    "max_slot_wal_keep_size": "4GB",
    "synchronous_commit": "on",
    "wal_compression": "off",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "track_io_timing": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "password_encryption": "scram-sha-256",
}
_HOST_RULES = (
    "host all all 127.0.0.1/32 scram-sha-256\n"
    f"host replication {BACKUP} 127.0.0.1/32 scram-sha-256\n"
)
# Stands in the file, where ALTER SYSTEM can take its place while the server runs.
_ARCHIVE_NOTHING = "archive_command = 'true'\n"
_INITDB = (
    "--username=postgres",
    "--auth=reject",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--data-checksums",
)


@dataclass
class EmbeddedPostgres:
    """The PostgreSQL of one home folder; `port` is the one to prefer, then the one in use."""

    home: Path
    port: int | None = None
    name: str = "postgres"
    stop_signal: signal.Signals = signal.SIGINT
    stop_seconds: float = _STOP_SECONDS
    _binaries: Path = field(default_factory=get_postgres_folder)

    @property
    def folder(self) -> Path:
        """The folder that holds the cluster; it belongs to the account of the server."""
        return self.home / "postgres"

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """Where the server's messages go."""
        return self.home / "logs" / f"{self.name}.log"

    @cached_property
    def account(self) -> Account | None:
        """The account that the server runs under, None for our own."""
        return choose_account(
            self.home, [self._binaries / "postgres", self._binaries / "initdb"], [self.folder]
        )

    def initialise(self) -> None:
        """Make the cluster, its roles and its database unless they exist; safe to interrupt."""
        private_folder(self.folder)
        if self.account is not None:
            self.account.own(self.folder)
        known = all(self._secret_path(role).exists() for role in _ROLES)
        if not self.data.exists():
            self._create_cluster()
            return
        if self.follows is not None:
            raise ServerStartError(
                f"the database in {self.data} is a standby now, which takes no writes: point "
                "MYRIAD_DATABASE__URL at the server that was made primary, or run this one by "
                f"./myriad db standby run {self.follows} and make it primary again by ./myriad db "
                f"standby promote {self.follows}; docs/how-to/standbys.md tells more"
            )
        self._complete_files()
        if not known:
            self._end_leftover()
            self._run_single_user(
                self.data, [*backup_role_statements(), *self._password_statements()]
            )

    @property
    def follows(self) -> str | None:
        """The name under which the cluster follows another one; None for a primary, or none yet."""
        if not (self.data / "standby.signal").exists():
            return None
        found = _SLOT.findall((self.data / "postgresql.auto.conf").read_text())
        return found[-1] if found else "NAME"

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the server on a free port as our child; it may not answer yet."""
        self._end_leftover()
        self.port = free_port(self.port)
        settings = _SETTINGS | {"port": str(self.port)}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        command: list[str | Path] = [self._binaries / "postgres", "-D", self.data, *options]
        return children.spawn(command, log=self.log, dies_by=self.stop_signal, account=self.account)

    def is_ready(self) -> bool:
        """Say whether the server accepts connections now."""
        address = ["-q", "-h", "127.0.0.1", "-p", str(self.port), "-t", "2"]
        return children.run([self._binaries / "pg_isready", *address]).returncode == 0

    def wait_ready(self, child: subprocess.Popen[bytes], timeout_seconds: float = 60) -> None:
        """Return when the server accepts connections, or raise ServerStartError."""
        deadline = time.monotonic() + timeout_seconds
        while not self.is_ready():
            if child.poll() is not None or time.monotonic() > deadline:
                raise ServerStartError(f"PostgreSQL did not start; its messages are in {self.log}")
            time.sleep(_POLL_SECONDS)

    def stop(self, child: subprocess.Popen[bytes]) -> None:
        """End the server: a fast shutdown, forced when it takes too long."""
        children.stop(child, by=self.stop_signal, timeout_seconds=self.stop_seconds)

    def url(self, role: str) -> str:
        """Return the URL at which `role` reaches the database `myriad`."""
        password = quote(get_secret(self.home, self._secret_path(role).name), safe="")
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{DATABASE}"

    def _secret_path(self, role: str) -> Path:
        return self.home / "secrets" / f"postgres-{role}"

    def _create_cluster(self) -> None:
        new = self.folder / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        # One sync at the end is as safe as initdb's own, for nobody uses the folder before.
        self._initdb(new, *_INITDB, "--no-sync", "--no-instructions")
        (new / "pg_hba.conf").write_text(_HOST_RULES)
        _append_missing(new / "postgresql.conf", _ARCHIVE_NOTHING)
        self._run_single_user(new, self._role_statements())
        self._initdb(new, "--sync-only")
        new.rename(self.data)

    def _complete_files(self) -> None:
        """Give a cluster of an earlier version what later ones begin with."""
        (self.data / "pg_hba.conf").write_text(_HOST_RULES)
        _append_missing(self.data / "postgresql.conf", _ARCHIVE_NOTHING)

    def _initdb(self, folder: Path, *options: str) -> None:
        self._run([self._binaries / "initdb", *options, "-D", folder], "")

    def _run_single_user(self, folder: Path, statements: list[str]) -> None:
        options = ["-c", "exit_on_error=on", "-c", "log_min_messages=error"]
        command: list[str | Path] = [
            self._binaries / "postgres",
            "--single",
            "-D",
            folder,
            *options,
            "postgres",
        ]
        self._run(command, "".join(f"{statement}\n" for statement in statements))

    def _run(self, command: list[str | Path], stdin: str) -> None:
        result = children.run(command, account=self.account, stdin=stdin)
        if result.returncode != 0:
            said = result.stdout.strip()[-2000:]
            raise ServerStartError(f"PostgreSQL could not be prepared in {self.folder}: {said}")

    def _role_statements(self) -> list[str]:
        plain = "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE"
        return [
            f"CREATE ROLE {OWNER} {plain} CREATEDB;",
            *(f"CREATE ROLE {role} {plain} NOCREATEDB;" for role in (APP, CROSSING)),
            *backup_role_statements(),
            *self._password_statements(),
            f"CREATE DATABASE {DATABASE} OWNER {OWNER};",
        ]

    def _password_statements(self) -> list[str]:
        passwords = {role: get_secret(self.home, self._secret_path(role).name) for role in _ROLES}
        return [f"ALTER ROLE {role} PASSWORD '{value}';" for role, value in passwords.items()]

    def _end_leftover(self) -> None:
        """Wait for the server of an earlier run, and disarm a lock file that names no server."""
        lock = self.data / "postmaster.pid"
        leftover = children.find_leftover(lock, ["postgres"])
        if leftover is not None:
            children.end_leftover(leftover, by=signal.SIGINT, timeout_seconds=_STOP_SECONDS)
        if lock.exists():
            _name_parent_in(lock)


def backup_role_statements(role: str = BACKUP) -> list[str]:
    """Return what a superuser runs in the database `postgres` for the role of copies.

    It sees every tenant as `myriad_crossing` does, locks tables but changes no row, and may say
    where the write-ahead log goes.
    """
    functions = (
        "pg_switch_wal(), pg_create_restore_point(text), pg_promote(boolean, integer), "
        "pg_reload_conf(), pg_ls_dir(text, boolean, boolean), pg_stat_file(text, boolean), "
        "pg_read_binary_file(text), pg_read_binary_file(text, bigint, bigint, boolean)"
    )
    parameters = "archive_command, archive_timeout, summarize_wal, synchronous_standby_names"
    return [
        f"DO $$ BEGIN IF to_regrole('{role}') IS NULL THEN CREATE ROLE {role}; END IF; END $$;",
        f"ALTER ROLE {role} LOGIN REPLICATION NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB;",
        f"GRANT pg_read_all_data, pg_maintain, pg_monitor, pg_checkpoint, {CROSSING} TO {role};",
        f"GRANT EXECUTE ON FUNCTION {functions} TO {role};",
        f"GRANT ALTER SYSTEM ON PARAMETER {parameters} TO {role};",
    ]


def _append_missing(path: Path, line: str) -> None:
    """Add `line` to a file of settings that does not name its setting yet."""
    text = path.read_text()
    if f"\n{line.partition(' ')[0]} " not in text:
        with path.open("a") as file:
            file.write(f"\n{line}")


def _name_parent_in(lock: Path) -> None:
    """Replace the pid in postmaster.pid by ours, which PostgreSQL knows for its parent's.

    It believes a lock file whose pid answers a signal, as a zombie or a pid used again does, but
    never one that names its parent. The other lines stay, so its own check for shared memory that
    is still in use keeps working.
    """
    lines = lock.read_text().splitlines(keepends=True)
    lock.write_text("".join([f"{os.getpid()}\n", *lines[1:]]))
