"""The root of all settings, read from the environment: `MYRIAD_<PART>__<NAME>`.

Every name may end in `_FILE` instead; its value is then the content of the file it names, as
container platforms hand out secrets. No other module reads the environment.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from myriad.kit.errors import InvalidInputError
from myriad.products.keeper.settings import KeeperSettings
from myriad.products.upswitch.settings import UpswitchSettings
from myriad.scale.ai.settings import AISettings
from myriad.scale.data import DatabaseSettings
from myriad.scale.jobs.settings import JobSettings, TickerSettings, WorkerSettings

PREFIX = "MYRIAD_"
_DELIMITER = "__"
_FILE_SUFFIX = "_FILE"


class SettingsError(InvalidInputError):
    """A setting is missing or cannot be used; the message names its variable."""

    code = "invalid_settings"
    title = "Invalid settings"


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


class Settings(BaseSettings):
    """Everything that this installation can be told."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter=_DELIMITER,
        env_ignore_empty=True,
        frozen=True,
        extra="ignore",
    )

    home: Path = Path(".myriad")
    database: DatabaseSettings
    redis: RedisSettings
    http: HttpSettings = HttpSettings()
    secrets: SecretSettings
    jobs: JobSettings = JobSettings()
    worker: WorkerSettings = WorkerSettings()
    ticker: TickerSettings = TickerSettings()
    ai: AISettings = AISettings()
    keeper: KeeperSettings = KeeperSettings()
    upswitch: UpswitchSettings = UpswitchSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take arguments first, then the environment, then the files that it names."""
        return (init_settings, env_settings, _FilesNamedByEnvironment(settings_cls))


class _FilesNamedByEnvironment(PydanticBaseSettingsSource):
    """Reads the files that `MYRIAD_..._FILE` variables name."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Unused: the whole tree is read at once."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return the nested values of all such variables."""
        tree: dict[str, Any] = {}
        for variable, path in os.environ.items():
            if variable.startswith(PREFIX) and variable.endswith(_FILE_SUFFIX):
                *parents, leaf = _path_of(variable)
                branch = tree
                for parent in parents:
                    branch = branch.setdefault(parent, {})
                branch[leaf] = _read(variable, path)
        return tree


def _path_of(variable: str) -> list[str]:
    return variable.removeprefix(PREFIX).removesuffix(_FILE_SUFFIX).lower().split(_DELIMITER)


def _read(variable: str, path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise SettingsError(f"{variable} names {path}, which cannot be read: {error}") from None


def load_settings(**overrides: Any) -> Settings:
    """Return the settings of this process, or raise SettingsError naming each variable."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        faults = [line for fault in error.errors() for line in _explain(fault["loc"], fault["msg"])]
        raise SettingsError("; ".join(faults)) from None


def _explain(location: tuple[int | str, ...], message: str) -> list[str]:
    """Return one line a variable; a group that is missing as a whole is named by its parts."""
    missing = _required_in(location[0]) if len(location) == 1 else []
    names: list[tuple[int | str, ...]] = [(location[0], name) for name in missing]
    text = f"{message[:1].lower()}{message[1:]}"
    return [
        f"{PREFIX}{_DELIMITER.join(str(part).upper() for part in name)}: {text}"
        for name in names or [location]
    ]


def _required_in(group: int | str) -> list[str]:
    kind = Settings.model_fields[str(group)].annotation
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return []
    return [name for name, field in kind.model_fields.items() if field.is_required()]
