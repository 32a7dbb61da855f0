"""What whoever copies the cluster is told, apart from what the application is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, SecretStr

from myriad.apps.variables import Environment, load_from
from myriad.scale.data.backup import BackupSettings


class CopyLogin(BaseModel):
    """The one login that whoever copies the cluster needs; it is no way for anybody else."""

    model_config = ConfigDict(frozen=True)

    backup_url: SecretStr | None = None


class CopySettings(Environment):
    """What those are told who copy the cluster: no key, no queue and no tenant is theirs."""

    home: Path = Path(".myriad")
    database: CopyLogin = CopyLogin()
    backup: BackupSettings = BackupSettings()


def load_copy_settings(**overrides: Any) -> CopySettings:
    """Return what concerns backups alone, or raise SettingsError naming each variable."""
    return load_from(CopySettings, **overrides)
