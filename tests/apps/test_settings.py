"""Settings come from the environment and from files that it names, and faults name variables."""

from __future__ import annotations

from pathlib import Path

import pytest

from myriad.apps.settings import SettingsError, load_settings

_COMPLETE = {
    "MYRIAD_DATABASE__URL": "postgresql://owner@db/myriad",
    "MYRIAD_REDIS__BROKER_URL": "redis://broker",
    "MYRIAD_REDIS__CACHE_URL": "redis://cache",
    "MYRIAD_SECRETS__KEY": "a2V5",
}


@pytest.fixture(autouse=True)
def complete_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every variable that is needed."""
    for name, value in _COMPLETE.items():
        monkeypatch.setenv(name, value)


def test_variables_fill_the_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """`MYRIAD_<PART>__<NAME>` is `<part>.<name>`."""
    monkeypatch.setenv("MYRIAD_HTTP__PORT", "8123")
    settings = load_settings()
    assert settings.http.port == 8123
    assert settings.database.owner == _COMPLETE["MYRIAD_DATABASE__URL"]


def test_one_url_serves_all_roles() -> None:
    """Without URLs of their own, the two roles are acted as on the owner's connection."""
    database = load_settings().database
    assert "role%3Dmyriad_app" in database.app
    assert "role%3Dmyriad_crossing" in database.crossing


def test_a_secret_may_lie_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`..._FILE` names a file whose content is the value; the final newline is not part of it."""
    (tmp_path / "key").write_text("from a file\n")
    monkeypatch.delenv("MYRIAD_SECRETS__KEY")
    monkeypatch.setenv("MYRIAD_SECRETS__KEY_FILE", str(tmp_path / "key"))
    assert load_settings().secrets.key.get_secret_value() == "from a file"


def test_a_missing_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message has the variable and the path."""
    monkeypatch.setenv("MYRIAD_SECRETS__KEY_FILE", "/nowhere/key")
    with pytest.raises(SettingsError, match=r"MYRIAD_SECRETS__KEY_FILE names /nowhere/key"):
        load_settings()


def test_each_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty variable counts as missing, and a missing group is named by its parts."""
    monkeypatch.setenv("MYRIAD_DATABASE__URL", "")
    monkeypatch.delenv("MYRIAD_REDIS__BROKER_URL")
    monkeypatch.delenv("MYRIAD_REDIS__CACHE_URL")
    with pytest.raises(SettingsError) as raised:
        load_settings()
    for variable in ("DATABASE__URL", "REDIS__BROKER_URL", "REDIS__CACHE_URL"):
        assert f"MYRIAD_{variable}: field required" in raised.value.detail


def test_no_secret_is_shown() -> None:
    """Printing the settings shows no URL and no key."""
    shown = repr(load_settings())
    assert "owner@db" not in shown
    assert "a2V5" not in shown
