"""The command line: quick, plain, one message for an error, exit codes 0, 1 and 2."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from myriad.apps.cli import frame
from myriad.apps.cli.frame import COMMANDS, REPOSITORY, GlobalOptions, find_home, main


def test_every_command_has_help_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` of each of our commands shows how a line looks."""
    ours = [name for name, (where, _) in COMMANDS.items() if where.startswith("myriad.apps")]
    for name in ours:
        assert main([name, "--help"]) == 0
        assert f"./myriad {name}" in capsys.readouterr().out.split("Example", 1)[1]


def test_global_options_stand_anywhere() -> None:
    """--home and --json are taken from both sides of the command, but not after `--`."""
    options = GlobalOptions.parse(["--json", "status", "--home=/a b", "--", "--home", "x"])
    assert (options.home, options.as_json) == ("/a b", True)
    assert options.rest == ["status", "--", "--home", "x"]


def test_home_is_given_or_from_the_environment_or_beside_the_script(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """--home wins over MYRIAD_HOME, which wins over the default."""
    monkeypatch.delenv("MYRIAD_HOME", raising=False)
    assert find_home(None) == REPOSITORY / ".myriad"
    monkeypatch.setenv("MYRIAD_HOME", "/srv/a")
    assert find_home(None) == Path("/srv/a")
    assert find_home("/srv/b") == Path("/srv/b")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["stats"], "Did you mean 'status'"),
        (["up", "--purchases", "/none.csv"], "there is no file /none.csv"),
        (["up", "--port", "99999"], "--port"),
        (["bench", "nothing"], "there is no bench 'nothing'"),
        (["status", "--home"], "--home needs a folder"),
        (["status", "more"], "unexpected extra argument"),
    ],
)
def test_wrong_use_ends_with_2(
    line: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The message says what is wrong, in one line, without a stack trace."""
    arguments = line if "--home" in line else [*line, "--home", str(tmp_path)]
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert "Traceback" not in said.out + said.err


def test_a_bad_purchase_log_stops_up_before_anything_starts(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """`up --purchases` names the line and what was expected, and makes no folder."""
    log, home = tmp_path / "log.csv", tmp_path / "home"
    log.write_text("customer_id,date,quantity,amount\n1,19970101,1,free\n")
    assert main(["up", "--purchases", str(log), "--home", str(home)]) == 2
    assert "line 2: amount is 'free'; expected dollars and cents" in capsys.readouterr().err
    log.write_text("customer_id,day\n")
    assert main(["up", "--purchases", str(log), "--home", str(home)]) == 2
    assert "line 1: expected the columns" in capsys.readouterr().err
    assert not home.exists()


def test_the_unexpected_goes_to_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fault of ours shows one line and keeps its trace in logs/cli.log."""
    monkeypatch.setitem(frame.COMMANDS, "status", ("myriad.apps.cli.nowhere:app", "Broken."))
    assert main(["status", "--home", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert "ModuleNotFoundError" in (tmp_path / "logs" / "cli.log").read_text()


def test_status_and_down_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing running is 1 for status, and no fault for down."""
    assert main(["status", "--json", "--home", str(tmp_path)]) == 1
    assert json.loads(capsys.readouterr().out)["running"] is False
    assert main(["down", "--home", str(tmp_path)]) == 0


def _bad(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return the findings that are not good; another test may hold the port."""
    found = json.loads(capsys.readouterr().out)["findings"]
    return [one for one in found if not one["is_good"] and one["name"] != "port"]


def test_doctor_says_each_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is bad comes with what to do, and exit code 1."""
    main(["doctor", "--json", "--home", str(tmp_path)])
    assert _bad(capsys) == []
    monkeypatch.setenv("MYRIAD_DATABASE__URL", "postgresql://x@127.0.0.1:1/x")
    monkeypatch.setenv("MYRIAD_REDIS__BROKER_URL", "redis://127.0.0.1:1")
    monkeypatch.setenv("MYRIAD_REDIS__CACHE_URL", "redis://127.0.0.1:1")
    monkeypatch.setenv("MYRIAD_SECRETS__KEY", "a2V5")
    assert main(["doctor", "--json", "--home", str(tmp_path)]) == 1
    bad = _bad(capsys)
    assert [one["name"] for one in bad] == ["redis (yours)", "redis (yours)", "database"]
    assert all(one["remedy"] for one in bad)


def test_a_prepared_call_is_quick(tmp_path: Path) -> None:
    """Less than half a second of one core, from the shell to the answer."""
    if not (REPOSITORY / ".venv" / "requirements.lock").exists():
        pytest.skip("this environment was not made by ./myriad")
    line = [str(REPOSITORY / "myriad"), "status", "--home", str(tmp_path)]
    subprocess.run(line, check=False, stdout=subprocess.DEVNULL)
    before = os.times()
    subprocess.run(line, check=False, stdout=subprocess.DEVNULL)
    after = os.times()
    spent = after.children_user + after.children_system
    assert spent - before.children_user - before.children_system < 0.5


def test_no_colour_without_a_terminal(tmp_path: Path) -> None:
    """Output into a pipe has no escape sequences."""
    line = [sys.executable, "-P", "-m", "myriad.apps.cli", "--help"]
    started = time.monotonic()
    shown = subprocess.run(line, capture_output=True, check=True, cwd=tmp_path)
    assert b"\x1b" not in shown.stdout + shown.stderr
    assert time.monotonic() - started < 30
