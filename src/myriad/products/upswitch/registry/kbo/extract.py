"""An extract as published: a ZIP file, or a folder with its files, and what `meta.csv` says of it."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, Protocol, Self
from zoneinfo import ZoneInfo

from myriad.products.upswitch.registry.kbo.errors import ExtractError
from myriad.products.upswitch.registry.kbo.files import File

_BRUSSELS = ZoneInfo("Europe/Brussels")
_META = ("SnapshotDate", "ExtractTimestamp", "ExtractType", "ExtractNumber", "Version")


class _Place(Protocol):
    """Where files of an extract are read from."""

    def names(self) -> dict[str, int]:
        """Return every file's name and size in bytes."""
        ...

    def open(self, name: str) -> IO[bytes]:
        """Open one for reading."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class _Folder:
    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> dict[str, int]:
        return {each.name: each.stat().st_size for each in self._path.glob("*.csv")}

    def open(self, name: str) -> IO[bytes]:
        return (self._path / name).open("rb")

    def close(self) -> None:
        pass


class _Zip:
    def __init__(self, path: Path) -> None:
        try:
            self._archive = zipfile.ZipFile(path)
        except zipfile.BadZipFile:
            raise ExtractError(f"{path.name} is no ZIP file, or it was cut off") from None
        self._members = {
            Path(info.filename).name: info for info in self._archive.infolist() if not info.is_dir()
        }

    def names(self) -> dict[str, int]:
        return {name: info.file_size for name, info in self._members.items()}

    def open(self, name: str) -> IO[bytes]:
        return self._archive.open(self._members[name])

    def close(self) -> None:
        self._archive.close()


@dataclass(frozen=True, slots=True)
class Meta:
    """What an extract says of itself: `snapshot_date` is the day whose state it holds."""

    snapshot_date: date
    extracted_at: datetime
    is_full: bool
    number: int
    version: str


class Extract(AbstractContextManager["Extract"]):
    """An opened extract; close it, or use it as a context manager."""

    def __init__(self, place: _Place) -> None:
        self._place = place
        self._sizes = place.names()
        self.meta = self._read_meta()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the ZIP file or folder at `path`; raises ExtractError when it is none."""
        if not path.exists():
            raise ExtractError(f"There is no {path.name} here: give the ZIP file of an extract")
        return cls(_Folder(path) if path.is_dir() else _Zip(path))

    def __exit__(self, *error: object) -> None:
        self._place.close()

    def size_bytes(self, name: str) -> int:
        """Return the size of a file, 0 when the extract has none of that name."""
        return self._sizes.get(name, 0)

    def has(self, name: str) -> bool:
        """Tell whether the extract has the file."""
        return name in self._sizes

    def open_rows(self, name: str, file: File, *, keys_only: bool = False) -> IO[bytes]:
        """Open a file behind its header line; raises ExtractError when columns are not as known."""
        stream = self._place.open(name)
        wanted = [file.key.heading] if keys_only else [each.heading for each in file.columns]
        headings = next(csv.reader([stream.readline().decode("utf-8-sig", "replace")]), [])
        if headings != wanted:
            stream.close()
            raise ExtractError(
                f"{name} has the columns {', '.join(headings)[:300]}; expected were "
                f"{', '.join(wanted)}"
            )
        return stream

    def require(self, names: Iterator[str]) -> None:
        """Raise ExtractError unless all files are there."""
        missing = [name for name in names if name not in self._sizes]
        if missing:
            raise ExtractError(f"the extract lacks {', '.join(missing)}")

    def _read_meta(self) -> Meta:
        if "meta.csv" not in self._sizes:
            raise ExtractError("meta.csv is missing: this is no extract of the KBO")
        with self._place.open("meta.csv") as stream:
            text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
            values = {row[0]: row[1] for row in csv.reader(text) if len(row) == 2}
        missing = [name for name in _META if name not in values]
        if missing:
            raise ExtractError(f"meta.csv does not say {', '.join(missing)}")
        return _meta(values)


def _meta(values: dict[str, str]) -> Meta:
    kind = values["ExtractType"].lower()
    if kind not in ("full", "update"):
        raise ExtractError(f"meta.csv names an unknown ExtractType: {kind[:40]!r}")
    try:
        return Meta(
            snapshot_date=_time(values["SnapshotDate"], "%d-%m-%Y").date(),
            extracted_at=_time(values["ExtractTimestamp"], "%d-%m-%Y %H:%M:%S"),
            is_full=kind == "full",
            number=int(values["ExtractNumber"]),
            version=values["Version"],
        )
    except ValueError as error:
        raise ExtractError(f"meta.csv holds a value that makes no sense: {error}") from None


def _time(text: str, form: str) -> datetime:
    return datetime.strptime(text, form).replace(tzinfo=_BRUSSELS)
