"""`./myriad` prepares itself: whole or not at all, once for calls that race, in a moved folder."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import ModuleType

import pytest

_ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def prepare() -> ModuleType:
    """The program that `./myriad` calls before anything is installed."""
    spec = importlib.util.spec_from_file_location("prepare", _ROOT / "tools" / "prepare.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with a space in its name, two lock files and a package to import."""
    root = tmp_path / "my riad"
    (root / "src" / "myriad").mkdir(parents=True)
    (root / "src" / "myriad" / "__init__.py").touch()
    for lock in ("requirements.lock", "requirements-dev.lock"):
        (root / lock).write_text("nothing==1.0\n")
    return root


@pytest.fixture
def installed(prepare: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The locks that were installed; nothing is fetched in these tests."""
    locks: list[str] = []
    monkeypatch.setattr(prepare, "install", lambda _root, lock: locks.append(lock))
    return locks


def test_a_second_call_finds_it_done(
    prepare: ModuleType, clone: Path, installed: list[str]
) -> None:
    """Nothing is installed twice, and a changed lock file is noticed."""
    assert prepare.main(clone, "requirements.lock") == 0
    assert prepare.main(clone, "requirements.lock") == 0
    assert installed == ["requirements.lock"]
    (clone / "requirements.lock").write_text("nothing==2.0\n")
    assert prepare.main(clone, "requirements.lock") == 0
    assert len(installed) == 2


def test_the_development_packages_include_the_others(
    prepare: ModuleType, clone: Path, installed: list[str]
) -> None:
    """Who ran the tests once does not switch back and forth afterwards."""
    prepare.main(clone, "requirements-dev.lock")
    prepare.main(clone, "requirements.lock")
    assert installed == ["requirements-dev.lock"]


def test_an_interrupted_call_begins_anew(
    prepare: ModuleType, clone: Path, installed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half an environment is never taken for a whole one."""

    def interrupted(_root: Path, _lock: str) -> None:
        (clone / ".venv" / "half").touch()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(prepare, "install", interrupted)
        assert prepare.main(clone, "requirements.lock") == 130
    assert not prepare.is_current(clone, "requirements.lock")
    assert prepare.main(clone, "requirements.lock") == 0
    assert not (clone / ".venv" / "half").exists()
    assert installed == ["requirements.lock"]


def test_calls_that_race_install_once(
    prepare: ModuleType, clone: Path, installed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second waits for the first and then finds nothing to do."""

    def slowly(_root: Path, lock: str) -> None:
        time.sleep(0.3)
        installed.append(lock)

    monkeypatch.setattr(prepare, "install", slowly)
    calls = [
        threading.Thread(target=prepare.main, args=(clone, "requirements.lock")) for _ in range(3)
    ]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert installed == ["requirements.lock"]


def test_a_moved_folder_still_imports_its_own_code(
    prepare: ModuleType, clone: Path, installed: list[str]
) -> None:
    """The environment names the source by a relative path."""
    prepare.main(clone, "requirements.lock")
    moved = clone.rename(clone.parent / "it's moved")
    code = "import myriad; print(myriad.__file__)"
    python = moved / ".venv" / "bin" / "python"
    shown = subprocess.run([python, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert Path(shown.stdout.strip()).is_relative_to(moved)
    assert prepare.is_current(moved, "requirements.lock")


def test_without_any_installer_the_remedy_is_said(
    prepare: ModuleType,
    clone: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No uv, no pip, no ensurepip: the message names what to install, and the exit code is 1."""
    monkeypatch.setattr(prepare, "find_uv", lambda _root: None)
    monkeypatch.setattr(prepare, "has_module", lambda _name: False)
    assert prepare.main(clone, "requirements.lock") == 1
    assert "apt-get install python3-pip" in capsys.readouterr().err


def test_the_pinned_installer_is_in_the_lock(
    prepare: ModuleType, clone: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """uv is fetched by the hashes of the development lock, into the person's cache."""
    lock = (_ROOT / "requirements-dev.lock").read_text()
    (clone / "requirements-dev.lock").write_text(lock)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    asked: list[tuple[Path, str]] = []
    monkeypatch.setattr(prepare, "fetch_into", lambda *facts: asked.append(facts))
    monkeypatch.setattr(prepare, "has_module", lambda _name: True)
    assert prepare.fetch_uv(clone) is None
    folder, requirement = asked[0]
    assert folder.is_relative_to(tmp_path / "cache" / "myriad")
    assert requirement.startswith("uv==")
    assert requirement.count("--hash=sha256:") > 5
    assert len([line for line in requirement.splitlines() if "==" in line]) == 1


def test_too_old_pythons_are_passed_over(tmp_path: Path) -> None:
    """Without Python 3.11 or newer on PATH one line says so."""
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    for tool in ("dirname", "sh", "cmp"):
        (tmp_path / tool).symlink_to(f"/usr/bin/{tool}")
    script = tmp_path / "clone" / "myriad"
    script.parent.mkdir()
    script.write_text((_ROOT / "myriad").read_text())
    shown = subprocess.run(
        ["/bin/sh", script],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 1
    assert "needs Python 3.11 or newer" in shown.stderr
    assert sys.version_info >= (3, 11)
