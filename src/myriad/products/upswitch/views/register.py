"""The register as operators see it: what is loaded, what lies in the folder, what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from myriad.products.upswitch.views.companies import RegistryState


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractRow:
    """An extract that was taken, with how many rows of each file."""

    number: int
    is_full: bool
    snapshot_date: date
    loaded_at: datetime
    rows: int
    skipped: int
    refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """A file of the folder as the last look saw it."""

    name: str
    number: int
    is_full: bool
    snapshot_date: date | None
    size_bytes: int
    state: str
    detail: str
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRow:
    """A load: how it went and how long it took."""

    file: str
    is_full: bool
    number: int
    state: str
    detail: str
    started_at: datetime
    ended_at: datetime | None

    @property
    def seconds(self) -> float | None:
        """How long it took, None while it runs."""
        return None if self.ended_at is None else (self.ended_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterView:
    """`gap` are the first and last number that are missing; `upcoming` is what is taken next."""

    state: RegistryState
    companies: int
    extracts: tuple[ExtractRow, ...] = ()
    files: tuple[FileRow, ...] = ()
    loads: tuple[LoadRow, ...] = ()
    gap: tuple[int, int] | None = None
    upcoming: str = ""
    has_folder: bool = False
