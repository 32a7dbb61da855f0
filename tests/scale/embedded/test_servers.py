"""The embedded servers keep data and secrets safe, whoever dies and however."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from myriad.scale.embedded import running_servers
from myriad.scale.embedded.errors import HomeBusyError
from myriad.scale.embedded.postgres import BACKUP, EmbeddedPostgres
from myriad.scale.embedded.state import read_state
from myriad.scale.embedded.tools import PostgresTools
from tests.scale.embedded.homes import children_of, holder_of

_LOOK = """
SELECT current_setting('data_checksums'), current_setting('synchronous_commit'),
       current_setting('fsync'), current_setting('listen_addresses'), datlocprovider::text,
       datlocale, pg_encoding_to_char(encoding)
FROM pg_database WHERE datname = current_database()
"""
_ROLES = "SELECT rolname FROM pg_roles WHERE rolname LIKE 'myriad%' AND (rolsuper OR rolbypassrls)"


def test_postgres_is_durable_utf8_and_local(home: Path) -> None:
    """Checksums and synchronous commits are on, the text is UTF-8, nobody outside can connect."""
    with running_servers(home) as urls, psycopg.connect(urls.app_url) as connection:
        assert connection.execute(_LOOK).fetchone() == (
            *("on", "on", "on", "127.0.0.1"),
            *("b", "C.UTF-8", "UTF8"),
        )
        assert connection.execute(_ROLES).fetchall() == []


def test_data_and_ports_stay_across_runs(home: Path) -> None:
    """What was committed, appended or chosen as a port is there at the next start."""
    with running_servers(home) as first:
        with psycopg.connect(first.database_url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS number")
        redis.Redis.from_url(first.broker_url).set("kept", 42)
    with running_servers(home) as second:
        assert second == first
        with psycopg.connect(second.database_url) as connection:
            assert connection.execute("SELECT number FROM kept").fetchall() == [(42,)]
        assert redis.Redis.from_url(second.broker_url).get("kept") == b"42"


def test_a_home_of_an_earlier_version_gets_the_role_of_copies(home: Path) -> None:
    """A cluster made before there were backups can be copied after its next start."""
    only = frozenset({"postgres"})
    with running_servers(home, only) as urls, psycopg.connect(urls.database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS number")
    (home / "secrets" / "postgres-myriad_backup").unlink()
    data = home / "postgres" / "data"
    settings = data / "postgresql.conf"
    settings.write_text(settings.read_text().replace("\narchive_command = 'true'", ""))
    (data / "pg_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")
    with running_servers(home, only) as urls:
        server = EmbeddedPostgres(home, read_state(home).ports["postgres"])
        with psycopg.connect(server.url(BACKUP), dbname="myriad") as connection:
            assert connection.execute("SELECT number FROM kept").fetchall() == [(42,)]
            assert connection.execute("SHOW archive_command").fetchone() == ("true",)
        PostgresTools(server.account).run(
            "pg_basebackup",
            "-D",
            home / "postgres" / "copy",
            "-X",
            "none",
            "-d",
            "",
            url=server.url(BACKUP),
        )


def test_a_wrong_password_opens_nothing(home: Path) -> None:
    """PostgreSQL and both Redis servers refuse a caller who does not know the secret."""
    with running_servers(home) as urls:
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(urls.app_url, password="guess")
        for url in (urls.broker_url, urls.cache_url):
            port = int(url.rpartition(":")[2].split("/")[0])
            with pytest.raises(redis.exceptions.AuthenticationError):
                # By itself the client tries a refused password again for seconds.
                redis.Redis(port=port, retry=Retry(NoBackoff(), 0)).ping()


def test_secrets_and_state_are_private(home: Path) -> None:
    """No file with a password in it is readable by anybody else, and no parent was opened."""
    parent_mode = home.parent.stat().st_mode
    with running_servers(home):
        private = [*(home / "secrets").iterdir(), *(home / "run").iterdir()]
        assert private
        for path in [p for p in private if p.name != "lock"]:
            assert path.stat().st_mode & 0o077 == 0
        for folder in ("secrets", "run", "postgres", "redis-broker", "redis-cache"):
            assert (home / folder).stat().st_mode & 0o077 == 0
    assert home.parent.stat().st_mode == parent_mode


def test_the_broker_keeps_and_the_cache_forgets(home: Path) -> None:
    """The broker appends every write and never evicts; the cache keeps nothing on disk."""
    with running_servers(home) as urls:
        broker = redis.Redis.from_url(urls.broker_url, decode_responses=True)
        cache = redis.Redis.from_url(urls.cache_url, decode_responses=True)
        assert broker.config_get("append*")["appendonly"] == "yes"
        assert broker.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
        assert cache.config_get("appendonly")["appendonly"] == "no"
        assert cache.config_get("maxmemory")["maxmemory"] == str(64 * 1024 * 1024)
        assert cache.config_get("maxmemory-policy")["maxmemory-policy"] == "allkeys-lfu"


def test_one_home_has_one_runner(home: Path) -> None:
    """A second runner of the same home folder is told so and disturbs nothing."""
    with holder_of(home) as (_, urls):
        with pytest.raises(HomeBusyError, match="already runs"), running_servers(home):
            pass
        with psycopg.connect(urls.app_url) as connection:
            connection.execute("SELECT 1")


def test_kill_9_of_the_runner_ends_the_servers_and_loses_nothing(home: Path) -> None:
    """Servers die with the process that started them; the next start has every commit."""
    with holder_of(home) as (process, urls):
        with psycopg.connect(urls.database_url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number")
        servers = children_of(process)
        assert len(servers) == 3
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert not read_state(home).is_alive
        with running_servers(home) as again, psycopg.connect(again.database_url) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchall() == [(1000,)]
        _, alive = psutil.wait_procs(servers.values(), timeout=1)
        assert [p for p in alive if p.status() != psutil.STATUS_ZOMBIE] == []


def test_a_zombie_in_the_lock_file_does_not_block_a_restart(home: Path) -> None:
    """A postmaster killed with -9 and never reaped leaves a pid that answers; it is not believed."""
    with holder_of(home) as (process, urls):
        with psycopg.connect(urls.database_url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS number")
        os.kill(process.pid, signal.SIGSTOP)  # Nobody reaps now.
        children_of(process)["postgres"].send_signal(signal.SIGKILL)
        time.sleep(0.3)
        lock = (home / "postgres" / "data" / "postmaster.pid").read_text()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        zombie = os.fork()
        if zombie == 0:
            os._exit(0)
        lines = lock.splitlines(keepends=True)
        path = home / "postgres" / "data" / "postmaster.pid"
        path.write_text("".join([f"{zombie}\n", *lines[1:]]))
        with running_servers(home) as again, psycopg.connect(again.database_url) as connection:
            assert connection.execute("SELECT number FROM kept").fetchall() == [(1,)]
        os.waitpid(zombie, 0)


def test_lost_secrets_are_made_anew(home: Path) -> None:
    """Without its secrets folder an installation still opens its own database."""
    with running_servers(home) as before:
        pass
    for path in (home / "secrets").iterdir():
        path.unlink()
    with running_servers(home) as after, psycopg.connect(after.app_url) as connection:
        assert connection.execute("SELECT current_user").fetchall() == [("myriad_app",)]
    assert after.app_url != before.app_url


def test_an_interrupted_first_start_begins_anew(home: Path) -> None:
    """What a killed initdb left behind is swept away."""
    half = home / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18")
    with running_servers(home) as urls, psycopg.connect(urls.app_url) as connection:
        connection.execute("SELECT 1")
    assert not half.exists()


def test_a_taken_port_is_left_alone(home: Path) -> None:
    """When another program took the port since, another one is chosen."""
    with running_servers(home) as first:
        pass
    port = read_state(home).ports["postgres"]
    with socket.socket() as other:
        # Connections that the first server closed still linger on the port for a minute.
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        with running_servers(home) as second, psycopg.connect(second.app_url) as connection:
            connection.execute("SELECT 1")
    assert second.app_url != first.app_url
