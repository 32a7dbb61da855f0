"""The process of backups beside the others of `up`: it alone has its login, and nothing but that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from myriad.apps import backups
from myriad.apps.cli.plan import Plan
from myriad.scale.embedded.servers import ServerUrls

_LOGIN = "MYRIAD_DATABASE__BACKUP_URL"
_OURS = "postgresql://copies@127.0.0.1:5432/myriad"
_THEIRS = "postgresql://copies@db.internal/myriad"
_URLS = ServerUrls("postgresql://own@127.0.0.1/m", "app", "crossing", "broker", "cache")


def _told(home: Path, backup_url: str | None) -> dict[str, dict[str, str]]:
    """Return what each Python process of `up` is told."""
    plan = Plan(home, 8000, _URLS, None, backup_url)
    processes: list[tuple[str, Any]] = [(part.name, part.spawn) for part in plan.background(1)]
    return {name: spawn.__self__.environment for name, spawn in processes}


def test_the_login_that_copies_all_is_given_to_one_process_and_no_key_to_it(
    tmp_path: Path,
) -> None:
    told = _told(tmp_path, _OURS)
    assert told["backups"][_LOGIN] == _OURS
    ours = {name for name in told["backups"] if name.startswith("MYRIAD_")}
    assert ours == {_LOGIN, "MYRIAD_HOME", "MYRIAD_BACKUP__IS_SCHEDULED"}
    assert "MYRIAD_SECRETS__KEY" in told["worker"]
    assert [name for name, variables in told.items() if _LOGIN in variables] == ["backups"]


@pytest.mark.parametrize(
    ("said", "is_theirs", "runs"),
    [("", False, True), ("false", False, False), ("", True, False), ("true", True, True)],
    ids=["ours", "ours, not wanted", "theirs", "theirs, wanted"],
)
def test_backups_are_taken_of_our_own_server_and_of_others_when_it_is_said(
    said: str, is_theirs: bool, runs: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYRIAD_BACKUP__IS_SCHEDULED", said)
    if is_theirs:
        monkeypatch.setenv("MYRIAD_DATABASE__URL", "postgresql://them@db.internal/m")
        monkeypatch.setenv(_LOGIN, _THEIRS)
    told = _told(tmp_path, None if is_theirs else _OURS)
    assert ("backups" in told) is runs
    assert told["worker"]["MYRIAD_BACKUP__IS_SCHEDULED"] == str(runs).lower()
    assert _LOGIN not in told["worker"]
    if runs and is_theirs:
        assert told["backups"][_LOGIN] == _THEIRS


def test_without_a_login_the_process_says_which_variable_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYRIAD_HOME", str(tmp_path))
    with pytest.raises(SystemExit, match=f"set {_LOGIN}"):
        backups.main()
    monkeypatch.setenv("MYRIAD_BACKUP__NODE", "../up")
    with pytest.raises(SystemExit, match="MYRIAD_BACKUP__NODE"):
        backups.main()
    assert list(tmp_path.iterdir()) == []
