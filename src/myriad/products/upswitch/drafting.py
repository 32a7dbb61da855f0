"""A document of inputs while it is put together, each figure with what it rests on. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from myriad.products.upswitch.conversation.keys import HISTORY, KEYS, Key
from myriad.products.upswitch.views.sessions import FactView
from myriad.products.upswitch.views.valuations import AssumedKind, Assumption, Origin

FILED = "National Bank of Belgium, filed accounts"


@dataclass(slots=True)
class Draft:
    """The document of inputs as it grows, and beside it what each figure rests on."""

    facts: Mapping[tuple[str, str], FactView]
    document: dict[str, Any] = field(default_factory=dict)
    assumptions: list[Assumption] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def find(self, path: str, period: str = "") -> FactView | None:
        """Return the fact of that key and year, or None."""
        return self.facts.get((path, period))

    def put(self, path: str, value: Any) -> None:
        """Put a value into the document, below its folders."""
        place = self.document
        *folders, name = path.split(".")
        for folder in folders:
            place = place.setdefault(folder, {})
        place[name] = value

    def take(self, path: str, value: Any, source: str, as_of: str = "") -> None:
        """Put what a fact says, or else `value`, which is a default with its source."""
        fact = self.find(path)
        known = KEYS.get(path)
        if fact is not None:
            self.add(path, fact.value, fact.source, said(fact), day_of(fact), default=value)
        elif value is not None:
            self.add(path, value, "default", source, as_of)
        elif known is not None and known.otherwise:
            self.assumptions.append(
                assumption_of(path, None, "default", known.otherwise, known.default_as_of)
            )

    def add(
        self,
        path: str,
        value: Any,
        origin: Origin,
        source: str,
        as_of: str = "",
        *,
        default: Any = None,
    ) -> None:
        """Put a value and say where it comes from."""
        self.put(path, value)
        self.assumptions.append(assumption_of(path, value, origin, source, as_of, default))


def said(fact: FactView) -> str:
    """Return who said a fact, and on what grounds."""
    who = {
        "user": "answered in the conversation",
        "registry": FILED,
        "llm": "understood by a model, confirmed by you",
    }
    return fact.evidence or who.get(fact.source, "documented default")


def day_of(fact: FactView) -> str:
    """Return the day that a fact is of: its year, or when it was written."""
    return fact.period or (fact.updated_at.date().isoformat() if fact.updated_at else "")


def assumption_of(
    path: str,
    value: Any,
    origin: Origin,
    source: str,
    as_of: str,
    default: Any = None,
) -> Assumption:
    """Return one assumption, named as its key is."""
    key = _key_of(path)
    return Assumption(
        path=path,
        label=_label(path, key),
        value=value,
        kind=_kind(value, key),
        origin=origin,
        source=source,
        as_of=as_of,
        default=default,
    )


def _key_of(path: str) -> Key | None:
    if path in KEYS or not path.startswith(HISTORY):
        return KEYS.get(path)
    return KEYS.get(HISTORY + path.rsplit(".", 1)[-1])


def _label(path: str, key: Key | None) -> str:
    if key is None:
        return path.rsplit(".", 1)[-1].replace("_", " ").capitalize()
    is_year = path.startswith(HISTORY) and path not in KEYS
    year = path.removeprefix(HISTORY).partition(".")[0] if is_year else ""
    name = key.label.removesuffix(" of an earlier year")
    return f"{name}, year to {year}" if year else name


def _kind(value: Any, key: Key | None) -> AssumedKind:
    if key is not None:
        return key.kind
    return "number" if isinstance(value, int | float) else "text"
