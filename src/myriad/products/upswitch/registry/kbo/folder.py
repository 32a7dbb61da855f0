"""The folder into which an account holder puts extracts, and which of them is next.

The KBO gives its files to registered persons, who agree to its licence; so somebody (or their own
program, by SFTP) fetches them, and Myriad takes what lies there: updates strictly one after the
other, a full extract where nothing is loaded yet or numbers are missing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from myriad.kit.errors import NotFoundError
from myriad.products.upswitch.registry.kbo.errors import ExtractError
from myriad.products.upswitch.registry.kbo.extract import Extract

FileState = Literal["waiting", "loaded", "passed", "unusable"]


class NoFolderError(NotFoundError):
    """The folder of extracts is not there."""

    code = "no_kbo_folder"
    title = "No folder of extracts"


@dataclass(frozen=True, slots=True)
class Found:
    """A file of the folder; one with a `fault` is no extract, or not whole yet."""

    path: Path
    size_bytes: int
    number: int = 0
    is_full: bool = False
    snapshot_date: date | None = None
    fault: str = ""


def scan(folder: Path) -> list[Found]:
    """Return the ZIP files of a folder by name; raises NoFolderError.

    Names that begin with a dot are left out: programs that copy give them to what is not whole.
    """
    if not folder.is_dir():
        raise NoFolderError(
            f"{folder.name} is no folder here: make it, or set MYRIAD_UPSWITCH__KBO_FOLDER"
        )
    paths = sorted(path for path in folder.glob("*.zip") if not path.name.startswith("."))
    return [_look(path) for path in paths]


def _look(path: Path) -> Found:
    size = 0
    try:
        size = path.stat().st_size
        with Extract.open(path) as extract:
            meta = extract.meta
    except (ExtractError, OSError) as error:
        fault = error.detail if isinstance(error, ExtractError) else "it cannot be read"
        return Found(path, size, fault=fault)
    return Found(path, size, meta.number, meta.is_full, meta.snapshot_date)


def find_next(found: Sequence[Found], last: int | None) -> Found | None:
    """Return what is to be loaded after extract `last` (None: nothing is loaded), or None.

    The very next update; else the newest full extract that is newer, which may skip numbers.
    """
    usable = [each for each in found if not each.fault and (last is None or each.number > last)]
    if last is not None:
        for each in usable:
            if each.number == last + 1 and not each.is_full:
                return each
    fulls = [each for each in usable if each.is_full]
    return max(fulls, key=lambda each: each.number, default=None)


def find_gap(found: Sequence[Found], last: int | None) -> tuple[int, int] | None:
    """Return the first and last number that keep what waits from being loaded, or None."""
    if last is None or find_next(found, last) is not None:
        return None
    waiting = [each.number for each in found if not each.fault and each.number > last]
    return (last + 1, min(waiting) - 1) if waiting else None


def state_of(found: Found, last: int | None, loaded: Collection[tuple[int, bool]]) -> FileState:
    """Return what became of a file; `loaded` are (number, is_full) of the extracts taken."""
    if found.fault:
        return "unusable"
    if (found.number, found.is_full) in loaded:
        return "loaded"
    return "waiting" if last is None or found.number > last else "passed"
