"""PostgreSQL's own programs on any data folder: copied, rewound, combined, or run for a moment."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from myriad.scale.embedded import children
from myriad.scale.embedded.account import Account, choose_account
from myriad.scale.embedded.binaries import get_postgres_folder
from myriad.scale.embedded.errors import ServerStartError, ToolFailedError

_POLL_SECONDS = 0.02
_SAID_CHARACTERS = 2000
_STOP_SECONDS = 60.0
_TRUSTED = "local all all trust\n"


@dataclass(frozen=True)
class PostgresTools:
    """The programs in `binaries`, run under `account` (None: our own)."""

    account: Account | None
    binaries: Path = field(default_factory=get_postgres_folder)

    @classmethod
    def for_folders(cls, *folders: Path, binaries: Path | None = None) -> Self:
        """Return the tools for data folders, there already or yet to be made."""
        chosen = binaries or get_postgres_folder()
        programs = [chosen / "postgres", chosen / "pg_basebackup"]
        return cls(choose_account(folders[0], programs, list(folders)), chosen)

    def run(self, tool: str, *arguments: str | Path, url: str | None = None) -> str:
        """Run a program to its end and return what it printed, or raise ToolFailedError.

        `url` follows the arguments without its password, which no list of processes may show.
        """
        command: list[str | Path] = [self.binaries / tool, *arguments]
        environment = dict(os.environ)
        if url is not None:
            plain, password = without_password(url)
            command[-1] = f"{command[-1]}{plain}"
            environment["PGPASSWORD"] = password
        result = children.run(command, account=self.account, environment=environment)
        if result.returncode != 0:
            said = result.stdout.strip()[-_SAID_CHARACTERS:]
            raise ToolFailedError(f"{tool} ended with {result.returncode}: {said}", tool=tool)
        return result.stdout

    def own(self, folder: Path) -> Path:
        """Return `folder`, made when it is missing, private to the account of the programs."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.account is not None:
            self.account.own(folder)
        return folder

    def start(self, data: Path, settings: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
        """Start the server of `data` as our child; it may not answer yet."""
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        command: list[str | Path] = [self.binaries / "postgres", "-D", data, *options]
        return children.spawn(command, log=log, dies_by=signal.SIGINT, account=self.account)

    @contextlib.contextmanager
    def alone(
        self, data: Path, settings: Mapping[str, str], *, timeout_seconds: float
    ) -> Iterator[str]:
        """Run the server of `data` where nobody else reaches it; yield its URL without a role.

        The block begins when the server lets callers in, and the server ends with it. Raises
        ServerStartError with the server's last words.
        """
        # A socket's path must be short, however deep the data lies.
        folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        try:
            self.own(folder)
            rules, log = folder / "pg_hba.conf", folder / "server.log"
            rules.write_text(_TRUSTED)
            rules.chmod(0o644)
            private = {
                "listen_addresses": "",
                "unix_socket_directories": str(folder),
                "hba_file": str(rules),
                "port": "5432",
            }
            child = self.start(data, {**settings, **private}, log)
            try:
                self._wait(child, folder, log, timeout_seconds)
                yield f"postgresql://?host={quote(str(folder), safe='')}&port=5432"
            finally:
                children.stop(child, by=signal.SIGINT, timeout_seconds=_STOP_SECONDS)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _wait(
        self, child: subprocess.Popen[bytes], host: Path, log: Path, timeout_seconds: float
    ) -> None:
        deadline = time.monotonic() + timeout_seconds
        asked: list[str | Path] = [self.binaries / "pg_isready", "-q", "-h", host, "-t", "2"]
        while children.run(asked).returncode != 0:
            if child.poll() is not None or time.monotonic() > deadline:
                said = log.read_text(errors="replace").strip()[-_SAID_CHARACTERS:]
                raise ServerStartError(f"PostgreSQL did not come up; its last words: {said}")
            time.sleep(_POLL_SECONDS)


def without_password(url: str) -> tuple[str, str]:
    """Return `url` without its password, and the password."""
    parts = urlsplit(url)
    login, at, hosts = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    return urlunsplit(parts._replace(netloc=f"{user}{at}{hosts}")), unquote(password)
