"""The line of shell that keeps the log: whole segments, never one over another."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from myriad.kit.errors import InvalidInputError
from myriad.scale.data.backup import BackupStore, archive_command, restore_command


def _run(command: str, segment: Path, name: str) -> int:
    line = command.replace("%%", "\0").replace("%p", str(segment)).replace("%f", name)
    return subprocess.run(["sh", "-c", line.replace("\0", "%")], check=False).returncode


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder whose name holds signs of shells."""
    folder = tmp_path / "it's 100% $HOME"
    folder.mkdir()
    return folder


def test_a_segment_is_kept_once_and_taken_back(tmp_path: Path, place: Path) -> None:
    segment, back = tmp_path / "segment", tmp_path / "back"
    segment.write_bytes(b"log")
    assert _run(archive_command(place), segment, "0001") == 0
    assert _run(archive_command(place), segment, "0001") == 0
    assert [path.name for path in place.iterdir()] == ["0001"]
    assert _run(restore_command(place), back, "0001") == 0
    assert back.read_bytes() == b"log"
    assert _run(restore_command(place), back, "0002") != 0


def test_a_segment_that_was_closed_early_takes_no_room_for_its_zeros(
    tmp_path: Path, place: Path
) -> None:
    segment, kept = tmp_path / "segment", place / "0001"
    (tmp_path / "probe").open("wb").truncate(1_000_000)
    if (tmp_path / "probe").stat().st_blocks:
        pytest.skip("this disk knows no holes: segments are kept with their zeros here")
    segment.write_bytes(b"log" + bytes(16 * 1024 * 1024 - 3))
    assert _run(archive_command(place), segment, kept.name) == 0
    assert kept.read_bytes() == segment.read_bytes()
    assert kept.stat().st_blocks * 512 < 1_000_000
    assert _run(archive_command(place), segment, kept.name) == 0


def test_a_segment_is_never_written_over_by_another(tmp_path: Path, place: Path) -> None:
    segment = tmp_path / "segment"
    segment.write_bytes(b"other")
    (place / "0001").write_bytes(b"first")
    assert _run(archive_command(place), segment, "0001") != 0
    assert (place / "0001").read_bytes() == b"first"


@pytest.mark.parametrize("name", ["", "../up", "Upper", "a b", "x" * 42])
def test_a_name_that_is_no_folder_of_its_own_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInputError, match="no name of a node"):
        BackupStore(tmp_path, name)
