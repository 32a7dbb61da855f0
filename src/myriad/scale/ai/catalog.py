"""Which model serves which class: the dated table `tables/models.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from myriad.scale.ai.errors import ModelTableError, UnknownModelClassError

TABLES = Path(__file__).parent / "tables"


@dataclass(frozen=True, slots=True)
class ModelKey:
    """A model at a provider; written `provider:model`."""

    provider: str
    model: str

    @classmethod
    def parse(cls, text: str) -> ModelKey:
        """Return the key that `text` writes, or raise ModelTableError."""
        provider, colon, model = text.partition(":")
        if not (provider and colon and model):
            raise ModelTableError(f"{text!r} must read provider:model")
        return cls(provider, model)

    def __str__(self) -> str:
        return f"{self.provider}:{self.model}"


@dataclass(frozen=True, slots=True)
class ModelLimits:
    """What the account may ask of a model: requests and tokens a minute, requests a day."""

    rpm: int
    tpm: int
    rpd: int


@dataclass(frozen=True, slots=True)
class Rung:
    """One model to try, and the class for which it stands."""

    model_class: str
    key: ModelKey


@dataclass(frozen=True)
class Catalog:
    """The table that is in force on a day; `classes` go from the smallest to the largest."""

    effective_from: date
    complexity: Mapping[str, str]
    classes: Mapping[str, tuple[ModelKey, ...]]
    limits: Mapping[str, ModelLimits]

    def class_of(self, complexity: str, model_class: str | None) -> str:
        """Return the class that serves a request, or raise UnknownModelClassError."""
        chosen = model_class or self.complexity.get(complexity, "")
        if chosen not in self.classes:
            known = ", ".join(self.classes)
            raise UnknownModelClassError(
                f"no model class {model_class or complexity!r}; there are: {known}"
            )
        return chosen

    def ladder(self, model_class: str) -> tuple[Rung, ...]:
        """Return the models of the class, then those of each lower class, in order of trial."""
        names = list(self.classes)
        below = reversed(names[: names.index(model_class) + 1])
        return tuple(Rung(name, key) for name in below for key in self.classes[name])

    def limits_of(self, key: ModelKey) -> ModelLimits:
        """Return the limits of a model; of one that the table does not name, cautious ones."""
        return self.limits.get(str(key), ModelLimits(rpm=60, tpm=60_000, rpd=1_000))


def catalog_on(day: date, path: Path | None = None) -> Catalog:
    """Return the newest table that is in force on `day`; raises ModelTableError."""
    tables = [table for table in _tables(path or TABLES / "models.toml") if _starts(table) <= day]
    if not tables:
        raise ModelTableError(f"no table of models is in force on {day}")
    return _read(max(tables, key=_starts))


@cache
def _tables(path: Path) -> list[dict[str, Any]]:
    try:
        tables: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))["table"]
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        raise ModelTableError(f"{path.name} cannot be read: {error}") from None
    return tables


def _starts(table: dict[str, Any]) -> date:
    found = table.get("effective_from")
    if not isinstance(found, date):
        raise ModelTableError("a table of models needs effective_from, a date")
    return found


def _read(table: dict[str, Any]) -> Catalog:
    try:
        classes = {
            item["name"]: tuple(ModelKey.parse(text) for text in item["models"])
            for item in table["class"]
        }
        limits = {key: ModelLimits(**given) for key, given in table.get("limits", {}).items()}
        catalog = Catalog(table["effective_from"], table["complexity"], classes, limits)
    except (KeyError, TypeError) as error:
        raise ModelTableError(f"the table of {table['effective_from']} lacks {error}") from None
    unknown = set(catalog.complexity.values()) - set(classes)
    if unknown:
        raise ModelTableError(f"complexities name classes that are not there: {sorted(unknown)}")
    return catalog
