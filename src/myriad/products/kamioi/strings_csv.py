"""A list of strings in, what each stands for out; as a stream, whatever its length."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from myriad.kit.clock import utc_now
from myriad.products.kamioi.errors import StringsFileError
from myriad.products.kamioi.explaining import explain_match
from myriad.products.kamioi.facts.loading import World
from myriad.products.kamioi.mapping.matching import Match
from myriad.products.kamioi.mapping.normalising import clean

COLUMNS = ("raw", "brand", "company", "ticker", "confidence", "method", "why")
_KEPT = 200_000
# A cell that a spreadsheet would run as a formula is told apart from text by a leading quote.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(slots=True)
class MappedFile:
    """What became of a list; `refused` rows had no string or no usable date."""

    rows: int = 0
    mapped: int = 0
    refused: int = 0
    distinct: int = 0


def map_csv(world: World, source: Path, target: Path, country: str | None = None) -> MappedFile:
    """Write what each row of `source` stands for to `target`.

    Raises StringsFileError when the file cannot be read, has no column `raw`, or is the target.
    """
    if target.exists() and source.exists() and target.samefile(source):
        raise StringsFileError("--out names the list itself; choose another file")
    try:
        file = source.open(encoding="utf-8-sig", errors="replace", newline="")
    except OSError as error:
        raise StringsFileError(f"{source}: {error.strerror}; give the path of a CSV file") from None
    done = MappedFile()
    with file:
        reader = csv.DictReader(line.replace("\0", " ") for line in file)
        if "raw" not in (reader.fieldnames or ()):
            raise StringsFileError(f"{source.name} has no column raw; its header line must name it")
        part = target.with_name(f".{target.name}.part")
        try:
            with part.open("w", encoding="utf-8", newline="") as out:
                writer = csv.writer(out)
                writer.writerow(COLUMNS)
                writer.writerows(_mapped(world, reader, country, done))
            part.replace(target)
        except OSError as error:
            raise StringsFileError(f"--out {target}: {error.strerror}") from None
        finally:
            part.unlink(missing_ok=True)
    return done


def _mapped(
    world: World, rows: Iterable[dict[str, str]], country: str | None, done: MappedFile
) -> Iterator[tuple[str, ...]]:
    seen: set[str] = set()

    @lru_cache(maxsize=_KEPT)
    def match(raw: str, category: str, mcc: str, where: str) -> Match:
        return world.matcher.match(
            raw, category=category or None, mcc=mcc or None, country=where or None
        )

    today = utc_now().date()
    for row in rows:
        done.rows += 1
        raw, day = clean(row["raw"] or ""), _day(row.get("date"), today)
        if not raw or day is None:
            done.refused += 1
            why = "no string" if not raw else "the date is not YYYY-MM-DD"
            yield (_safe(raw), "", "", "", "", "refused", why)
            continue
        where = (row.get("country") or country or "").lower()
        found = match(raw, row.get("category") or "", row.get("mcc") or "", where)
        told = explain_match(world, raw, found, day)
        done.mapped += bool(told.brand)
        if len(seen) < _KEPT:
            seen.add(raw)
            done.distinct = len(seen)
        yield (
            _safe(raw),
            told.brand,
            told.company,
            told.ticker,
            f"{told.confidence:.2f}",
            told.method,
            _safe(told.why),
        )


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _day(text: str | None, today: date) -> date | None:
    if not text:
        return today
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None
