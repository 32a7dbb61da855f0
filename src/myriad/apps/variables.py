"""How settings are read from the environment: `MYRIAD_<PART>__<NAME>`.

Every name may end in `_FILE` instead; its value is then the content of the file it names, as
container platforms hand out secrets. What is not a setting, such as which variables are given at
all, the commands ask for themselves.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from myriad.kit.errors import InvalidInputError

SettingsT = TypeVar("SettingsT", bound=BaseSettings)
PREFIX = "MYRIAD_"
_DELIMITER = "__"
_FILE_SUFFIX = "_FILE"


class SettingsError(InvalidInputError):
    """A setting is missing or cannot be used; the message names its variable."""

    code = "invalid_settings"
    title = "Invalid settings"


class Environment(BaseSettings):
    """What is read from the environment, as this module's first lines say."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter=_DELIMITER,
        env_ignore_empty=True,
        frozen=True,
        extra="ignore",
    )

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


def load_from(kind: type[SettingsT], **overrides: Any) -> SettingsT:
    """Return settings of that kind, or raise SettingsError naming each variable that is wrong."""
    try:
        return kind(**overrides)
    except ValidationError as error:
        faults = [
            line for fault in error.errors() for line in _explain(kind, fault["loc"], fault["msg"])
        ]
        raise SettingsError("; ".join(faults)) from None


def _explain(kind: type[BaseSettings], location: tuple[int | str, ...], message: str) -> list[str]:
    """Return one line a variable; a group that is missing as a whole is named by its parts."""
    missing = _required_in(kind, location[0]) if len(location) == 1 else []
    names: list[tuple[int | str, ...]] = [(location[0], name) for name in missing]
    text = f"{message[:1].lower()}{message[1:]}"
    return [
        f"{PREFIX}{_DELIMITER.join(str(part).upper() for part in name)}: {text}"
        for name in names or [location]
    ]


def _required_in(kind: type[BaseSettings], group: int | str) -> list[str]:
    part = kind.model_fields[str(group)].annotation
    if not (isinstance(part, type) and issubclass(part, BaseModel)):
        return []
    return [name for name, field in part.model_fields.items() if field.is_required()]
