"""`./myriad db …`: what cannot be done is said in one line, before anything is started or made."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from myriad.apps.cli.db import DB_COMMANDS
from myriad.apps.cli.db.backup import _moved_log
from myriad.apps.cli.db.places import restoring_login, writable
from myriad.apps.cli.db.standby import up_with
from myriad.apps.cli.frame import main
from myriad.kit.errors import UnavailableError
from myriad.scale.data.backup import BackupStore
from myriad.scale.embedded.servers import ServerUrls


@pytest.mark.parametrize("name", ["backup", "restore", "drill", "standby"])
def test_each_command_of_copies_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert name in DB_COMMANDS
    assert main(["db", name, "--help"]) == 0
    shown = capsys.readouterr().out
    assert name == "standby" or f"./myriad db {name}" in shown.split("Example", 1)[1]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["backup"], "there is no database"),
        (["backup", "--node", "../up"], "no name of a node"),
        (["backup", "status", "--node", "../up"], "no name of a node"),
        (["backup", "serve"], "no server to take backups of is known"),
        (["drill"], "there is no database"),
        (["drill", "--url", "postgresql://me@127.0.0.1:1/db"], "cannot be reached as me"),
        (["restore", "{home}/new"], "no finished backup"),
        (["restore", "{home}/new", "--at", "yesterday"], "'yesterday' is no moment"),
        (["restore", "{home}/full"], "is not empty"),
        (["standby", "run", "nowhere"], "there is no standby nowhere"),
        (["standby", "rewind", "old", "--url", "postgresql://me@127.0.0.1:1/db"], "no data folder"),
        (["standby", "rewind", "Old one", "--url", "postgresql://me@127.0.0.1:1/db"], "is no name"),
        (["standby", "promote", "--standby-url", "postgresql://me@127.0.0.1:1/db"], "by --url"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_said_in_one_line(
    line: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "precious").touch()
    words = [word.format(home=tmp_path) for word in line]
    assert main(["db", *words, "--home", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert "Traceback" not in said.out + said.err
    assert not (tmp_path / "postgres").exists()
    assert not (tmp_path / "new").exists()


def test_an_empty_folder_of_backups_is_listed_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["db", "backup", "--list", "--home", str(tmp_path)]) == 0
    assert "./myriad db backup takes one" in capsys.readouterr().out
    assert main(["db", "backup", "--list", "--json", "--home", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out) == {"backups": []}


@pytest.mark.parametrize(
    ("scheduled", "code", "said"),
    [
        ("true", 1, "is not to be seen from here"),
        ("false", 0, "None are scheduled"),
    ],
    ids=["scheduled", "not"],
)
def test_the_state_of_backups_is_told_by_its_exit_code_with_what_to_do(
    scheduled: str,
    code: int,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MYRIAD_BACKUP__IS_SCHEDULED", scheduled)
    assert main(["db", "backup", "status", "--home", str(tmp_path)]) == code
    shown = capsys.readouterr().out
    assert said in shown
    assert "./myriad db backup takes one" in shown
    assert main(["db", "backup", "status", "--json", "--home", str(tmp_path)]) == code
    assert json.loads(capsys.readouterr().out)["healthy"] is (code == 0)
    assert list(tmp_path.iterdir()) == []


def test_the_command_that_sends_reads_to_a_standby_may_be_pasted(tmp_path: Path) -> None:
    """Also where the home's folder holds a space."""
    file = tmp_path / "my riad" / "read-url"
    assert shlex.split(up_with(file)) == [
        f"MYRIAD_DATABASE__STANDBY_URLS_FILE={file}",
        "./myriad",
        "up",
    ]


def test_a_folder_that_cannot_be_written_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = "file/backups cannot be written or read: Not a dir"
    with pytest.raises(UnavailableError, match=said), writable():
        (tmp_path / "file" / "backups").mkdir()


def test_a_log_that_goes_to_another_folder_now_is_told(tmp_path: Path) -> None:
    store = BackupStore(tmp_path)
    assert _moved_log(None, store) == _moved_log(store.wal, store) == []
    (told,) = _moved_log(Path("/mnt/before/primary/wal"), store)
    assert "no longer to /mnt/before/primary/wal" in told


def test_a_login_that_may_not_is_told_what_it_lacks(
    tmp_path: Path, database_urls: ServerUrls, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["db", "backup", "--url", database_urls.app_url, "--home", str(tmp_path)]
    assert main(line) == 2
    said = capsys.readouterr().err
    assert "myriad_app may not do that: permission denied" in said
    assert "docs/how-to/backups.md" in said


def test_a_restored_copy_is_asked_by_the_login_that_takes_its_backups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert restoring_login(tmp_path) == "myriad_backup"
    monkeypatch.setenv("MYRIAD_DATABASE__BACKUP_URL", "postgresql://copier@db.internal/myriad")
    assert restoring_login(tmp_path) == "copier"
