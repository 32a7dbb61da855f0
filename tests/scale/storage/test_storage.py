"""A file is whole, private, its tenant's alone, and gone when it is deleted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from myriad.kit.ids import new_id
from myriad.scale.storage import (
    FileNameError,
    FileNotStoredError,
    LinkError,
    StorageError,
    StorageSettings,
    Store,
    TenantFiles,
)
from myriad.scale.tenancy import TenantId
from myriad.scale.vault import Vault, VaultError
from tests.fixtures.database import TEST_KEY

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FIRST, SECOND = TenantId(new_id()), TenantId(new_id())
NAME = "statements/2026-10.csv"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "a folder of files"


def _on_disk(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _others_rights(folder: Path) -> int:
    return folder.stat().st_mode & 0o077


@pytest.fixture
def files(folder: Path) -> TenantFiles:
    return TenantFiles(Store.open(StorageSettings(folder=folder)), Vault(TEST_KEY))


async def test_a_file_comes_back_as_it_was_and_is_replaced_whole(files: TenantFiles) -> None:
    for content in (b"first", b"", b"\x00" * 100_000):
        await files.put(FIRST, NAME, content)
        assert await files.get(FIRST, NAME) == content


async def test_whoever_reads_the_folder_reads_nothing(files: TenantFiles, folder: Path) -> None:
    await files.put(FIRST, NAME, b"Sam Sample bought coffee")
    assert _others_rights(folder) == 0
    assert all(b"coffee" not in path.read_bytes() for path in _on_disk(folder))


async def test_tenants_do_not_open_each_others_files(files: TenantFiles, folder: Path) -> None:
    await files.put(FIRST, NAME, b"mine")
    with pytest.raises(FileNotStoredError):
        await files.get(SECOND, NAME)
    stolen = folder / "tenants" / str(SECOND) / NAME
    stolen.parent.mkdir(parents=True)
    stolen.write_bytes((folder / "tenants" / str(FIRST) / NAME).read_bytes())
    with pytest.raises(VaultError):
        await files.get(SECOND, NAME)


async def test_a_changed_file_does_not_open(files: TenantFiles, folder: Path) -> None:
    await files.put(FIRST, NAME, b"one hundred")
    path = _on_disk(folder)[0]
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(VaultError):
        await files.get(FIRST, NAME)


async def test_what_is_deleted_is_gone_from_the_disk(files: TenantFiles, folder: Path) -> None:
    await files.put(FIRST, NAME, b"x")
    await files.put(FIRST, "other.csv", b"y")
    await files.put(SECOND, NAME, b"z")
    await files.delete(FIRST, NAME)
    await files.delete(FIRST, NAME)
    with pytest.raises(FileNotStoredError):
        await files.get(FIRST, NAME)
    assert await files.forget(FIRST) == 1
    assert len(_on_disk(folder)) == 1
    assert [name async for name in files.iter_names(SECOND, "statements")] == [NAME]


async def test_a_link_opens_one_file_for_five_minutes(files: TenantFiles) -> None:
    await files.put(FIRST, NAME, b"October")
    link = files.link(FIRST, NAME, NOW)
    assert await files.open_link(link, NOW + timedelta(seconds=299)) == b"October"
    with pytest.raises(LinkError, match="ended"):
        await files.open_link(link, NOW + timedelta(seconds=300))


@pytest.mark.parametrize("position", [0, 20, 50, 70])
def test_a_link_that_was_changed_opens_nothing(files: TenantFiles, position: int) -> None:
    link = files.link(FIRST, NAME, NOW)
    other = "A" if link[position] != "A" else "B"
    with pytest.raises(LinkError):
        files.read_link(link[:position] + other + link[position + 1 :], NOW)


@pytest.mark.parametrize("link", ["", "x", "not a link", "ä" * 40, "A" * 400])
def test_no_nonsense_is_a_link(files: TenantFiles, link: str) -> None:
    with pytest.raises(LinkError):
        files.read_link(link, NOW)


def test_a_link_of_another_installation_opens_nothing(files: TenantFiles) -> None:
    other = TenantFiles(files.store, Vault(bytes(32)))
    with pytest.raises(LinkError):
        files.read_link(other.link(FIRST, NAME, NOW), NOW)


@pytest.mark.parametrize(
    "name", ["../other", "/etc/passwd", "a/../b", ".hidden", "a//b", "", "a b", "a\n", "x" * 600]
)
async def test_a_name_that_could_leave_its_place_is_refused(files: TenantFiles, name: str) -> None:
    with pytest.raises(FileNameError):
        await files.put(FIRST, name, b"x")


def test_a_place_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="file"):
        Store.open(StorageSettings(folder=tmp_path / "file" / "folder"))
    with pytest.raises(StorageError, match="MYRIAD_STORAGE__URL"):
        Store.open(StorageSettings(url="ftp://somewhere"))
    with pytest.raises(StorageError, match="MYRIAD_STORAGE__FOLDER"):
        Store.open(StorageSettings())
