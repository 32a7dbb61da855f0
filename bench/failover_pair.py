"""The two servers of `failover`: a primary, and a standby that follows it."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from myriad.scale.data.backup.archive import control
from myriad.scale.data.standby import making
from myriad.scale.embedded.postgres import BACKUP, OWNER, EmbeddedPostgres
from myriad.scale.embedded.tools import PostgresTools

_TABLES = """
CREATE TABLE written (writer int NOT NULL, number bigint NOT NULL, filler text NOT NULL,
                      PRIMARY KEY (writer, number));
CREATE TABLE beat (number bigint PRIMARY KEY);
CREATE TABLE counter (tenant_id uuid PRIMARY KEY, number bigint NOT NULL);
ALTER TABLE counter ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON counter TO myriad_app
    USING (tenant_id = current_setting('app.tenant_id')::uuid);
GRANT SELECT, INSERT, UPDATE ON counter TO myriad_app
"""


@dataclass
class Pair:
    """A primary and a standby that follows it, both children of this process."""

    primary: EmbeddedPostgres
    standby: EmbeddedPostgres
    child: subprocess.Popen[bytes]

    def several(self, role: str) -> str:
        """Return the URL by which a writer finds whichever of the two is the primary."""
        return making.several_hosts([self.primary.url(role), self.standby.url(role)])

    def kill_primary(self) -> None:
        """Kill the primary and every process of it, and reap it."""
        whole = psutil.Process(self.child.pid).children(recursive=True)
        self.child.kill()
        for process in whole:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.child.wait()


@contextlib.contextmanager
def running_pair(folder: Path) -> Iterator[Pair]:
    """Run both below `folder` while the block lasts."""
    primary, standby = EmbeddedPostgres(folder / "one"), EmbeddedPostgres(folder / "two")
    with contextlib.ExitStack() as stack:
        primary.initialise()
        child = primary.spawn()
        stack.callback(lambda: primary.stop(child))
        primary.wait_ready(child)
        with psycopg.connect(primary.url(OWNER)) as connection:
            connection.execute(_TABLES)
        shutil.copytree(primary.home / "secrets", standby.home / "secrets")
        tools = PostgresTools(primary.account)
        tools.own(standby.folder)
        making.add_standby(tools, primary.url(BACKUP), standby.data, "standby1")
        follower = standby.spawn()
        stack.callback(lambda: standby.stop(follower))
        standby.wait_ready(follower)
        yield Pair(primary, standby, child)


def wait_for_standby_in_commits(pair: Pair) -> None:
    """Let commits be acknowledged only once the standby has them."""
    with control(pair.primary.url(BACKUP)) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'standby1'")
        connection.execute("SELECT pg_reload_conf()")
