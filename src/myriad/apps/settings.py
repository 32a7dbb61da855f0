"""The root of all settings; `variables` says how they are read from the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from myriad.apps.variables import PREFIX, Environment, SettingsError, load_from
from myriad.products.kamioi.settings import KamioiSettings
from myriad.products.keeper.settings import KeeperSettings
from myriad.products.upswitch.settings import UpswitchSettings
from myriad.scale.ai.settings import AISettings
from myriad.scale.data import DatabaseSettings
from myriad.scale.data.backup import BackupSettings
from myriad.scale.jobs.settings import JobSettings, TickerSettings, WorkerSettings
from myriad.scale.storage.settings import StorageSettings

__all__ = [
    "PREFIX",
    "HttpSettings",
    "RedisSettings",
    "SecretSettings",
    "Settings",
    "SettingsError",
    "load_settings",
]


class RedisSettings(BaseModel):
    """Two servers: the broker must not forget, the cache may."""

    model_config = ConfigDict(frozen=True)

    broker_url: SecretStr
    cache_url: SecretStr


class HttpSettings(BaseModel):
    """Where the API listens, and what it may assume about the world before it.

    `is_https` says that browsers reach it by https, here or at the proxy before it.
    `metrics_token` opens /metrics to others than this machine.
    `processes` answer behind the one address; `workers` is how many API processes there are on all
    machines, which share the request rates while Redis is away.
    """

    model_config = ConfigDict(frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    is_https: bool = False
    metrics_token: SecretStr | None = None
    max_body_bytes: int = Field(default=2_000_000, gt=0)
    is_rate_limited: bool = True
    processes: int = Field(default=1, gt=0, le=64)
    workers: int = Field(default=1, gt=0)

    @property
    def sharers(self) -> int:
        """How many API processes there are at least."""
        return max(self.workers, self.processes)


class SecretSettings(BaseModel):
    """The master key: base64 of 32 bytes."""

    model_config = ConfigDict(frozen=True)

    key: SecretStr


class Settings(Environment):
    """Everything that this installation can be told."""

    home: Path = Path(".myriad")
    database: DatabaseSettings
    backup: BackupSettings = BackupSettings()
    redis: RedisSettings
    http: HttpSettings = HttpSettings()
    secrets: SecretSettings
    jobs: JobSettings = JobSettings()
    worker: WorkerSettings = WorkerSettings()
    ticker: TickerSettings = TickerSettings()
    ai: AISettings = AISettings()
    storage: StorageSettings = StorageSettings()
    keeper: KeeperSettings = KeeperSettings()
    upswitch: UpswitchSettings = UpswitchSettings()
    kamioi: KamioiSettings = KamioiSettings()


def load_settings(**overrides: Any) -> Settings:
    """Return the settings of this process, or raise SettingsError naming each variable."""
    return load_from(Settings, **overrides)
